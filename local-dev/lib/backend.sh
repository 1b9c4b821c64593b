# shellcheck shell=bash
# One way to start, stop and disturb each backend, for every provider of it.

. "$LIB_DIR/install.sh"
. "$LIB_DIR/process.sh"
. "$LIB_DIR/native.sh"
. "$LIB_DIR/settings.sh"
. "$LIB_DIR/docker.sh"
. "$LIB_DIR/service.sh"
. "$LIB_DIR/image.sh"

# docker, native or external. The provider of a state directory is recorded, so that its backends are
# found again when a Docker daemon appears or goes meanwhile.
backends_provider() {
    case ${ANALYTICS_BACKENDS:-} in
        docker | native | external) printf '%s' "$ANALYTICS_BACKENDS" ;;
        '')
            if ! conf_get provider; then
                if docker_answers; then printf 'docker'; else printf 'native'; fi
            fi
            ;;
        *) usage_error "ANALYTICS_BACKENDS is $ANALYTICS_BACKENDS (expected: docker, native or external)" ;;
    esac
}

# The service is always a process of this machine; the others are what the provider makes of them.
backend_provider() {
    if [[ $1 == service ]]; then
        printf 'native'
    else
        backends_provider
    fi
}

backend_status() {
    case $(backend_provider "$1") in
        docker) docker_status "$1" ;;
        *) process_status "$1" ;;
    esac
}

backend_start() {
    local name=$1 provider
    provider=$(backend_provider "$name")
    refuse_external "$name" "$provider"
    ensure_state_dir
    [[ $name == service ]] || conf_set provider "$provider"
    if [[ $provider == docker ]]; then
        docker_start "$name"
    else
        with_lock "$name" native_start "$name"
    fi
}

# start_backends NAME…: processes all at once, because each spends half of its start waiting.
start_backends() {
    local name provider
    provider=$(backends_provider)
    if [[ $provider == native ]]; then
        # Before the others, which would all do it: choose where the data lies, and resolve what Maven brings.
        data_root >/dev/null
        [[ " $* " != *" s3 "* ]] || program_classpath s3proxy s3proxy >/dev/null
    fi
    for name in "$@"; do
        step "Starting $name ($provider)"
        if [[ $provider == native ]]; then
            start_child backend_start_child "$name"
        else
            backend_start "$name"
        fi
    done
    await_children
}

# A signal ends it between two steps, so that nothing which it started goes on without a record.
backend_start_child() {
    trap 'exit 143' TERM
    backend_start "$1"
}

native_start() {
    local name=$1
    case $(process_status "$name") in
        running) native_await "$name" ;;
        paused)
            process_thaw "$name"
            native_await "$name"
            ;;
        stopped)
            # Left-overs of a first process that died would hold its ports.
            process_gone "$name" || process_kill "$name"
            if [[ $name == service ]]; then
                service_start
            else
                "${name}_native_start"
            fi
            ;;
    esac
}

# A running one may be starting still, by another hand or after a pause.
native_await() {
    case $1 in
        postgres) process_wait_ready postgres 60 postgres_ready "$(postgres_bindir)" "$(conf_get postgres.port)" ;;
        rabbitmq)
            process_wait_ready rabbitmq 90 rabbitmq_ready \
                "$(conf_get rabbitmq.port)" "$(conf_get rabbitmq.stream-port)"
            ;;
        redis) process_wait_ready redis 20 redis_ready "$(conf_get redis.port)" "$(conf_get redis.password)" ;;
        s3) process_wait_ready s3 60 s3_ready "$(conf_get s3.port)" ;;
        service) process_wait_ready service 60 service_ready "$(conf_get service.http-port)" ;;
    esac
}

backend_stop() {
    local name=$1 provider
    provider=$(backend_provider "$name")
    refuse_external "$name" "$provider"
    if [[ $provider == docker ]]; then
        docker_action "$name" stop
        return
    fi
    # PostgreSQL waits for its clients to leave after TERM; INT makes it send them away.
    case $name in
        postgres) process_stop postgres INT 30 ;;
        *) process_stop "$name" TERM 30 ;;
    esac
}

# stop_all NAME…: the last first, because the service is started last and needs the others to end well.
# One that does not stop keeps none of the others running.
stop_all() {
    local names=("$@") i code=0
    for ((i = ${#names[@]} - 1; i >= 0; i--)); do
        step "Stopping ${names[i]}"
        (backend_stop "${names[i]}") || code=1
    done
    if [[ $(backends_provider) == docker ]]; then
        docker_stop_observers
    fi
    return "$code"
}

# kill, pause and resume.
backend_disturb() {
    local name=$1 action=$2 provider
    provider=$(backend_provider "$name")
    refuse_external "$name" "$provider"
    if [[ $action != kill && $(backend_status "$name") == stopped ]]; then
        die "$name is not running"
    fi
    if [[ $provider == docker ]]; then
        docker_action "$name" "$action"
        return
    fi
    case $action in
        kill) process_kill "$name" ;;
        pause) process_freeze "$name" ;;
        resume) process_thaw "$name" ;;
    esac
}

# Limits that are reached already raise an alarm; those of the start end it.
rabbitmq_alarm() {
    refuse_external rabbitmq "$(backends_provider)"
    case $1 in
        memory-alarm) rabbitmq_ctl set_vm_memory_high_watermark 0.00001 ;;
        disk-alarm) rabbitmq_ctl set_disk_free_limit 1000000GB ;;
        no-alarm)
            rabbitmq_ctl set_vm_memory_high_watermark 0.4
            rabbitmq_ctl set_disk_free_limit 50MB
            ;;
    esac
}

rabbitmq_ctl() {
    if [[ $(backends_provider) == docker ]]; then
        docker_compose exec -T rabbitmq rabbitmqctl -q "$@" >&2 </dev/null
    else
        rabbitmq_native_ctl "$@"
    fi
}

refuse_external() {
    [[ $2 != external ]] || die "$1 is external (ANALYTICS_BACKENDS=external): it is started and stopped elsewhere"
}
