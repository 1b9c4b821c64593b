package io.inference.analytics.objectstore;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * What a refusal of the store means, and which setting changes it. Codes are those of the Amazon S3
 * API reference, "Error responses"; other stores use the same. The store's own text is not passed
 * on, because it may quote a key.
 */
final class StoreRefusal {

    private static final Pattern CODE = Pattern.compile("[A-Za-z0-9.]{1,60}");
    private static final Pattern EXPECTED_REGION = Pattern.compile("expecting '([a-z0-9-]{1,40})'");

    private StoreRefusal() {}

    static String reason(String bucket, S3Exception e) {
        String code = code(e);
        return switch (code) {
            case "NoSuchBucket" -> "The file store has no bucket " + bucket + ".";
            case "NoSuchUpload" -> "The file store has given up the upload.";
            case "AuthorizationHeaderMalformed",
                    "PermanentRedirect",
                    "TemporaryRedirect",
                    "IllegalLocationConstraintException" ->
                "The bucket %s is in another region (%s; expected: S3_REGION=%s)."
                        .formatted(bucket, code, region(e).orElse("the region of the bucket"));
            case "RequestTimeTooSkewed", "RequestExpired" ->
                "The clock of this machine differs from the file store's by minutes (%s; expected: a clock kept by NTP)."
                        .formatted(code);
            case "SignatureDoesNotMatch" ->
                "The file store does not accept the signature (%s; expected: S3_SECRET_KEY belongs to S3_ACCESS_KEY)."
                        .formatted(code);
            case "InvalidAccessKeyId", "InvalidToken", "ExpiredToken" ->
                "The file store does not know the key (%s; expected: a valid S3_ACCESS_KEY).".formatted(code);
            case "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage" ->
                "The file store is full or its quota is used up (%s).".formatted(code);
            default -> byStatus(bucket, code, e);
        };
    }

    private static String byStatus(String bucket, String code, S3Exception e) {
        String named = code.isEmpty() ? "" : " (" + code + ")";
        return switch (e.statusCode()) {
            case 301, 307 ->
                "The file store redirects to another address%s (expected: the S3_ENDPOINT and S3_REGION of the bucket)."
                        .formatted(named);
            case 401, 403 -> "The file store denies access to the bucket " + bucket + named + ".";
            case 404 -> "The file store has no bucket " + bucket + ".";
            case 501 ->
                "The file store does not offer something that was asked for%s; for encryption that is S3_SERVER_SIDE_ENCRYPTION=none."
                        .formatted(named);
            default ->
                encryption(e)
                        ? "The file store refuses the encryption that was asked for%s (expected: another S3_SERVER_SIDE_ENCRYPTION, or none)."
                                .formatted(named)
                        : "The file store answers with an error (status " + e.statusCode()
                                + (code.isEmpty() ? "" : ", " + code) + ").";
        };
    }

    /**
     * Only the text of the error says that a kind of encryption is not set up; S3 has no code for
     * it.
     */
    private static boolean encryption(S3Exception e) {
        String text = Optional.ofNullable(e.awsErrorDetails())
                .map(AwsErrorDetails::errorMessage)
                .orElse("");
        return e.statusCode() == 400 && (text.contains("KMS") || text.contains("AES256") || text.contains("ncryption"));
    }

    private static String code(S3Exception e) {
        return Optional.ofNullable(e.awsErrorDetails())
                .map(AwsErrorDetails::errorCode)
                .filter(code -> CODE.matcher(code).matches())
                .orElse("");
    }

    /**
     * From the header of a redirect, or from the text of the error, which has no field for the
     * region.
     */
    private static Optional<String> region(S3Exception e) {
        AwsErrorDetails details = e.awsErrorDetails();
        Optional<String> header = Optional.ofNullable(details.sdkHttpResponse())
                .flatMap(response -> response.firstMatchingHeader("x-amz-bucket-region"))
                .filter(name -> name.matches("[a-z0-9-]{1,40}"));
        if (header.isPresent() || details.errorMessage() == null) {
            return header;
        }
        Matcher named = EXPECTED_REGION.matcher(details.errorMessage());
        return named.find() ? Optional.of(named.group(1)) : Optional.empty();
    }
}
