# shellcheck shell=bash
# The same backends as containers. Ports and credentials are recorded in the state directory just as
# those of the native instances, so local-dev/env prints the same settings for both.

# A client without its compose plugin is as good as none.
docker_answers() {
    have docker && docker compose version >/dev/null 2>&1 && timeout 5 docker info >/dev/null 2>&1
}

# One compose project per state directory, so that tests and the local stack do not meet.
docker_project() {
    printf 'analytics-%s' "$(printf '%s' "$STATE_DIR" | cksum | cut -d ' ' -f 1)"
}

docker_compose() {
    POSTGRES_PORT=$(conf_get_or_make postgres.port free_port) \
        POSTGRES_PASSWORD=$(conf_get_or_make postgres.password random_secret) \
        RABBITMQ_PORT=$(conf_get_or_make rabbitmq.port free_port) \
        RABBITMQ_STREAM_PORT=$(conf_get_or_make rabbitmq.stream-port free_port) \
        RABBITMQ_PASSWORD=$(conf_get_or_make rabbitmq.password random_secret) \
        REDIS_PORT=$(conf_get_or_make redis.port free_port) \
        REDIS_PASSWORD=$(conf_get_or_make redis.password random_secret) \
        S3_PORT=$(conf_get_or_make s3.port free_port) \
        S3_ACCESS_KEY=$(conf_get_or_make s3.access-key random_secret) \
        S3_SECRET_KEY=$(conf_get_or_make s3.secret-key random_secret) \
        PROMETHEUS_PORT=$(conf_get_or_make prometheus.port free_port) \
        GRAFANA_PORT=$(conf_get_or_make grafana.port free_port) \
        HTTP_PORT=$(setting HTTP_PORT) \
        MANAGEMENT_PORT=$(setting MANAGEMENT_PORT) \
        GRAFANA_API_TOKEN=${GRAFANA_API_TOKEN:-} \
        docker compose --project-name "$(docker_project)" --file "$LOCAL_DEV_DIR/docker-compose.yml" "$@"
}

docker_status() {
    local state
    state=$(docker_compose ps --all --format '{{.State}}' "$1" 2>/dev/null | head -n 1)
    case $state in
        running | paused) printf '%s' "$state" ;;
        *) printf 'stopped' ;;
    esac
}

docker_start() {
    local name=$1
    # A paused container counts as up, so that it has to be resumed first.
    [[ $(docker_status "$name") != paused ]] || docker_action "$name" resume
    docker_compose up --detach --wait --quiet-pull "$name" >&2 </dev/null || die "the container of $name did not start"
    [[ $name != postgres ]] || conf_set postgres.flavour timescale
}

# Prometheus and Grafana only look at the stack; nothing depends on them.
docker_start_observers() {
    local GRAFANA_API_TOKEN
    # Grafana reads the API as somebody who may see everything; it is reached from this machine only.
    GRAFANA_API_TOKEN=$("$LOCAL_DEV_DIR/token" --role system-admin --sub grafana --ttl 365d)
    docker_compose up --detach --quiet-pull prometheus grafana >&2 </dev/null \
        || note "Prometheus and Grafana could not be started; the rest runs without them"
}

docker_stop_observers() {
    docker_compose stop prometheus grafana >&2 </dev/null || true
}

docker_action() {
    local name=$1 action=$2
    case $action in
        stop) docker_compose stop "$name" >&2 </dev/null ;;
        kill) docker_compose kill --signal KILL "$name" >&2 </dev/null ;;
        pause) docker_compose pause "$name" >&2 </dev/null ;;
        resume) docker_compose unpause "$name" >&2 </dev/null ;;
        *) die "unknown action: $action" ;;
    esac
}

docker_wipe() {
    docker_compose down --volumes --remove-orphans >&2 </dev/null
}
