package io.inference.analytics.platform;

import java.io.InterruptedIOException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Why another server could not be reached, in words for its operator: the innermost cause that says something, and the way out. */
public final class NetworkCause {

    private NetworkCause() {}

    /** One line without a password: these exceptions hold hosts, names of certificates and words of the JDK. */
    public static String of(Throwable failure) {
        String tls = null;
        Throwable last = failure;
        int links = 0;
        for (Throwable link = failure; link != null && links < 20; link = link.getCause(), links++) {
            last = link;
            if (link instanceof UnknownHostException || link instanceof UnresolvedAddressException) {
                return "unknown host";
            }
            if (link instanceof CertificateExpiredException) {
                return "its certificate has expired";
            }
            if (link instanceof CertPathBuilderException || link instanceof CertPathValidatorException) {
                return "its certificate is not trusted (expected: its authority in TRUSTED_CA_FILE)";
            }
            if (link instanceof CertificateException && said(link) && link.getCause() == null) {
                return "its certificate does not fit: " + LogText.plain(link.getMessage());
            }
            if (link instanceof HttpTimeoutException
                    || link instanceof TimeoutException
                    || link instanceof InterruptedIOException) {
                return "no answer in time";
            }
            if (tls == null && link instanceof SSLException && said(link)) {
                tls =
                        "TLS failed: %s (expected: a port that speaks TLS, and a version and ciphers that both sides know)"
                                .formatted(LogText.plain(link.getMessage()));
            }
        }
        if (tls != null) {
            return tls;
        }
        return said(last) ? LogText.plain(last.getMessage()) : last.getClass().getSimpleName();
    }

    private static boolean said(Throwable link) {
        return link.getMessage() != null && !link.getMessage().isBlank();
    }
}
