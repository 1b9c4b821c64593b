package io.inference.analytics.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EntityTagsTest {

    private static final byte[] CONTENT = "content".getBytes(StandardCharsets.UTF_8);

    @Test
    void theTagIsWeakAndDiffersByFormAndContent() {
        String tag = EntityTags.of("json", CONTENT);
        assertThat(tag).matches("W/\"[0-9a-f]{32}\"");
        assertThat(EntityTags.of("json", CONTENT)).isEqualTo(tag);
        assertThat(EntityTags.of("csv", CONTENT)).isNotEqualTo(tag);
        assertThat(EntityTags.of("json", new byte[0])).isNotEqualTo(tag);
    }

    @Test
    void ifNoneMatchComparesWeakly() {
        String tag = EntityTags.of("json", CONTENT);
        assertThat(EntityTags.matches(null, tag)).isFalse();
        assertThat(EntityTags.matches("*", tag)).isTrue();
        assertThat(EntityTags.matches(tag, tag)).isTrue();
        assertThat(EntityTags.matches(tag.substring(2), tag)).isTrue();
        assertThat(EntityTags.matches("\"other\", " + tag, tag)).isTrue();
        assertThat(EntityTags.matches("\"other\"", tag)).isFalse();
    }
}
