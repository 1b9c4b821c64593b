package io.inference.analytics.export;

/** A released version of FOCUS (focus.finops.org). */
enum FocusVersion {
    V1_2("1.2"),
    V1_4("1.4");

    private final String number;

    FocusVersion(String number) {
        this.number = number;
    }

    String number() {
        return number;
    }
}
