package io.inference.analytics.tables;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The string literals and text blocks of a Java source. Those that a plus sign joins are one text, in
 * which anything else that is joined to them is a {@link #HOLE}.
 */
final class JavaTexts {

    static final String HOLE = "\u00a7";

    private static final Pattern TOKEN = Pattern.compile("(?s)//[^\\n]*|/\\*.*?\\*/|'(?:[^'\\\\]|\\\\.)+'"
            + "|\"\"\"(?<block>(?:[^\"\\\\]++|\\\\.|\"(?!\"\"))*+)\"\"\""
            + "|\"(?<literal>(?:[^\"\\\\]++|\\\\.)*+)\"|(?<word>[\\w.]+|\\S)");

    private final List<String> texts = new ArrayList<>();
    private StringBuilder text;
    private boolean afterPlus;

    /** How many parentheses are open since the last literal; a literal within them is a text of its own. */
    private int depth;

    private JavaTexts() {}

    static List<String> of(String source) {
        JavaTexts read = new JavaTexts();
        Matcher token = TOKEN.matcher(source);
        while (token.find()) {
            String literal = token.group("block") != null ? token.group("block") : token.group("literal");
            if (literal != null) {
                read.literal(unescaped(literal));
            } else if (token.group("word") != null) {
                read.word(token.group("word"));
            }
        }
        read.end();
        return read.texts;
    }

    /** Line ends and quotes, which SQL has; String.translateEscapes refuses the escapes of patterns. */
    private static String unescaped(String literal) {
        return literal.replace("\\\n", "").replace("\\n", "\n").replace("\\\"", "\"");
    }

    private void literal(String literal) {
        if (text != null && depth > 0) {
            texts.add(literal);
            return;
        }
        if (!afterPlus) {
            end();
        }
        if (text == null) {
            text = new StringBuilder(afterPlus ? HOLE : "");
        }
        text.append(literal);
        afterPlus = false;
    }

    private void word(String word) {
        if (text != null && depth > 0) {
            depth += word.equals("(") ? 1 : word.equals(")") ? -1 : 0;
        } else if (word.equals("+")) {
            afterPlus = true;
        } else if (text != null && afterPlus) {
            operand(word);
        } else if (text != null && isInOperand(word)) {
            depth = word.equals("(") ? 1 : 0;
        } else {
            end();
            afterPlus = false;
        }
    }

    private void operand(String word) {
        text.append(HOLE);
        afterPlus = false;
        depth = word.equals("(") ? 1 : 0;
    }

    /** Whether the word goes on with the value that the hole at the end stands for, such as a call. */
    private boolean isInOperand(String word) {
        return text.toString().endsWith(HOLE) && (word.equals("(") || word.startsWith("."));
    }

    private void end() {
        if (text != null) {
            texts.add(text.toString());
        }
        text = null;
        depth = 0;
    }
}
