package io.inference.analytics.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate authority that no JVM trusts by itself, and the one certificate that it has signed. Made by openssl. */
public final class PrivateAuthority {

    private static final String PASSWORD = "changeit";

    private final Path directory;

    /** Writes its files to the directory, with the host names in the certificate. */
    public PrivateAuthority(Path directory, String... hosts) throws IOException, InterruptedException {
        this.directory = directory;
        Files.writeString(
                directory.resolve("openssl.cnf"),
                """
                [req]
                distinguished_name = name
                [name]
                [authority]
                basicConstraints = critical, CA:TRUE
                [server]
                subjectAltName = %s
                """
                        .formatted(String.join(
                                ", ", Arrays.stream(hosts).map("DNS:"::concat).toList())));
        certificate("authority", "/CN=Private authority", "authority");
        certificate("server", "/CN=" + hosts[0], "server", "-CA", "authority.pem", "-CAkey", "authority.key");
        openssl(
                "pkcs12",
                "-export",
                "-inkey",
                "server.key",
                "-in",
                "server.pem",
                "-out",
                "server.p12",
                "-passout",
                "pass:" + PASSWORD);
    }

    private void certificate(String name, String subject, String extensions, String... more)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("req", "-x509", "-config", "openssl.cnf", "-days", "2"));
        arguments.addAll(List.of("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"));
        arguments.addAll(List.of("-subj", subject, "-extensions", extensions));
        arguments.addAll(List.of("-keyout", name + ".key", "-out", name + ".pem"));
        arguments.addAll(List.of(more));
        openssl(arguments.toArray(String[]::new));
    }

    private void openssl(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        Path log = directory.resolve("openssl.log");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException(command + ": " + Files.readString(log));
        }
    }

    /** Its own certificate, which a client has to trust. */
    public Path file() {
        return directory.resolve("authority.pem");
    }

    public Path serverCertificate() {
        return directory.resolve("server.pem");
    }

    public Path serverKey() {
        return directory.resolve("server.key");
    }

    /** Ends TLS with the certificate in front of a server. */
    public TlsProxy inFrontOf(TlsProxy.Greeting greeting, String host, int port) {
        return new TlsProxy(directory.resolve("server.p12"), PASSWORD.toCharArray(), greeting, host, port);
    }

    /** For a client that trusts this authority only. */
    public SSLContext trusting() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream in = Files.newInputStream(file())) {
            store.setCertificateEntry(
                    "authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }
}
