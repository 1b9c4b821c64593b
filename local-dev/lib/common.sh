# shellcheck shell=bash
# shellcheck disable=SC2034 # The scripts that source this use the variables.
# What every script of local-dev shares: paths, messages, recorded values, ports and waiting.
# Sourced, never run. Callers have already set `set -euo pipefail`.

# JDK 17 under LANG=C mangles non-ASCII arguments, so every script runs in the same UTF-8 locale.
export LC_ALL=C.UTF-8

LIB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
LOCAL_DEV_DIR=$(dirname "$LIB_DIR")
REPO_DIR=$(dirname "$LOCAL_DEV_DIR")

# A relative ANALYTICS_STATE_DIR is meant from where the caller stands; scripts change directory later.
STATE_DIR=$(realpath -m -- "${ANALYTICS_STATE_DIR:-$LOCAL_DEV_DIR/.state}")
[[ -z ${ANALYTICS_STATE_DIR:-} ]] || export ANALYTICS_STATE_DIR=$STATE_DIR

SCRIPT_NAME=local-dev/$(basename "$0")

BACKENDS=(postgres rabbitmq redis s3)

note() {
    printf '%s\n' "$*" >&2
}

# Progress goes to standard error, so that what a script prints can be captured.
step() {
    printf '==> %s\n' "$*" >&2
}

die() {
    printf '%s: %s\n' "$SCRIPT_NAME" "$*" >&2
    exit 1
}

usage_error() {
    printf '%s: %s\nTry %s --help.\n' "$SCRIPT_NAME" "$*" "$SCRIPT_NAME" >&2
    exit 2
}

# help_wanted ARGUMENT…: when one of them asks for help, prints the comment at the head of the script and ends.
help_wanted() {
    local argument
    for argument in "$@"; do
        if [[ $argument == -h || $argument == --help ]]; then
            sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
            exit 0
        fi
    done
}

no_arguments() {
    help_wanted "$@"
    (($# == 0)) || usage_error "unexpected argument: $1"
}

# Processes are found through /proc, with Docker too: the service itself is one.
[[ -r /proc/self/stat ]] || die "this needs Linux (or a Linux machine in WSL or a container)"

have() {
    command -v "$1" >/dev/null 2>&1
}

is_root() {
    [[ $(id -u) -eq 0 ]]
}

# Directories of the state must stay traversable for the servers' own users, so no tight umask here;
# what is secret is written by conf_set, which is tight.
ensure_state_dir() {
    (umask 022 && mkdir -p -- "$STATE_DIR/conf" "$STATE_DIR/log" "$STATE_DIR/run") 2>/dev/null \
        || die "the state directory $STATE_DIR cannot be created (set ANALYTICS_STATE_DIR to one that can)"
    [[ -w $STATE_DIR/conf && -w $STATE_DIR/run ]] \
        || die "the state directory $STATE_DIR belongs to another user (set ANALYTICS_STATE_DIR to one of your own)"
    chmod go-r "$STATE_DIR/conf" "$STATE_DIR/log" "$STATE_DIR/run"
}

# Recorded values (ports, credentials) are one small file each, so that reading one never runs code
# and writing one is atomic.
conf_get() {
    local file=$STATE_DIR/conf/$1
    [[ -f $file ]] && printf '%s' "$(<"$file")"
}

conf_has() {
    [[ -f $STATE_DIR/conf/$1 ]]
}

conf_set() {
    local file=$STATE_DIR/conf/$1
    (umask 077 && printf '%s\n' "$2" >"$file.new.$BASHPID" && mv -f -- "$file.new.$BASHPID" "$file")
}

# Prints the recorded value, or records what the rest of the command line prints and prints that.
conf_get_or_make() {
    local key=$1
    shift
    conf_has "$key" || conf_set "$key" "$("$@")"
    conf_get "$key"
}

random_secret() {
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# /proc/net lists listeners of every address; a probe by connecting would miss those bound elsewhere
# and would leave traces in the logs of whatever listens there.
port_in_use() {
    local hex file
    printf -v hex '%04X' "$1"
    for file in /proc/net/tcp /proc/net/tcp6; do
        [[ -r $file ]] || continue
        if grep -q "^ *[0-9]*: [0-9A-F]*:$hex [0-9A-F]*:[0-9A-F]* 0A " "$file"; then
            return 0
        fi
    done
    return 1
}

# Below the ephemeral range (32768 and up), so that no outgoing connection takes the port while its
# server is down for a restart.
free_port() {
    local port
    for _ in {1..200}; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 10000))
        if ! port_in_use "$port"; then
            printf '%s' "$port"
            return 0
        fi
    done
    die "no free port between 20000 and 29999"
}

# require_free_port PORT ADVICE
require_free_port() {
    if port_in_use "$1"; then
        die "port $1 is taken by another program ($2)"
    fi
}

# wait_until SECONDS COMMAND…: tries the command ten times a second; fails when the time is over.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

tcp_answers() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Runs a command while holding the named lock of this state directory, so that two scripts cannot
# start the same backend at the same time.
with_lock() {
    local name=$1 fd
    shift
    exec {fd}>"$STATE_DIR/run/$name.lock"
    flock "$fd"
    "$@"
    exec {fd}>&-
}

single_quote() {
    local escaped=${1//\'/\'\\\'\'}
    printf "'%s'" "$escaped"
}

log_file() {
    printf '%s' "$STATE_DIR/log/$1.log"
}

die_with_log() {
    local name=$1
    shift
    note "--- the end of $(log_file "$name"):"
    tail -n 40 "$(log_file "$name")" >&2 || true
    note "---"
    die "$@"
}
