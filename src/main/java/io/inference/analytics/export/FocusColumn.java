package io.inference.analytics.export;

import io.inference.analytics.platform.WireNamed;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The columns of a file of charges, in the order of the file. */
enum FocusColumn {
    BILLED_COST("BilledCost", Type.DECIMAL, "US dollars, exact: what the provider billed; below zero for a credit"),
    BILLING_ACCOUNT_ID("BillingAccountId", Type.STRING, "The provider's id of the account that was billed"),
    BILLING_ACCOUNT_NAME("BillingAccountName", Type.STRING, "As BillingAccountId: the provider reports no name"),
    BILLING_CURRENCY("BillingCurrency", Type.STRING, "USD"),
    BILLING_PERIOD_END("BillingPeriodEnd", Type.TIME, "First instant after the UTC month of the charge"),
    BILLING_PERIOD_START("BillingPeriodStart", Type.TIME, "First instant of the UTC month of the charge"),
    CHARGE_CATEGORY(
            "ChargeCategory",
            Type.STRING,
            "Usage; Credit, or Adjustment where the bill calls it one, for an amount below zero"),
    CHARGE_CLASS("ChargeClass", Type.STRING, "Empty: corrections replace the file, no row corrects another"),
    CHARGE_DESCRIPTION("ChargeDescription", Type.STRING, "The provider's description of the charge"),
    CHARGE_FREQUENCY("ChargeFrequency", Type.STRING, "Usage-Based"),
    CHARGE_PERIOD_END(
            "ChargePeriodEnd", Type.TIME, "First instant after the UTC day, or after the days of a monthly charge"),
    CHARGE_PERIOD_START("ChargePeriodStart", Type.TIME, "First instant of the charge's first UTC day"),
    CONSUMED_QUANTITY(
            "ConsumedQuantity",
            Type.DECIMAL,
            "What the bill states or the provider's usage report counts, in ConsumedUnit"),
    CONSUMED_UNIT(
            "ConsumedUnit",
            Type.STRING,
            "Tokens, Requests, the bill's own unit, or Charges where nothing counts the thing"),
    CONTRACTED_COST("ContractedCost", Type.DECIMAL, "As BilledCost: the bill has contracted prices"),
    EFFECTIVE_COST("EffectiveCost", Type.DECIMAL, "As BilledCost: nothing is prepaid"),
    HOST_PROVIDER_NAME("HostProviderName", Type.STRING, "The provider", FocusVersion.V1_4),
    INVOICE_DETAIL_ID("InvoiceDetailId", Type.STRING, "Empty: the provider's API names no invoice", FocusVersion.V1_4),
    INVOICE_ID("InvoiceId", Type.STRING, "Empty: the provider's API names no invoice"),
    INVOICE_ISSUER_NAME("InvoiceIssuerName", Type.STRING, "The provider, which bills the account"),
    LIST_COST("ListCost", Type.DECIMAL, "ListUnitPrice times PricingQuantity"),
    LIST_UNIT_PRICE(
            "ListUnitPrice",
            Type.DECIMAL,
            "US dollars for one PricingUnit, as billed; rounded to 18 decimals where it has no end"),
    PRICING_CATEGORY("PricingCategory", Type.STRING, "Standard"),
    PRICING_QUANTITY("PricingQuantity", Type.DECIMAL, "ConsumedQuantity in PricingUnit"),
    PRICING_UNIT("PricingUnit", Type.STRING, "1000000 Tokens, 1000 Requests, the bill's own unit, or Charges"),
    PROVIDER_NAME("ProviderName", Type.STRING, "The provider", FocusVersion.V1_2),
    PUBLISHER_NAME("PublisherName", Type.STRING, "The provider", FocusVersion.V1_2),
    SERVICE_CATEGORY("ServiceCategory", Type.STRING, "AI and Machine Learning"),
    SERVICE_NAME("ServiceName", Type.STRING, "Claude API, or OpenAI API"),
    SERVICE_PROVIDER_NAME("ServiceProviderName", Type.STRING, "The provider", FocusVersion.V1_4),
    SERVICE_SUBCATEGORY("ServiceSubcategory", Type.STRING, "Generative AI"),
    SKU_ID("SkuId", Type.STRING, "Provider, model and kind of token or charge"),
    SKU_METER("SkuMeter", Type.STRING, "What is counted"),
    SKU_PRICE_DETAILS("SkuPriceDetails", Type.STRING, "Service tier and context window, as a JSON object"),
    SKU_PRICE_ID("SkuPriceId", Type.STRING, "SkuId with service tier and context window"),
    SUB_ACCOUNT_ID(
            "SubAccountId",
            Type.STRING,
            "The workspace or project; empty for the default workspace and charges without a project"),
    SUB_ACCOUNT_NAME("SubAccountName", Type.STRING, "Name of the workspace or project; its id where it has none"),
    X_ORG_ID("x_OrgId", Type.STRING, "Id of the organisation that the charge belongs to"),
    X_ORG_NAME("x_OrgName", Type.STRING, "Name of the organisation; the id where it has none"),
    X_PROVIDER_MODEL(
            "x_ProviderModel", Type.STRING, "The provider's name of the model; empty for charges without a model"),
    X_MODEL_ID(
            "x_ModelId",
            Type.STRING,
            "Id of the model of this service; empty where none or several have the provider's name"),
    X_COST_TYPE("x_CostType", Type.STRING, "The provider's type of cost"),
    X_SERVICE_TIER("x_ServiceTier", Type.STRING, "Service tier, such as batch"),
    X_CONTEXT_WINDOW("x_ContextWindow", Type.STRING, "Context window, such as 0-200k or long context"),
    X_QUANTITY_BASIS(
            "x_QuantityBasis",
            Type.STRING,
            "Bill: stated by the bill; UsageReport: counted by the provider; Charges: the number of daily charges"),
    X_BILL_STATUS(
            "x_BillStatus", Type.STRING, "Final, or Provisional: the bill of a day of the charge can still change");

    /** The data types of FOCUS. */
    enum Type implements WireNamed {
        DECIMAL("Decimal"),
        STRING("String"),
        TIME("Date/Time");

        private final String wireName;

        Type(String wireName) {
            this.wireName = wireName;
        }

        @Override
        public String wireName() {
            return wireName;
        }
    }

    private final String id;
    private final Type type;
    private final String definition;
    private final Set<FocusVersion> versions;

    FocusColumn(String id, Type type, String definition, FocusVersion... only) {
        this.id = id;
        this.type = type;
        this.definition = definition;
        this.versions = only.length == 0 ? EnumSet.allOf(FocusVersion.class) : Set.of(only);
    }

    static List<FocusColumn> of(FocusVersion version) {
        return Arrays.stream(values())
                .filter(column -> column.versions.contains(version))
                .toList();
    }

    /** The name in the header. */
    String id() {
        return id;
    }

    Type type() {
        return type;
    }

    /** Its meaning, with the unit. */
    String definition() {
        return definition;
    }
}
