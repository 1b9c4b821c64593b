package io.inference.analytics.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.inference.analytics.platform.Failure;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RateLimitsTest {

    /** One per second each, and a burst of one more. */
    private final RateLimits limits = new RateLimits(new AccessConfig() {
        @Override
        public String rolesClaim() {
            return "roles";
        }

        @Override
        public String orgsClaim() {
            return "orgs";
        }

        @Override
        public boolean rbacEnabled() {
            return true;
        }

        @Override
        public Optional<String> jwtIssuer() {
            return Optional.empty();
        }

        @Override
        public Optional<String> jwtAudience() {
            return Optional.empty();
        }

        @Override
        public Optional<String> jwtPublicKey() {
            return Optional.empty();
        }

        @Override
        public Optional<String> jwtJwksUrl() {
            return Optional.empty();
        }

        @Override
        public int rateLimitSubject() {
            return 1;
        }

        @Override
        public int rateLimitOrg() {
            return 1;
        }

        @Override
        public int rateLimitRefused() {
            return 1;
        }
    });

    private static Failure.TooManyRequests refusal(Runnable many) {
        return catchThrowableOfType(Failure.TooManyRequests.class, () -> {
            for (int i = 0; i < 20; i++) {
                many.run();
            }
        });
    }

    @Test
    void whoAsksTooOftenIsToldWhenToComeBack() {
        UUID org = UUID.randomUUID();
        for (Runnable many : new Runnable[] {
            () -> limits.takeOfSubject("ann"), () -> limits.takeOfOrg(org), () -> limits.takeOfAddress("10.0.0.1")
        }) {
            assertThat(refusal(many).retryAfter()).isBetween(Duration.ofNanos(1), Duration.ofSeconds(1));
        }
    }

    @Test
    void othersDoNotNotice() {
        refusal(() -> limits.takeOfSubject("ann"));
        refusal(() -> limits.takeOfOrg(UUID.fromString("00000000-0000-4000-8000-000000000001")));
        assertThatCode(() -> {
                    limits.takeOfSubject("bob");
                    limits.takeOfOrg(UUID.randomUUID());
                    limits.takeOfAddress("ann");
                })
                .doesNotThrowAnyException();
    }
}
