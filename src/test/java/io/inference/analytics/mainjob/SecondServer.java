package io.inference.analytics.mainjob;

/** A PostgreSQL server that is started from files of another, by commands of a shell. It needs FILES and PORT. */
final class SecondServer {

    private static final String AS_SERVER =
            """
            server() {
                local as=()
                [ $(id -u) != 0 ] || as=(setpriv --reuid=postgres --regid=postgres --init-groups)
                "${as[@]}" "$(ls -d /usr/lib/postgresql/$(cat "$FILES/PG_VERSION")/bin)/pg_ctl" -D "$FILES" "$@"
            }
            """;

    static final String START = AS_SERVER + "[ $(id -u) != 0 ] || chown -R postgres: \"$FILES\"\n"
            + "server -w -l \"$FILES/log\" -o \"-p $PORT\" start";

    static final String PROMOTE = AS_SERVER + "server -w promote";

    static final String REMOVE = AS_SERVER + "server -m immediate stop || true; rm -rf \"$FILES\"";

    private SecondServer() {}
}
