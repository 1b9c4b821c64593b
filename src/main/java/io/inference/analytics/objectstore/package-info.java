/**
 * Owns the S3-compatible file store: the only room that imports an S3 client.
 *
 * <p>May touch: platform.
 *
 * <p>On failure: every call ends within 90 s and throws
 * {@link io.inference.analytics.objectstore.StoreTrouble}, whose message is in plain words, without
 * address, key or secret.
 *
 * <p>Tables: none.
 */
package io.inference.analytics.objectstore;
