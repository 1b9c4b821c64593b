# shellcheck shell=bash
# Backends of its own for one script, local-dev/test or local-dev/bench: never those of a local stack that happens to run.

. "$LIB_DIR/backend.sh"

# private_state DIRECTORY
private_state() {
    STATE_DIR=$1
    export ANALYTICS_STATE_DIR=$1
    ensure_state_dir
}

# with_private_backends NAME…: starts them with fresh data. They are stopped when the script ends, however it ends.
with_private_backends() {
    # What a shell that has read local-dev/env carries would point the script at the local stack's data.
    unset "${SETTINGS[@]}"
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    # Data of an earlier, interrupted run would make results depend on it.
    stop_private_backends
    wipe_data
    start_backends "$@"
}

stop_private_backends() {
    local name
    backend_stop service
    if [[ $(backends_provider) == docker ]]; then
        # Volumes of tests are worth nothing afterwards.
        docker_wipe
        return
    fi
    for name in "${BACKENDS[@]}"; do
        backend_stop "$name"
    done
}

clean_up() {
    local code=$?
    trap - EXIT
    # A second Ctrl-C must not leave half of it running.
    trap : INT TERM HUP
    end_children
    step "Stopping the backends"
    stop_private_backends || true
    remove_outside_data
    exit "$code"
}
