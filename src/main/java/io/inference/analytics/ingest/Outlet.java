package io.inference.analytics.ingest;

/**
 * Where the exchange may send what is published: the queue, the stream, or a partition of the super stream.
 *
 * @param stream which stream, of transport {@code stream}
 */
record Outlet(IngestConfig.Transport transport, StreamId stream) {

    static final Outlet QUEUE = new Outlet(IngestConfig.Transport.QUEUE, StreamId.WHOLE);

    static Outlet of(StreamId stream) {
        return new Outlet(IngestConfig.Transport.STREAM, stream);
    }

    /** Under which it stands in the database. */
    String key() {
        return switch (transport) {
            case QUEUE -> "queue";
            case STREAM -> stream.key();
        };
    }

    /** Its name at the broker. */
    String name() {
        return switch (transport) {
            case QUEUE -> BrokerTopology.QUEUE;
            case STREAM -> stream.name();
        };
    }
}
