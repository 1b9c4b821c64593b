package io.inference.analytics.web;

import io.inference.analytics.platform.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Entity tags of answers, weak because answers with the same tag may differ in their freshness (RFC 9110, 8.8.1). */
public final class EntityTags {

    private EntityTags() {}

    /** The tag of a content in one of its forms. */
    public static String of(String form, byte[] content) {
        MessageDigest digest = Sha256.digest();
        digest.update(form.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        return "W/\"" + HexFormat.of().formatHex(digest.digest(content), 0, 16) + '"';
    }

    /** Whether an If-None-Match header names the tag; null when there is no header. */
    public static boolean matches(String ifNoneMatch, String tag) {
        if (ifNoneMatch == null) {
            return false;
        }
        if (ifNoneMatch.strip().equals("*")) {
            return true;
        }
        String opaque = tag.substring(2);
        for (String candidate : ifNoneMatch.split(",", -1)) {
            String stripped = candidate.strip();
            if (stripped.equals(tag) || stripped.equals(opaque)) {
                return true;
            }
        }
        return false;
    }
}
