package io.inference.analytics.settings;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * The certificate authorities of TRUSTED_CA_FILE, in addition to those that this JVM trusts: one trust
 * store that every client of the process reads, whatever library it is.
 */
final class TrustedAuthorities {

    static final String FORM = "the path of a PEM file with certificates of authorities";

    private static final String TYPE = "PKCS12";
    private static final int FILE_BYTES_MAX = 1 << 20;

    /** The store holds public certificates only; its format wants a password nevertheless. */
    private static final String PASSWORD = "public";

    private TrustedAuthorities() {}

    /**
     * The certificates of the file.
     *
     * @throws IOException when it cannot be read
     * @throws CertificateException when it holds anything else, or nothing
     */
    static Collection<? extends Certificate> read(String path) throws IOException, CertificateException {
        Path file;
        try {
            file = Path.of(path);
        } catch (InvalidPathException e) {
            throw new IOException("not a path", e);
        }
        if (!Files.isRegularFile(file) || Files.size(file) > FILE_BYTES_MAX) {
            throw new IOException("no file for certificates");
        }
        Collection<? extends Certificate> found = CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
        if (found.isEmpty()) {
            throw new CertificateException("no certificate");
        }
        return found;
    }

    static boolean isWellFormed(String path) {
        try {
            read(path);
            return true;
        } catch (IOException | CertificateException e) {
            return false;
        }
    }

    /** Makes the whole process trust them, before its first connection. The store is deleted when the process ends. */
    static void trust(String path) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(TYPE);
        store.load(null, null);
        List<Certificate> all = new ArrayList<>(trustedAlready());
        all.addAll(read(path));
        for (Certificate authority : all) {
            store.setCertificateEntry("authority-" + store.size(), authority);
        }
        Path file = Files.createTempFile("analytics-trusted-", ".p12");
        file.toFile().deleteOnExit();
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, PASSWORD.toCharArray());
        }
        System.setProperty("javax.net.ssl.trustStore", file.toString());
        System.setProperty("javax.net.ssl.trustStoreType", TYPE);
        System.setProperty("javax.net.ssl.trustStorePassword", PASSWORD);
    }

    private static List<X509Certificate> trustedAlready() throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager trusting) {
                return List.of(trusting.getAcceptedIssuers());
            }
        }
        return List.of();
    }
}
