package io.inference.analytics.budget;

import io.inference.analytics.web.JsonBody;
import io.inference.analytics.web.ParameterValues;
import io.inference.analytics.web.QueryParameters;
import io.inference.analytics.webhook.WebhookAddresses;
import java.math.BigDecimal;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/** Reads the body that defines a budget: strictly, and reporting all faults at once. */
final class BudgetRequest {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

    /** As wide as the column. */
    private static final int AMOUNT_DIGITS_MAX = 12;

    private static final int AMOUNT_DECIMALS_MAX = 8;
    private static final int THRESHOLDS_MAX = 10;
    private static final int PERCENT_MAX = 1_000;
    private static final List<Integer> THRESHOLDS = List.of(50, 80, 100);
    private static final int WEBHOOKS_MAX = 10;

    private final WebhookAddresses addresses;
    private final JsonBody body;

    private BudgetRequest(WebhookAddresses addresses, JsonBody body) {
        this.addresses = addresses;
        this.body = body;
    }

    /** Whether a budget can have this name. */
    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /**
     * Reads and checks a body. What a budget is read with (name, state) may stand in it, so that a caller can change one field of
     * what it has read.
     *
     * @throws io.inference.analytics.platform.Failure.Invalid with every fault
     */
    static Budget.Definition parse(String name, byte[] bytes, WebhookAddresses addresses) {
        JsonBody body = JsonBody.parse(bytes, "{\"amount\": …, \"period\": …}");
        return new BudgetRequest(addresses, body).read(name);
    }

    private Budget.Definition read(String name) {
        if (!isName(name)) {
            body.fault("name", "not a name (expected: 1 to 100 letters, digits, dots, dashes and underscores)");
        }
        body.optional("name", text -> text)
                .filter(given -> !given.equals(name))
                .ifPresent(given -> body.fault("name", "not the name in the path (expected: " + name + ")"));
        body.ignore("state");
        Optional<BigDecimal> amount = amount();
        body.optional("currency", QueryParameters.oneOf(new String[] {"USD"}, word -> word));
        Optional<BudgetPeriod> period = body.required(
                "period", "day, week or month", QueryParameters.oneOf(BudgetPeriod.values(), BudgetPeriod::wireName));
        ZoneId zone = body.optional("timeZone", ParameterValues::zone).orElse(ZoneOffset.UTC);
        Budget.Scope scope = scope();
        List<Integer> thresholds = thresholds();
        List<String> webhooks = webhooks();
        body.finish();
        return new Budget.Definition(amount.orElseThrow(), period.orElseThrow(), zone, scope, thresholds, webhooks);
    }

    private Optional<BigDecimal> amount() {
        Optional<BigDecimal> amount = body.decimal("amount", AMOUNT_DIGITS_MAX, AMOUNT_DECIMALS_MAX);
        if (!body.has("amount")) {
            body.fault("amount", "missing (expected: US dollars, more than 0)");
        }
        amount.filter(value -> value.signum() <= 0)
                .ifPresent(value -> body.fault("amount", value.toPlainString() + " (expected: more than 0)"));
        return amount;
    }

    private Budget.Scope scope() {
        Optional<JsonBody> scope = body.object("scope");
        Optional<UUID> model = scope.flatMap(given -> given.optional("modelId", ParameterValues::uuid));
        Optional<String> client = scope.flatMap(given -> given.optional("clientId", BudgetRequest::clientId));
        Optional<UUID> user = scope.flatMap(given -> given.optional("userId", ParameterValues::uuid));
        scope.filter(given -> given.has("userErased")).ifPresent(BudgetRequest::refuseErased);
        return new Budget.Scope(model, client, user);
    }

    /** Without its user, what was read of such a budget would be one of all users. */
    private static void refuseErased(JsonBody scope) {
        scope.ignore("userErased");
        scope.fault("userErased", "the user of this budget was erased (expected: another scope, without userErased)");
    }

    private static String clientId(String text) throws QueryParameters.Fault {
        if (text.isEmpty()) {
            throw new QueryParameters.Fault("empty (expected: the id of a client)");
        }
        return ParameterValues.clientId(text);
    }

    private List<Integer> thresholds() {
        List<Integer> thresholds = body.integers("thresholds").orElse(THRESHOLDS);
        boolean ascending = true;
        for (int i = 1; i < thresholds.size(); i++) {
            ascending &= thresholds.get(i - 1) < thresholds.get(i);
        }
        if (thresholds.isEmpty()
                || thresholds.size() > THRESHOLDS_MAX
                || !ascending
                || thresholds.stream().anyMatch(percent -> percent < 1 || percent > PERCENT_MAX)) {
            body.fault(
                    "thresholds",
                    "%s (expected: 1 to %d whole percents from 1 to %d, each greater than the one before)"
                            .formatted(
                                    thresholds.stream().limit(THRESHOLDS_MAX).toList(), THRESHOLDS_MAX, PERCENT_MAX));
        }
        return thresholds;
    }

    private List<String> webhooks() {
        List<JsonBody> given = body.objects("webhooks");
        if (given.size() > WEBHOOKS_MAX) {
            body.fault("webhooks", "%d given (expected: at most %d)".formatted(given.size(), WEBHOOKS_MAX));
            return List.of();
        }
        List<String> urls = new ArrayList<>();
        for (JsonBody webhook : given) {
            webhook.ignore("problem");
            webhook.required("url", "https://host/path", text -> text).ifPresent(url -> {
                if (urls.contains(url)) {
                    webhook.fault("url", "given twice (expected: each address once)");
                } else {
                    check(webhook, url);
                    urls.add(url);
                }
            });
        }
        return urls;
    }

    private void check(JsonBody webhook, String url) {
        try {
            addresses.check(url);
        } catch (WebhookAddresses.Refused e) {
            webhook.fault("url", e.getMessage());
        }
    }
}
