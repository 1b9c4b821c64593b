package io.inference.analytics.mainjob;

import io.inference.analytics.testing.LocalDev;
import java.nio.file.Path;
import java.util.Map;

/** A disk of 64 MiB for the events of the day, which something else can fill. */
final class SmallDisk implements AutoCloseable {

    private static final String AS_ROOT = "as_root() { if [ $(id -u) = 0 ]; then \"$@\"; else sudo -n \"$@\"; fi; }\n";
    private static final String FILL =
            """
            do $$ begin
                loop
                    insert into public.filler select repeat('x', 1000) from generate_series(1, 500);
                end loop;
            exception when disk_full then
                null;
            end $$
            """;

    private final Plant plant;
    private final Map<String, String> place;
    private final String relation;

    SmallDisk(Plant plant) {
        this.plant = plant;
        this.place = Map.of(
                "DISK",
                Path.of("/var/tmp/analytics-disk-" + ProcessHandle.current().pid())
                        .toString(),
                "DATA",
                plant.sql().text("show data_directory"));
        plant.shell(
                place,
                AS_ROOT
                        + """
                        mkdir "$DISK"
                        as_root mount -t tmpfs -o size=64m none "$DISK"
                        as_root mkdir "$DISK/space"
                        as_root chown --reference="$DATA" "$DISK/space"
                        """);
        // A partition, or a chunk of TimescaleDB.
        relation = plant.sql()
                .text(
                        """
                        select inhrelid::regclass::text from pg_inherits where inhparent = 'analytics.usage_events'::regclass
                        order by pg_relation_size(inhrelid) desc limit 1
                        """);
        plant.sql().execute("create tablespace tight location '" + place.get("DISK") + "/space'");
        plant.sql().execute("alter table " + relation + " set tablespace tight");
    }

    /** Whether this machine lets the tests have a disk of their own. */
    static boolean isPossible() {
        return LocalDev.script(
                                Map.of(),
                                AS_ROOT
                                        + """
                                        D=$(mktemp -d)
                                        as_root mount -t tmpfs none "$D" && as_root umount "$D"
                                        """)
                        .exitCode()
                == 0;
    }

    void fill() {
        plant.sql().execute("create table public.filler (line text) tablespace tight");
        // Its rows vanish with the failure, but not the pages that they have taken.
        plant.sql().execute(FILL);
    }

    @Override
    public void close() {
        plant.sql().execute("drop table if exists public.filler");
        plant.sql().execute("alter table " + relation + " set tablespace pg_default");
        plant.sql().execute("drop tablespace tight");
        plant.shell(place, AS_ROOT + "as_root umount \"$DISK\"; rmdir \"$DISK\"");
    }
}
