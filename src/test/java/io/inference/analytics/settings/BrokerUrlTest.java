package io.inference.analytics.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.Address;
import com.rabbitmq.client.ConnectionFactory;
import io.inference.analytics.ingest.BrokerSettings;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BrokerUrlTest {

    @ParameterizedTest
    @CsvSource({
        "amqp://u:p@mq, /",
        "amqp://u:p@mq/, /",
        "amqp://u:p@mq:5672/, /",
        "amqp://u:p@mq/%2F, /",
        "amqp://u:p@mq/%2f?heartbeat=30, /",
        "amqp://u:p@mq/?heartbeat=30, /",
        "amqp://u:p@mq/prod, prod",
        "amqp://u:p@mq/prod%2Fusage, prod/usage",
        "amqp://u:p@mq/a+b%25, a+b%"
    })
    void noVirtualHostAndABareSlashMeanTheOneNamedSlash(String url, String virtualHost) {
        assertThat(BrokerUrl.parse(url).virtualHost()).isEqualTo(virtualHost);
        BrokerSettings broker = () -> url;
        assertThat(broker.connectionFactory().getVirtualHost()).isEqualTo(virtualHost);
    }

    @ParameterizedTest
    @CsvSource({
        "amqp://mq, guest, guest",
        "amqp://u@mq, u, guest",
        "amqp://u:p@mq, u, p",
        "amqp://svc%3Aanalytics:p%2Fw%401+2%25@mq/prod, svc:analytics, p/w@1+2%",
        "amqp://u:p:q@mq, u, p:q",
        "amqp://sv%C3%A7:%E2%82%AC@mq, svç, €"
    })
    void userAndPasswordAreDecodedAfterTheyAreSplit(String url, String username, String password) {
        BrokerUrl broker = BrokerUrl.parse(url);
        assertThat(broker).extracting(BrokerUrl::username, BrokerUrl::password).containsExactly(username, password);
    }

    @ParameterizedTest
    @CsvSource({
        "amqp://u:p@mq, false, mq, 5672",
        "amqps://u:p@mq, true, mq, 5671",
        "AMQPS://u:p@mq:77/, true, mq, 77",
        "amqp://u:p@[::1]:77, false, [::1], 77",
        "amqp://u:p@[::1], false, [::1], 5672",
        "amqp://u:p@message_broker:77/prod, false, message_broker, 77",
        "amqp://u:p@10.0.0.7, false, 10.0.0.7, 5672"
    })
    void thePortFollowsTheScheme(String url, boolean tls, String host, int port) {
        assertThat(BrokerUrl.parse(url))
                .extracting(BrokerUrl::tls, BrokerUrl::hosts)
                .containsExactly(tls, List.of(new BrokerUrl.Host(host, port)));
        BrokerSettings broker = () -> url;
        ConnectionFactory factory = broker.connectionFactory();
        assertThat(factory.isSSL()).isEqualTo(tls);
        assertThat(factory.getPort()).isEqualTo(port);
    }

    @Test
    void blanksAndNewlinesAroundItAreNoPartOfIt() {
        assertThat(BrokerUrl.parse(" amqp://u:p@mq/%2F\n")).isEqualTo(BrokerUrl.parse("amqp://u:p@mq/%2F"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "S3cr3t",
                "http://u:S3cr3t@mq",
                "amqp://u:S3cr3t@",
                "amqp:u:S3cr3t@mq",
                "amqp://u:S3cr3t%@mq",
                "amqp://u:S3cr3t@mq//",
                "amqp://u:S3cr3t@mq/a/b"
            })
    void anErrorNamesTheSettingAndNotTheValue(String url) {
        assertThatThrownBy(() -> BrokerUrl.parse(url))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .startsWith("RABBITMQ_URL is malformed")
                .endsWith("(expected: amqp://user:password@host:port/vhost, or amqps for TLS)")
                .doesNotContain("S3cr3t");
    }

    @Test
    void severalHostsAreTheNodesOfOneBroker() {
        String url = "amqps://u:p@mq1:77,mq2,[::1]:78/prod";
        assertThat(BrokerUrl.parse(url)).hasToString("mq1:77,mq2:5671,[::1]:78");
        BrokerSettings broker = () -> url;
        assertThat(broker.addresses())
                .containsExactly(new Address("mq1", 77), new Address("mq2", 5671), new Address("[::1]", 78));
    }

    @Test
    void itsTextHoldsNoPassword() {
        assertThat(BrokerUrl.parse("amqp://u:S3cr3t@mq/prod")).hasToString("mq:5672");
    }
}
