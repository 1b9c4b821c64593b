package io.inference.analytics.objectstore;

/**
 * Where an object is.
 *
 * @param key without the bucket
 */
public record ObjectLocation(String bucket, String key) {

    public String uri() {
        return "s3://" + bucket + "/" + key;
    }
}
