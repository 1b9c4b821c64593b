package io.inference.analytics.platform;

/**
 * All advisory locks of the service in the database, so that no two purposes share one. The migrations' own hash names of the form
 * {@code analytics.…}, too. A key is never changed: replicas of two versions run at once.
 */
public enum AdvisoryLock {
    /** Batches share it; a repair, a repricing or a batch of an earlier version has it alone. */
    INGEST_LANE("analytics.ingest_lane()"),
    /** One batch at a time looks for duplicates of the slot's organisations and stores; a column named slot. */
    INGEST_SLOT("hashtextextended('analytics.ingest_slot ' || slot, 0)"),
    /** One replica at a time refreshes the rollups. */
    ROLLUP(Long.toString(0x616e_616c_0002L)),
    /** One replica at a time indexes days that are over; the key of the database's function index_past_events. */
    PAST_EVENTS("hashtext('analytics.index_past_events')"),
    /** One replica at a time judges how fresh the answers are. */
    FRESHNESS(Long.toString(0x616e_616c_0003L)),
    /** One replica at a time declares and binds what the transports read. */
    TRANSPORTS(Long.toString(0x616e_616c_0004L)),
    /** Versions of a price follow each other. */
    PRICE_BOOK("hashtext('analytics.model_prices')"),
    /** Days are derived by the mappings of before a change, or of after it. */
    PROVIDER_MAPPINGS("hashtextextended('analytics.provider_mappings', 0)"),
    /** One run at a time imports a day; named parameters. */
    PROVIDER_DAY(
            "hashtextextended('analytics.providers|' || :provider || '|' || :dataset || '|' || :org || '|' || :date, 0)"),
    /** Billing periods of invoices do not overlap, so they are entered one by one. */
    CURSOR_INVOICES("hashtextextended('analytics.cursor_invoices', 0)"),
    /** One replica at a time looks for unusual cost. */
    SPEND_ANOMALIES("hashtextextended('analytics.spend_anomalies', 0)"),
    /** Export jobs of an organisation are counted and added one by one; a named parameter. */
    EXPORTS_OF_ORG("hashtextextended('analytics.export ' || :org, 0)");

    private final String key;

    AdvisoryLock(String key) {
        this.key = key;
    }

    /** The key as an SQL expression, of type bigint or integer. */
    public String key() {
        return key;
    }
}
