package io.inference.analytics.web;

import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Cuts the connection of a request that is not there as a whole, address, headers and body, within a time of its first byte.
 * The idle time-out of the server begins again with every byte, so without this a client that sends one byte a minute could keep
 * a connection for weeks. How long an answer takes does not matter here.
 *
 * <p>Vert.x offers no such bound; Netty finds this class as a service and shows it every connection that a server takes, if
 * {@link #SWITCH} is set before its first one.
 */
public final class SlowRequestGuard extends ChannelInitializerExtension {

    private static final Logger LOG = Logger.getLogger(SlowRequestGuard.class);

    /** The system property that lets Netty look for services, and its value. */
    public static final String SWITCH = EXTENSIONS_SYSTEM_PROPERTY;

    public static final String SWITCHED_ON = "serviceload";

    /** Netty makes the object, so the setting comes to it this way. */
    private static volatile Duration requestMax = Duration.ofSeconds(20);

    /** From then on requests may take so long to arrive. */
    static void allow(Duration max) {
        requestMax = max;
    }

    @Override
    public void postInitializeServerChildChannel(Channel channel) {
        channel.pipeline().addFirst(new Arrivals());
    }

    /** Sees the bytes before anything else; {@link Ends} sees when a request is whole. */
    private static final class Arrivals extends ChannelInboundHandlerAdapter {

        private boolean seesEnds;
        private boolean open;
        private ScheduledFuture<?> deadline;

        @Override
        public void channelRead(ChannelHandlerContext context, Object bytes) {
            if (speaksHttp1(context) && !seesEnds) {
                String decoder =
                        context.pipeline().context(HttpRequestDecoder.class).name();
                context.pipeline().addAfter(decoder, null, new Ends(() -> open = false));
                seesEnds = true;
            }
            open = speaksHttp1(context);
            // The decoder takes the bytes apart within this call, so most requests have ended when it returns.
            context.fireChannelRead(bytes);
            if (!open || !speaksHttp1(context)) {
                forget();
            } else if (deadline == null) {
                deadline =
                        context.executor().schedule(() -> cut(context), requestMax.toMillis(), TimeUnit.MILLISECONDS);
            }
        }

        /** Not while the two sides still agree on TLS or a protocol, and not after an upgrade: the end of a request does not show there. */
        private static boolean speaksHttp1(ChannelHandlerContext context) {
            return context.pipeline().context(HttpRequestDecoder.class) != null;
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            forget();
            context.fireChannelInactive();
        }

        private void forget() {
            if (deadline != null) {
                deadline.cancel(false);
                deadline = null;
            }
        }

        private void cut(ChannelHandlerContext context) {
            if (open && context.channel().isActive()) {
                LOG.infof(
                        "event=slow_request_cut remote=%s after=%s",
                        context.channel().remoteAddress(), requestMax);
                var unused = context.close();
            }
        }
    }

    /** Behind the decoder: the last part of a message closes the request. */
    private static final class Ends extends ChannelInboundHandlerAdapter {

        private final Runnable whole;

        Ends(Runnable whole) {
            this.whole = whole;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object part) {
            if (part instanceof LastHttpContent) {
                whole.run();
            }
            context.fireChannelRead(part);
        }
    }
}
