package io.inference.analytics.objectstore;

import io.inference.analytics.platform.Secret;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.ProxyConfiguration;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.MetadataDirective;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.NoSuchUploadException;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/**
 * The file store: the only class that knows S3. Any S3-compatible store will do: it needs only
 * multipart uploads, copies within a bucket, user metadata and Signature Version 4.
 *
 * <p>Every call ends within {@link #CALL_MAX}. Every failure is a {@link StoreTrouble} with a
 * reason in plain words.
 */
@ApplicationScoped
public class ObjectStore {

    private static final Duration CONNECT_MAX = Duration.ofSeconds(3);
    private static final Duration SILENCE_MAX = Duration.ofSeconds(20);
    private static final Duration CALL_MAX = Duration.ofSeconds(90);

    /** The limit of S3. */
    private static final int PARTS_MAX = 10_000;

    private static final String MALFORMED = " is malformed (expected: http://host:port or https://host)";
    private static final String CSV = "text/csv; charset=utf-8";

    private final ObjectStoreConfig config;
    private S3Client client;
    private S3Presigner presigner;

    ObjectStore(ObjectStoreConfig config) {
        this.config = config;
    }

    /** Whether a file store is configured. */
    public boolean configured() {
        return config.endpoint().isPresent();
    }

    public String defaultBucket() {
        return config.bucket();
    }

    /**
     * Refuses settings that cannot work.
     *
     * @throws IllegalArgumentException naming the setting, without its value where that is a secret
     */
    public void checkSettings() {
        if (!configured()) {
            return;
        }
        address("S3_ENDPOINT", config.endpoint().orElseThrow());
        config.publicEndpoint().ifPresent(address -> address("S3_PUBLIC_ENDPOINT", address));
        if (!List.of("AES256", "aws:kms", "none").contains(config.serverSideEncryption())) {
            throw new IllegalArgumentException("S3_SERVER_SIDE_ENCRYPTION: %s (expected: AES256, aws:kms or none)"
                    .formatted(config.serverSideEncryption()));
        }
        credentials();
    }

    private static URI address(String name, String text) {
        URI address;
        try {
            address = new URI(text.strip());
        } catch (URISyntaxException e) {
            // Without the cause: its text might hold a secret.
            throw new IllegalArgumentException(name + MALFORMED);
        }
        if (address.getHost() == null || !List.of("http", "https").contains(address.getScheme())) {
            throw new IllegalArgumentException(name + MALFORMED);
        }
        if (!List.of("", "/").contains(address.getPath())) {
            throw new IllegalArgumentException(name
                    + " has a path (expected: http://host:port or https://host; signatures cover the path,"
                    + " so it cannot have a prefix)");
        }
        return address;
    }

    private AwsCredentialsProvider credentials() {
        Optional<String> access = Secret.of("S3_ACCESS_KEY", config.accessKey(), config.accessKeyFile());
        Optional<String> secret = Secret.of("S3_SECRET_KEY", config.secretKey(), config.secretKeyFile());
        if (access.isPresent() != secret.isPresent()) {
            throw new IllegalArgumentException((access.isPresent() ? "S3_SECRET_KEY" : "S3_ACCESS_KEY")
                    + " is not set (expected: both keys, or none for the usual places of AWS)");
        }
        return access.<AwsCredentialsProvider>map(
                        key -> StaticCredentialsProvider.create(AwsBasicCredentials.create(key, secret.orElseThrow())))
                .orElseGet(() -> DefaultCredentialsProvider.builder().build());
    }

    private synchronized S3Client client() {
        if (client == null) {
            client = S3Client.builder()
                    .endpointOverride(address("S3_ENDPOINT", config.endpoint().orElseThrow()))
                    .region(Region.of(config.region()))
                    .credentialsProvider(credentials())
                    .serviceConfiguration(style())
                    // Many stores do not know newer kinds of checksums; the signature covers the
                    // content anyway.
                    .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                    .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                    .httpClient(UrlConnectionHttpClient.builder()
                            .connectionTimeout(CONNECT_MAX)
                            .socketTimeout(SILENCE_MAX)
                            // HTTPS_PROXY and NO_PROXY count for the whole process, by one rule.
                            .proxyConfiguration(ProxyConfiguration.builder()
                                    .useEnvironmentVariablesValues(false)
                                    .useSystemPropertyValues(false)
                                    .build())
                            .build())
                    .overrideConfiguration(override -> override.apiCallTimeout(CALL_MAX))
                    .build();
        }
        return client;
    }

    private S3Configuration style() {
        return S3Configuration.builder()
                .pathStyleAccessEnabled(config.pathStyle())
                .chunkedEncodingEnabled(false)
                .build();
    }

    private synchronized S3Presigner presigner() {
        if (presigner == null) {
            presigner = S3Presigner.builder()
                    .endpointOverride(address(
                            "S3_PUBLIC_ENDPOINT",
                            config.publicEndpoint().or(config::endpoint).orElseThrow()))
                    .region(Region.of(config.region()))
                    .credentialsProvider(credentials())
                    .serviceConfiguration(style())
                    .build();
        }
        return presigner;
    }

    @PreDestroy
    synchronized void close() {
        if (client != null) {
            client.close();
        }
        if (presigner != null) {
            presigner.close();
        }
    }

    /** Throws unless the bucket exists and the service may use it. */
    public void check(String bucket) throws StoreTrouble {
        call(bucket, () -> client().headBucket(head -> head.bucket(bucket)));
    }

    /**
     * Begins an upload in parts. The object does not appear under its name before
     * {@link #completeUpload}.
     *
     * @param metadata kept with the object, ASCII
     * @return the store's id of the upload
     */
    public String beginUpload(ObjectLocation location, Map<String, String> metadata) throws StoreTrouble {
        return call(location.bucket(), () -> client().createMultipartUpload(create -> {
                    create.bucket(location.bucket())
                            .key(location.key())
                            .contentType(CSV)
                            .metadata(metadata);
                    if (encrypts()) {
                        create.serverSideEncryption(config.serverSideEncryption())
                                .ssekmsKeyId(config.kmsKeyId().orElse(null));
                    }
                })
                .uploadId());
    }

    /**
     * Stores a part.
     *
     * @param number from 1, without gaps
     * @return the part's tag
     */
    public String uploadPart(ObjectLocation location, String uploadId, int number, byte[] buffer, int length)
            throws StoreTrouble {
        if (number > PARTS_MAX) {
            throw new StoreTrouble("The file is larger than the file store takes.", null);
        }
        return call(location.bucket(), () -> client().uploadPart(
                        part -> part.bucket(location.bucket())
                                .key(location.key())
                                .uploadId(uploadId)
                                .partNumber(number)
                                .contentLength((long) length),
                        RequestBody.fromContentProvider(() -> new ByteArrayInputStream(buffer, 0, length), length, CSV))
                .eTag());
    }

    /**
     * Joins the parts with these tags, in their order; then the whole file appears under its name.
     */
    public void completeUpload(ObjectLocation location, String uploadId, List<String> tags) throws StoreTrouble {
        List<CompletedPart> parts = new ArrayList<>();
        for (String tag : tags) {
            parts.add(CompletedPart.builder()
                    .partNumber(parts.size() + 1)
                    .eTag(tag)
                    .build());
        }
        call(location.bucket(), () -> client().completeMultipartUpload(complete -> complete.bucket(location.bucket())
                .key(location.key())
                .uploadId(uploadId)
                .multipartUpload(upload -> upload.parts(parts))));
    }

    private boolean encrypts() {
        return !config.serverSideEncryption().equals("none");
    }

    /** Stores a small object in one call. */
    public void put(ObjectLocation location, byte[] content, String contentType, Map<String, String> metadata)
            throws StoreTrouble {
        call(location.bucket(), () -> client().putObject(
                        put -> {
                            put.bucket(location.bucket())
                                    .key(location.key())
                                    .contentType(contentType)
                                    .metadata(metadata);
                            if (encrypts()) {
                                put.serverSideEncryption(config.serverSideEncryption())
                                        .ssekmsKeyId(config.kmsKeyId().orElse(null));
                            }
                        },
                        RequestBody.fromBytes(content)));
    }

    /** Copies within the bucket, including metadata; S3 allows at most 5 GiB. */
    public void copy(ObjectLocation from, String toKey) throws StoreTrouble {
        call(from.bucket(), () -> client().copyObject(copy -> {
            copy.sourceBucket(from.bucket())
                    .sourceKey(from.key())
                    .destinationBucket(from.bucket())
                    .destinationKey(toKey)
                    .metadataDirective(MetadataDirective.COPY);
            if (encrypts()) {
                copy.serverSideEncryption(config.serverSideEncryption())
                        .ssekmsKeyId(config.kmsKeyId().orElse(null));
            }
        }));
    }

    /** The keys of all objects that begin with the prefix; the store is asked page by page. */
    public List<String> keys(String bucket, String prefix) throws StoreTrouble {
        return call(
                bucket,
                () -> client()
                        .listObjectsV2Paginator(list -> list.bucket(bucket).prefix(prefix))
                        .contents()
                        .stream()
                        .map(S3Object::key)
                        .toList());
    }

    /** Deletes an object; a missing object is not an error. */
    public void delete(ObjectLocation location) throws StoreTrouble {
        call(location.bucket(), () -> client().deleteObject(
                        delete -> delete.bucket(location.bucket()).key(location.key())));
    }

    /** Aborts every incomplete upload of this name, including those that other processes began. */
    public void abortUploads(ObjectLocation location) throws StoreTrouble {
        ListMultipartUploadsResponse open = call(location.bucket(), () -> client().listMultipartUploads(
                        list -> list.bucket(location.bucket()).prefix(location.key())));
        for (MultipartUpload upload : open.uploads()) {
            if (upload.key().equals(location.key())) {
                abortUpload(location, upload.uploadId());
            }
        }
    }

    /** Aborts an upload; has no effect when it was completed or aborted already. */
    public void abortUpload(ObjectLocation location, String uploadId) throws StoreTrouble {
        call(location.bucket(), () -> {
            try {
                return client().abortMultipartUpload(abort ->
                        abort.bucket(location.bucket()).key(location.key()).uploadId(uploadId));
            } catch (NoSuchUploadException e) {
                return null;
            }
        });
    }

    /**
     * An address under which everybody can read the object until it expires. It is computed without
     * asking the store.
     *
     * @param fileName the name under which a client saves the file, ASCII without quotes
     */
    public URI sign(ObjectLocation location, String fileName, Duration ttl) {
        return URI.create(presigner()
                .presignGetObject(
                        sign -> sign.signatureDuration(ttl).getObjectRequest(get -> get.bucket(location.bucket())
                                .key(location.key())
                                .responseContentType(CSV)
                                .responseContentDisposition("attachment; filename=\"" + fileName + "\"")))
                .url()
                .toString());
    }

    private static <T> T call(String bucket, Supplier<T> request) throws StoreTrouble {
        try {
            return request.get();
        } catch (S3Exception e) {
            throw new StoreTrouble(StoreRefusal.reason(bucket, e), e);
        } catch (SdkException e) {
            throw new StoreTrouble("The file store does not answer.", e);
        }
    }
}
