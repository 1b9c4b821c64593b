# shellcheck shell=bash
# The service itself: the built jar, as one more backend that can be started, paused and killed.

SERVICE_JAR=$REPO_DIR/target/quarkus-app/quarkus-run.jar

# The heap is bounded because a JVM otherwise takes a quarter of the machine. Only the first compiler: the second one took half
# of the service's processor time in a drain of 200,000 events, to save 4 us of the 50 us that an event costs the database.
# shellcheck disable=SC2034 # local-dev/bench measures with them.
SERVICE_JAVA_OPTS=$(tr '\n' ' ' <"$REPO_DIR/src/main/docker/jvm.options")
SERVICE_JAVA_OPTS=${SERVICE_JAVA_OPTS% }

must_build() {
    local sources=("$REPO_DIR"/{pom.xml,db,src/main,src/test/java/io/inference/analytics/devtools})
    [[ ! -f $SERVICE_JAR || -n $(find "${sources[@]}" -newer "$SERVICE_JAR" -print -quit) ]]
}

build_if_changed() {
    must_build || return 0
    step "Building the service (mvn -DskipTests package)"
    run_child quiet_maven -f "$REPO_DIR/pom.xml" -DskipTests package || die "the build failed"
    [[ -f $SERVICE_JAR ]] || die "the build made no target/quarkus-app/quarkus-run.jar"
    # A build that found nothing to do must not be repeated at each start.
    touch "$SERVICE_JAR"
}

service_start() {
    local http management
    [[ -f $SERVICE_JAR ]] || die "the service is not built (mvn -DskipTests package, or local-dev/run)"
    require_jdk
    jwt_ensure_keys
    http=$(setting HTTP_PORT)
    management=$(setting MANAGEMENT_PORT)
    require_free_port "$http" "set HTTP_PORT to another one"
    require_free_port "$management" "set MANAGEMENT_PORT to another one"
    conf_set service.http-port "$http"
    conf_set service.management-port "$management"
    local lines kept
    kept=$(kept_settings)
    [[ -z $kept ]] || note "The service keeps variables of its last start: ${kept% } (set one to change it; without" \
        "$STATE_DIR/conf/service.settings it forgets them)"
    lines=$(print_settings "${SETTINGS[@]}" "${PASSED_SETTINGS[@]}")
    conf_set service.settings "$lines"
    service_spawn "$lines"
    process_wait_ready service 60 service_ready "$http"
}

service_forget_settings() {
    rm -f -- "$STATE_DIR/conf/service.settings" "$STATE_DIR/conf/service.image" "$STATE_DIR"/conf/service.*port
}

# The settings are exported in a subshell only: the caller of this function keeps its environment.
service_spawn() {
    (
        set -a
        eval "$1"
        # No load balancer watches the local service.
        SHUTDOWN_DELAY=${SHUTDOWN_DELAY:-100ms}
        set +a
        if local_sign_in_offered; then
            export CONSOLE_LOCAL_KEY QUARKUS_PROFILE=local
            CONSOLE_LOCAL_KEY=$(jwt_private_key_file)
        fi
        # STORAGE_FLAVOUR is passed on as found, so that the service and its clients agree.
        if conf_has service.image; then
            image_spawn "${SETTINGS[@]}" "${PASSED_SETTINGS[@]}" SHUTDOWN_DELAY QUARKUS_PROFILE
            return
        fi
        # shellcheck disable=SC2086 # Several options in one variable are meant.
        process_spawn service '' "$(java_command)" ${ANALYTICS_JAVA_OPTS:-$SERVICE_JAVA_OPTS} \
            -jar "$SERVICE_JAR"
    )
}

# Whether one click signs in to the console: not with a key, a profile or tokens of the caller's own. Profile local differs from
# prod in nothing else.
local_sign_in_offered() {
    [[ ! -v QUARKUS_PROFILE && -z ${CONSOLE_LOCAL_KEY:-} ]] \
        && [[ $(setting JWT_PUBLIC_KEY) == "$(jwt_public_key_file)" ]]
}

service_ready() {
    curl -fs -o /dev/null --max-time 3 "http://127.0.0.1:$1/analytics/v1/status/readyz"
}
