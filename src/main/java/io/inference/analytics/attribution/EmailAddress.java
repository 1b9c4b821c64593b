package io.inference.analytics.attribution;

/** The form of a mail address, as far as entries are checked. */
public final class EmailAddress {

    private EmailAddress() {}

    /** Whether the text has one at sign and a dot after it. */
    public static boolean matches(String text) {
        return text.matches("[^@\\s]+@[^@\\s]+\\.[^@\\s]+");
    }
}
