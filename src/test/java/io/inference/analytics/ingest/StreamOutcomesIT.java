package io.inference.analytics.ingest;

import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;

@QuarkusTest
@WithBackends(rabbitmq = true, redis = true)
@TestProfile(OnStream.class)
class StreamOutcomesIT extends OutcomesContract {}
