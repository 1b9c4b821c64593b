package io.inference.analytics.ingest;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.ShutdownSignalException;
import io.inference.analytics.event.RejectReason;
import io.inference.analytics.platform.Failure;
import io.inference.analytics.platform.LogText;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Dead letters, for operators: shows them, and publishes them again.
 *
 * <p>Letters are fetched without acknowledgement. Closing the channel puts all that were not acknowledged back in their places;
 * until then another reader does not see them. The queue's delivery limit is so high that looking never uses it up.
 *
 * <p>A replayed letter leaves the queue only after the broker has confirmed its copy: a crash in between leaves both, and the
 * events are recognised as duplicates.
 */
@ApplicationScoped
public class DeadLetterDesk {

    /**
     * A letter as it is shown.
     *
     * @param reason a code; {@code delivery_limit} for what the broker itself dead-lettered
     * @param firstSeen RFC 3339; {@code -} when unknown
     * @param detail one printable line, may be empty
     * @param payloadHead the beginning of the payload, printable
     */
    public record Letter(String reason, String detail, String firstSeen, int payloadBytes, String payloadHead) {}

    private static final int HEAD_BYTES = 120;
    private static final int CONFIRM_BATCH = 100;
    private static final long CONFIRM_MILLIS_MAX = 10_000;
    private static final int PERSISTENT = 2;

    private final BrokerSettings broker;

    DeadLetterDesk(BrokerSettings broker) {
        this.broker = broker;
    }

    /** The oldest letters, only those of the reason if one is given; the queue stays as it was. */
    public List<Letter> list(Optional<String> reason, int limit) {
        return atQueue(channel -> {
            List<Letter> letters = new ArrayList<>();
            fetch(channel, reason, limit, fetched -> letters.add(letter(fetched)));
            return letters;
        });
    }

    /**
     * Publishes the payloads of the oldest letters to the exchange again and takes the letters out of the queue.
     *
     * @return letters replayed
     */
    public int replay(Optional<String> reason, int limit) {
        return atQueue(channel -> {
            AtomicInteger returned = new AtomicInteger();
            channel.confirmSelect();
            channel.addReturnListener(message -> returned.incrementAndGet());
            List<Long> published = new ArrayList<>();
            int replayed = fetch(channel, reason, limit, fetched -> {
                channel.basicPublish(
                        BrokerTopology.EXCHANGE,
                        BrokerTopology.ROUTING_KEY,
                        true,
                        properties(fetched),
                        fetched.getBody());
                published.add(fetched.getEnvelope().getDeliveryTag());
                if (published.size() == CONFIRM_BATCH) {
                    settle(channel, published, returned);
                }
            });
            settle(channel, published, returned);
            return replayed;
        });
    }

    @FunctionalInterface
    private interface Work<T> {
        T on(Channel channel) throws IOException, TimeoutException, InterruptedException;
    }

    @FunctionalInterface
    private interface Fetched {
        void take(GetResponse letter) throws IOException, TimeoutException, InterruptedException;
    }

    private <T> T atQueue(Work<T> work) {
        try (Connection connection = broker.connect("analytics-dead-letter-desk");
                Channel channel = connection.createChannel()) {
            return work.on(channel);
        } catch (IOException | TimeoutException | ShutdownSignalException e) {
            throw new Failure.Unavailable(explain(e), Duration.ofSeconds(10), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure.Unavailable("interrupted", Duration.ofSeconds(10), e);
        }
    }

    static String explain(Exception e) {
        ShutdownSignalException signal = e instanceof ShutdownSignalException given
                ? given
                : e.getCause() instanceof ShutdownSignalException cause ? cause : null;
        if (signal != null && signal.getReason() instanceof AMQP.Channel.Close close) {
            return close.getReplyCode() == AMQP.NOT_FOUND
                    ? "the broker has no queue or exchange of ours yet: %s (expected: the service has run against it)"
                            .formatted(close.getReplyText())
                    : "the broker refuses: " + close.getReplyText();
        }
        return e instanceof Undelivered || e instanceof BrokerRefusal
                ? e.getMessage()
                : "RABBITMQ_URL: the broker does not answer";
    }

    /** Fetches each letter that the queue holds at the beginning, once, until enough are taken; returns how many were. */
    private static int fetch(Channel channel, Optional<String> reason, int limit, Fetched taker)
            throws IOException, TimeoutException, InterruptedException {
        int there =
                channel.queueDeclarePassive(BrokerTopology.DEAD_LETTER_QUEUE).getMessageCount();
        int taken = 0;
        for (int i = 0; i < there && taken < limit; i++) {
            GetResponse letter = channel.basicGet(BrokerTopology.DEAD_LETTER_QUEUE, false);
            if (letter == null) {
                break;
            }
            if (reason.isEmpty() || reason.get().equals(reason(letter))) {
                taker.take(letter);
                taken++;
            }
        }
        return taken;
    }

    /** The exchange routes what was published to no queue. */
    static final class Undelivered extends IOException {
        private static final long serialVersionUID = 1L;

        Undelivered() {
            super("nothing is bound to exchange %s with key %s (expected: the service has run against this broker)"
                    .formatted(BrokerTopology.EXCHANGE, BrokerTopology.ROUTING_KEY));
        }
    }

    private static void settle(Channel channel, List<Long> published, AtomicInteger returned)
            throws IOException, TimeoutException, InterruptedException {
        channel.waitForConfirmsOrDie(CONFIRM_MILLIS_MAX);
        if (returned.get() > 0) {
            throw new Undelivered();
        }
        for (long tag : published) {
            channel.basicAck(tag, false);
        }
        published.clear();
    }

    private static AMQP.BasicProperties properties(GetResponse letter) {
        Map<String, Object> headers = new HashMap<>();
        Object trace = header(letter, "traceparent");
        if (trace != null) {
            headers.put("traceparent", trace);
        }
        return new AMQP.BasicProperties.Builder()
                .deliveryMode(PERSISTENT)
                .messageId(letter.getProps().getMessageId())
                .headers(headers)
                .build();
    }

    private static Letter letter(GetResponse fetched) {
        byte[] body = fetched.getBody();
        Object detail = header(fetched, "x-detail");
        return new Letter(
                reason(fetched),
                LogText.line(detail == null ? "" : detail.toString()),
                firstSeen(fetched),
                body.length,
                LogText.line(new String(body, 0, Math.min(HEAD_BYTES, body.length), StandardCharsets.UTF_8)));
    }

    private static String reason(GetResponse letter) {
        Object reason = header(letter, "x-reason");
        return reason == null ? RejectReason.DELIVERY_LIMIT.wireName() : LogText.line(reason.toString());
    }

    private static String firstSeen(GetResponse letter) {
        Object seen = header(letter, "x-first-seen");
        if (seen != null) {
            return LogText.line(seen.toString());
        }
        if (header(letter, "x-death") instanceof List<?> deaths
                && !deaths.isEmpty()
                && deaths.get(0) instanceof Map<?, ?> death
                && death.get("time") instanceof Date time) {
            return time.toInstant().toString();
        }
        return "-";
    }

    private static Object header(GetResponse letter, String name) {
        Map<String, Object> headers = letter.getProps().getHeaders();
        return headers == null ? null : headers.get(name);
    }
}
