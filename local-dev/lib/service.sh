# shellcheck shell=bash
# The service itself: the built jar, as one more backend that can be started, paused and killed.

SERVICE_JAR=$REPO_DIR/target/quarkus-app/quarkus-run.jar

service_start() {
    local http management
    [[ -f $SERVICE_JAR ]] || die "the service is not built (mvn -DskipTests package, or local-dev/run)"
    require_jdk
    jwt_ensure_keys
    # What an earlier service was started with does not bind this one.
    rm -f -- "$STATE_DIR/conf/service.settings"
    http=${HTTP_PORT:-$(own_setting HTTP_PORT)}
    management=${MANAGEMENT_PORT:-$(own_setting MANAGEMENT_PORT)}
    require_free_port "$http" "HTTP_PORT of the service"
    require_free_port "$management" "MANAGEMENT_PORT of the service"
    conf_set service.http-port "$http"
    conf_set service.management-port "$management"
    local settings
    settings=$(print_settings)
    service_spawn "$settings"
    process_wait_ready service 60 service_ready "$http"
    conf_set service.settings "$settings"
}

# The settings are exported in a subshell only: the caller of this function keeps its environment.
service_spawn() {
    (
        set -a
        eval "$1"
        set +a
        # STORAGE_FLAVOUR is passed on as found, so that the service and its clients agree. The heap is
        # bounded because a JVM otherwise takes a quarter of the machine.
        # shellcheck disable=SC2086 # Several options in one variable are meant.
        process_spawn service '' "$(java_command)" ${ANALYTICS_JAVA_OPTS:--Xmx320m -XX:+ExitOnOutOfMemoryError} \
            -jar "$SERVICE_JAR"
    )
}

service_ready() {
    curl -fs -o /dev/null --max-time 3 "http://127.0.0.1:$1/analytics/v1/status/readyz"
}
