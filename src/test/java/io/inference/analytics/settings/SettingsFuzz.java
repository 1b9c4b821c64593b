package io.inference.analytics.settings;

import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** No values of settings make the checks throw, and no fault shows what may be a secret. */
public final class SettingsFuzz {

    private static final List<Setting> SETTINGS = List.of(Setting.values());

    private SettingsFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Map<Setting, String> given = new EnumMap<>(Setting.class);
        for (String line : new String(data, StandardCharsets.UTF_8).split("\n", -1)) {
            if (!line.isEmpty()) {
                given.put(SETTINGS.get(Math.floorMod(line.charAt(0), SETTINGS.size())), line.substring(1));
            }
        }
        SettingsCheck.faults(Set.of(), name -> SETTINGS.stream()
                .filter(setting -> setting.name().equals(name))
                .findFirst()
                .map(given::get));
        List<String> unsafe = ProductionCheck.faults(setting -> Optional.ofNullable(given.get(setting)));
        String password = "S3cr3t";
        given.put(Setting.DATABASE_URL, "postgres://u:" + password + "@h/" + new String(data, StandardCharsets.UTF_8));
        for (String fault : SettingsCheck.faults(
                Set.of(),
                name -> Optional.ofNullable(name.equals("DATABASE_URL") ? given.get(Setting.DATABASE_URL) : null))) {
            if (fault.contains(password)) {
                throw new IllegalStateException("a fault shows a password");
            }
        }
        if (unsafe.size() > 5) {
            throw new IllegalStateException("more faults than rules");
        }
    }
}
