package io.inference.analytics.reliability;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;

/** When a bucket counts as a spike, and the bounds of incident exports. */
@ConfigMapping(prefix = "analytics.reliability")
interface ReliabilityConfig {

    /** When a bucket is marked as a spike. */
    Spike spike();

    /** Bounds and masks of incident exports. */
    Export export();

    /** A bucket is compared with the hour before it. */
    interface Spike {

        /**
         * Invocations that both the bucket and the hour before it must have; fewer are not
         * compared.
         */
        @WithDefault("20")
        long invocationsMin();

        /** Errors that a bucket must have before its error rate can be a spike. */
        @WithDefault("3")
        long errorsMin();

        /** How many times the error rate of the hour before is a spike. */
        @WithDefault("3")
        double errorRateFactor();

        /** Error rate (0 to 1) below which nothing is a spike, however good the hour before was. */
        @WithDefault("0.01")
        double errorRateMin();

        /** How many times the p95 latency of the hour before is a spike. */
        @WithDefault("2")
        double p95Factor();
    }

    /** Bounds what one export may cost other requests, and masks personal data. */
    interface Export {

        /**
         * Most exports and summaries at the same time in this process; others are refused with 429.
         */
        @WithDefault("4")
        int concurrency();

        /** How long a client may read nothing before its connection is cut. */
        @WithDefault("30s")
        Duration stallTimeout();

        /**
         * How long one export may take before its connection is cut: while it runs, tables cannot
         * be vacuumed.
         */
        @WithDefault("15m")
        Duration durationMax();

        /**
         * Keys of metadata (in any case) that may hold personal data: their values are exported as
         * three asterisks.
         */
        @WithDefault("email,mail,user,userid,user_id,username,user_name,name,phone,ip,ip_address,address")
        List<String> maskedMetadataKeys();
    }
}
