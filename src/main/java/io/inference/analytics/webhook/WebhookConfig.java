package io.inference.analytics.webhook;

import io.smallrye.config.ConfigMapping;
import java.util.List;
import java.util.Optional;

/** Where webhooks may point to. */
@ConfigMapping(prefix = "analytics.webhooks")
interface WebhookConfig {

    /** Hosts that may have private addresses and plain http (WEBHOOK_PRIVATE_HOSTS); by default none. */
    Optional<List<String>> privateHosts();
}
