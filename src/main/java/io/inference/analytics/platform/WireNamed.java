package io.inference.analytics.platform;

/** A constant with the name that it has outside the service: in JSON, SQL, metrics and on the command line. */
public interface WireNamed {

    /** Lower case, stable: files, rows and clients hold it. */
    String wireName();
}
