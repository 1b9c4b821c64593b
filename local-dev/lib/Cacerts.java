import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;

/** Makes the trust store of a JVM from the certificates of a PEM file. The same certificates give the same file. */
final class Cacerts {

    public static void main(String[] pemAndStore) throws Exception {
        System.setProperty("keystore.pkcs12.macAlgorithm", "NONE");
        System.setProperty("keystore.pkcs12.certProtectionAlgorithm", "NONE");
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream pem = new FileInputStream(pemAndStore[0]);
                OutputStream out = new FileOutputStream(pemAndStore[1])) {
            int number = 0;
            for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("authority-" + number++, one);
            }
            store.store(out, null);
        }
    }
}
