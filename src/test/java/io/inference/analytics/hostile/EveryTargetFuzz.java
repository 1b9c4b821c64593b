package io.inference.analytics.hostile;

import com.opencsv.exceptions.CsvException;
import io.inference.analytics.event.EventCodecFuzz;
import io.inference.analytics.platform.CsvFuzz;
import io.inference.analytics.settings.SettingsFuzz;
import io.inference.analytics.usage.QueriesFuzz;
import java.io.IOException;
import java.util.Arrays;

/** All targets in one process, for the short run: the first byte chooses. */
public final class EveryTargetFuzz {

    private EveryTargetFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException, CsvException {
        if (data.length == 0) {
            return;
        }
        byte[] rest = Arrays.copyOfRange(data, 1, data.length);
        switch (data[0] & 3) {
            case 0 -> EventCodecFuzz.fuzzerTestOneInput(rest);
            case 1 -> CsvFuzz.fuzzerTestOneInput(rest);
            case 2 -> QueriesFuzz.fuzzerTestOneInput(rest);
            default -> SettingsFuzz.fuzzerTestOneInput(rest);
        }
    }
}
