package io.inference.analytics.cli;

import io.inference.analytics.cli.ServiceCommand.Need;
import io.inference.analytics.settings.Setting;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Settings that turn the service into a command: no port, no consumer, no job and no migration. It logs
 * warnings and errors to standard error.
 */
final class CommandSettings {

    private CommandSettings() {}

    /** System properties, which take precedence over the environment and files; set before Quarkus starts. */
    static Map<String, String> of(Set<Need> needs) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("quarkus.http.host-enabled", "false");
        settings.put("quarkus.management.host-enabled", "false");
        settings.put("quarkus.scheduler.enabled", "false");
        settings.put("analytics.ingestion.enabled", "false");
        settings.put("analytics.rollup.enabled", "false");
        settings.put("analytics.export.enabled", "false");
        settings.put("analytics.providers.enabled", "false");
        settings.put("quarkus.flyway.migrate-at-start", "false");
        settings.put("quarkus.otel.sdk.disabled", "true");
        settings.put("quarkus.banner.enabled", "false");
        // A command has no callers to warn.
        settings.put("quarkus.shutdown.delay", "0S");
        settings.put("quarkus.log.level", "WARN");
        settings.put("quarkus.log.console.stderr", "true");
        settings.put("quarkus.log.console.json.enabled", "false");
        // The command's own line says why the broker refuses; the client only notes that the connection ended.
        settings.put("quarkus.log.category.\"com.rabbitmq.client\".level", "ERROR");
        // Notes about what is as it should be: a meter of the framework's own, a schema that exists already.
        settings.put("quarkus.log.category.\"io.micrometer\".level", "ERROR");
        settings.put("quarkus.log.category.\"org.flywaydb\".level", "ERROR");
        // The command itself prints the result of an import.
        for (String room : List.of("provider", "bills", "attribution")) {
            settings.put("quarkus.log.category.\"io.inference.analytics." + room + "\".level", "ERROR");
        }
        // Main prints why a start failed, in one line.
        settings.put("quarkus.log.category.\"io.quarkus.runtime.ApplicationLifecycleManager\".level", "OFF");
        settings.put("quarkus.datasource.reads.jdbc.min-size", "0");
        // A request has less than a second to get a connection. A command can wait longer for its first one,
        // also on a busy machine. That of the audit log must come within the 10 s of CommandRun.
        for (String pool : List.of("reads", "long-reads", "audit")) {
            settings.put("quarkus.datasource." + pool + ".jdbc.acquisition-timeout", "8S");
        }
        // One statement of a repair or a migration may take long; TCP keep-alive notices a server that is gone.
        settings.put("quarkus.datasource.jdbc.additional-jdbc-properties.socketTimeout", "3600");
        settings.put("quarkus.datasource.jdbc.additional-jdbc-properties.tcpKeepAlive", "true");
        settings.put("quarkus.datasource.jdbc.new-connection-sql", "set statement_timeout = 3500000");
        if (!needs.contains(Need.DATABASE)) {
            settings.put("DATABASE_URL", "postgres://unused@not-needed.invalid:5432/none");
        }
        if (!needs.contains(Need.BROKER)) {
            settings.put("analytics.rabbitmq.url", "amqp://not-needed.invalid");
        }
        return settings;
    }

    /** Settings that a command does not use: it opens no port and talks only to the servers that it needs. */
    static Set<Setting> unused(Set<Need> needs) {
        Set<Setting> unused = EnumSet.of(
                Setting.HTTP_PORT,
                Setting.MANAGEMENT_PORT,
                Setting.ENABLE_RBAC,
                Setting.JWT_ISSUER,
                Setting.JWT_AUDIENCE,
                Setting.JWT_PUBLIC_KEY,
                Setting.JWT_JWKS_URL);
        if (!needs.contains(Need.DATABASE)) {
            unused.add(Setting.DATABASE_URL);
        }
        if (!needs.contains(Need.BROKER)) {
            unused.add(Setting.RABBITMQ_URL);
        }
        return unused;
    }
}
