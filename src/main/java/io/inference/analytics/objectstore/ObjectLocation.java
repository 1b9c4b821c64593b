package io.inference.analytics.objectstore;

/**
 * The place of an object.
 *
 * @param key without the bucket
 */
public record ObjectLocation(String bucket, String key) {

    public String uri() {
        return "s3://" + bucket + "/" + key;
    }
}
