package io.inference.analytics.mainjob;

import static org.awaitility.Awaitility.await;

import io.inference.analytics.testing.Backend;
import io.inference.analytics.testing.LocalDev;
import io.inference.analytics.testing.TcpProxy;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** What happens to the service and its servers under load. Each ends with everything as it was, so that the service can go on. */
enum Trouble {
    SERVICE_KILLED("kill -9 of the replica that reads") {
        @Override
        void happen(Plant plant) {
            Replica reader = plant.reader();
            reader.kill();
            plant.letSomePass();
            reader.start();
        }
    },
    SERVICE_STOPPED("polite stop of the replica that reads") {
        @Override
        void happen(Plant plant) {
            Replica reader = plant.reader();
            reader.stop();
            plant.letSomePass();
            reader.start();
        }
    },
    POSTGRES_KILLED("kill -9 of PostgreSQL") {
        @Override
        void happen(Plant plant) {
            down(plant, Backend.POSTGRES, "kill");
        }
    },
    POSTGRES_STOPPED("polite stop of PostgreSQL") {
        @Override
        void happen(Plant plant) {
            down(plant, Backend.POSTGRES, "stop");
        }
    },
    RABBITMQ_KILLED("kill -9 of RabbitMQ") {
        @Override
        void happen(Plant plant) {
            brokerDown(plant, "kill");
        }
    },
    RABBITMQ_STOPPED("polite stop of RabbitMQ") {
        @Override
        void happen(Plant plant) {
            brokerDown(plant, "stop");
        }
    },
    REDIS_KILLED("kill -9 of Redis") {
        @Override
        void happen(Plant plant) {
            down(plant, Backend.REDIS, "kill");
        }
    },
    REDIS_STOPPED("polite stop of Redis") {
        @Override
        void happen(Plant plant) {
            down(plant, Backend.REDIS, "stop");
        }
    },
    S3_KILLED("kill -9 of S3 while a file is made") {
        @Override
        void happen(Plant plant) {
            Runnable file = plant.order();
            down(plant, Backend.S3, "kill");
            file.run();
        }
    },
    S3_STOPPED("polite stop of S3 while a file is made") {
        @Override
        void happen(Plant plant) {
            Runnable file = plant.order();
            down(plant, Backend.S3, "stop");
            file.run();
        }
    },
    DATABASE_CUT("connections to PostgreSQL cut, again and again") {
        @Override
        void happen(Plant plant) {
            for (int i = 0; i < CUTS; i++) {
                plant.reader().database().cut();
                plant.letSomePass();
            }
        }
    },
    BROKER_CUT("connections to RabbitMQ cut, again and again") {
        @Override
        void happen(Plant plant) {
            for (int i = 0; i < CUTS; i++) {
                plant.reader().toBroker().forEach(TcpProxy::cut);
                plant.letSomePass();
            }
        }
    },
    DATABASE_HALF_OPEN("half-open connections to PostgreSQL (socketTimeout 15 s; as shipped 90 s)") {
        @Override
        void happen(Plant plant) {
            plant.reader().database().abandon();
            plant.letSomePass();
        }
    },
    BROKER_HALF_OPEN("half-open connections to RabbitMQ") {
        @Override
        void happen(Plant plant) {
            plant.reader().toBroker().forEach(TcpProxy::abandon);
            plant.letSomePass();
        }
    },
    SLOW("connections that are 40 ms slow, to PostgreSQL and RabbitMQ") {
        @Override
        void happen(Plant plant) {
            everywhere(plant, Duration.ofMillis(40));
            plant.producer().awaitMore(SLOW_MESSAGES);
            everywhere(plant, Duration.ZERO);
        }

        private void everywhere(Plant plant, Duration delay) {
            plant.replicas().forEach(replica -> replica.connections().forEach(proxy -> proxy.delay(delay)));
        }
    },
    MEMORY_ALARM("memory alarm of RabbitMQ") {
        @Override
        void happen(Plant plant) throws Exception {
            alarm(plant, "memory-alarm");
        }
    },
    DISK_ALARM("disk alarm of RabbitMQ") {
        @Override
        void happen(Plant plant) throws Exception {
            alarm(plant, "disk-alarm");
        }
    },
    DEAD_LETTER_QUEUE_DELETED("dead letter queue deleted") {
        @Override
        void happen(Plant plant) throws Exception {
            plant.onBroker(channel -> channel.queueDelete("analytics.usage.v1.dlq"));
            // One in a hundred becomes a dead letter.
            plant.producer().awaitMore(SOME_DEAD_LETTERS);
        }
    },
    DATABASE_FULL("no space left for the events of the day") {
        @Override
        void happen(Plant plant) {
            try (SmallDisk disk = new SmallDisk(plant)) {
                disk.fill();
                await("a batch that finds no space").atMost(PATIENCE).until(() -> plant.replicas().stream()
                        .anyMatch(replica -> replica.hasLogged("sqlstate=53100")));
                plant.letSomePass();
            }
        }

        @Override
        boolean isPossible() {
            return isNative() && SmallDisk.isPossible();
        }
    },
    CLOCK_BACK("the clock of the replica that reads steps back by 2 h") {
        @Override
        void happen(Plant plant) throws Exception {
            step(plant, Duration.ofHours(-2));
        }
    },
    CLOCK_AHEAD("the clock of the replica that reads steps ahead by 2 h") {
        @Override
        void happen(Plant plant) throws Exception {
            step(plant, Duration.ofHours(2));
        }
    },
    PARTITION("the replica that reads reaches neither PostgreSQL nor RabbitMQ") {
        @Override
        void happen(Plant plant) {
            Replica away = plant.reader();
            away.connections().forEach(TcpProxy::silence);
            try {
                await("the other replica reads").atMost(PATIENCE).until(() -> plant.replicas().stream()
                        .anyMatch(replica -> replica != away && replica.reads()));
                plant.letSomePass();
            } finally {
                away.connections().forEach(TcpProxy::resume);
            }
        }
    },
    STANDBY_PROMOTED("kill -9 of PostgreSQL, and a standby takes over") {
        @Override
        void happen(Plant plant) {
            plant.promoteStandby();
        }

        @Override
        boolean isPossible() {
            return isNative();
        }
    };

    static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final int CUTS = 3;
    private static final int SOME_DEAD_LETTERS = 500;
    private static final int SLOW_MESSAGES = 800;

    private final String text;

    Trouble(String text) {
        this.text = text;
    }

    abstract void happen(Plant plant) throws Exception;

    /** Whether this machine can make it happen: a server in a container has no files here. */
    boolean isPossible() {
        return true;
    }

    static List<Trouble> possible() {
        return Arrays.stream(values()).filter(Trouble::isPossible).toList();
    }

    @Override
    public String toString() {
        return text;
    }

    private static boolean isNative() {
        return System.getenv().getOrDefault("ANALYTICS_BACKENDS", "native").equals("native");
    }

    private static void down(Plant plant, Backend backend, String how) {
        LocalDev.act(backend, how);
        plant.letSomePass();
        LocalDev.act(backend, "start");
    }

    private static void brokerDown(Plant plant, String how) {
        LocalDev.act(Backend.RABBITMQ, how);
        await("the producer is refused").atMost(PATIENCE).until(() -> plant.producer()
                .isRefused());
        LocalDev.act(Backend.RABBITMQ, "start");
        plant.letSomePass();
    }

    private static void alarm(Plant plant, String which) throws Exception {
        LocalDev.act(Backend.RABBITMQ, which);
        try {
            plant.awaitAlarm();
        } finally {
            LocalDev.act(Backend.RABBITMQ, "no-alarm");
        }
        plant.letSomePass();
    }

    private static void step(Plant plant, Duration ahead) throws Exception {
        Replica reader = plant.reader();
        reader.stepClock(ahead);
        // A process sees the step within a second.
        plant.producer().awaitMore(SLOW_MESSAGES);
        reader.stepClock(Duration.ZERO);
        plant.producer().awaitMore(SLOW_MESSAGES);
    }
}
