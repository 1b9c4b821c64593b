package io.inference.analytics.objectstore;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** The S3-compatible file store. */
@ConfigMapping(prefix = "analytics.s3")
interface ObjectStoreConfig {

    /**
     * Address of the store (S3_ENDPOINT), such as https://s3.eu-central-1.amazonaws.com; without it
     * exports are off.
     */
    Optional<String> endpoint();

    /**
     * Address under which readers of files reach the store (S3_PUBLIC_ENDPOINT), if it is a
     * different one.
     */
    Optional<String> publicEndpoint();

    /**
     * Access key (S3_ACCESS_KEY); without key and file, the default credential chain of AWS is
     * used.
     */
    Optional<String> accessKey();

    /** File with the access key (S3_ACCESS_KEY_FILE). */
    Optional<String> accessKeyFile();

    /** Secret key (S3_SECRET_KEY). */
    Optional<String> secretKey();

    /** File with the secret key (S3_SECRET_KEY_FILE). */
    Optional<String> secretKeyFile();

    /** Bucket of the exports (S3_BUCKET); it must exist. */
    String bucket();

    /** Region that requests are signed for (S3_REGION). */
    String region();

    /** Whether requests name the bucket in the path and not in the host name (S3_PATH_STYLE). */
    boolean pathStyle();

    /**
     * Server-side encryption that is requested (S3_SERVER_SIDE_ENCRYPTION): AES256, aws:kms or
     * none.
     */
    String serverSideEncryption();

    /** Key for aws:kms (S3_KMS_KEY_ID); without it, the key of the bucket. */
    Optional<String> kmsKeyId();
}
