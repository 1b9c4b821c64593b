package io.inference.analytics.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class NetworkCauseTest {

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(new UnknownHostException("db"), "unknown host"),
                Arguments.of(caused(new ConnectException(), new UnresolvedAddressException()), "unknown host"),
                Arguments.of(
                        new IOException("outer", new ConnectException("Connection refused")), "Connection refused"),
                Arguments.of(
                        new IOException("outer", new SocketTimeoutException("Read timed out")), "no answer in time"),
                Arguments.of(
                        caused(
                                new SSLHandshakeException("PKIX path building failed"),
                                new CertificateException("PKIX", new CertPathBuilderException("unable to find"))),
                        "its certificate is not trusted (expected: its authority in TRUSTED_CA_FILE)"),
                Arguments.of(
                        caused(
                                new SSLHandshakeException("No name matching db found"),
                                new CertificateException("No name matching db found")),
                        "its certificate does not fit: No name matching db found"),
                Arguments.of(
                        new IOException(new SSLException("Unsupported or unrecognized SSL message")),
                        "TLS failed: Unsupported or unrecognized SSL message (expected: a port that speaks TLS, and a"
                                + " version and ciphers that both sides know)"),
                Arguments.of(new IOException(), "IOException"));
    }

    private static Exception caused(Exception outer, Exception cause) {
        outer.initCause(cause);
        return outer;
    }

    @ParameterizedTest
    @MethodSource("failures")
    void theInnermostCauseThatSaysSomethingIsTold(Throwable failure, String told) {
        assertThat(NetworkCause.of(failure)).isEqualTo(told);
    }
}
