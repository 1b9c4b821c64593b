package io.inference.analytics.ingest;

import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.WithBackends;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;

@QuarkusTest
@WithBackends({Backend.POSTGRES, Backend.RABBITMQ, Backend.REDIS})
@TestProfile(OnStream.class)
class StreamPoisonIT extends PoisonContract {}
