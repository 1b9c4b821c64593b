package io.inference.analytics.web;

import io.inference.analytics.platform.Failure;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Variant;
import java.util.List;
import java.util.function.Supplier;

/** How figures leave: as JSON or as CSV, whichever the caller prefers, with an entity tag that saves sending them again. */
public final class TableAnswer {

    /** The forms on offer; JSON is the one when the caller does not care. */
    public enum Form {
        JSON(MediaType.APPLICATION_JSON_TYPE),
        CSV(new MediaType("text", "csv"));

        private final MediaType type;

        Form(MediaType type) {
            this.type = type;
        }
    }

    private static final List<Variant> FORMS =
            List.of(new Variant(Form.JSON.type, (String) null, null), new Variant(Form.CSV.type, (String) null, null));

    /** Most answers are smaller, and carry their length. */
    private static final int LARGE_BYTES = 1024 * 1024;

    private TableAnswer() {}

    /**
     * The form that the caller prefers.
     *
     * @throws Failure.NotAcceptable when neither is accepted
     */
    public static Form preferred(Request request) {
        Variant chosen = request.selectVariant(FORMS);
        if (chosen == null) {
            throw new Failure.NotAcceptable("This is offered as application/json and text/csv.");
        }
        return chosen.getMediaType().equals(Form.CSV.type) ? Form.CSV : Form.JSON;
    }

    /**
     * The answer, or status 304 where the caller has it already.
     *
     * @param content the bytes that the entity tag covers
     * @param shown the bytes to send; may differ from {@code content} in what the tag does not cover
     */
    public static Response of(Form form, HttpHeaders request, byte[] content, Supplier<byte[]> shown) {
        String tag = EntityTags.of(form.type.toString(), content);
        Response.ResponseBuilder answer = EntityTags.matches(request.getHeaderString(HttpHeaders.IF_NONE_MATCH), tag)
                ? Response.notModified()
                : Response.ok(entity(shown.get()), form == Form.CSV ? form.type.withCharset("UTF-8") : form.type);
        return answer.header(HttpHeaders.ETAG, tag)
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT)
                .header(HttpHeaders.CACHE_CONTROL, "private, no-cache")
                .build();
    }

    private static Object entity(byte[] body) {
        return body.length > LARGE_BYTES ? new Portions(body) : body;
    }
}
