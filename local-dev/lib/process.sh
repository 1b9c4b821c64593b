# shellcheck shell=bash
# Starts, finds and signals the processes of one backend.
#
# A backend is the session that its first process leads, and everything descended from it. Process
# groups would not do: each PostgreSQL backend process leads a session of its own.

# Field 22 of /proc/PID/stat, the start in clock ticks since boot: it differs between a process and
# a later one with the same number. The name in field 2 may hold spaces, so it is cut off first.
process_start_ticks() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    read -ra stat <<<"${stat##*) }"
    printf '%s' "${stat[19]}"
}

not_zombie() {
    ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

process_record() {
    printf '%s %s %s\n' "$2" "$(process_start_ticks "$2")" "$(</proc/sys/kernel/random/boot_id)" \
        >"$STATE_DIR/run/$1.pid"
    rm -f -- "$STATE_DIR/run/$1.ready"
}

process_forget() {
    rm -f -- "$STATE_DIR/run/$1.pid" "$STATE_DIR/run/$1.ready"
}

# Prints "pid state" for each living process of the backend, the first process first. Zombies are
# gone for every purpose here; a container without an init process never reaps them.
process_list() {
    local name=$1 root ticks boot now
    [[ -f $STATE_DIR/run/$name.pid ]] || return 0
    read -r root ticks boot <"$STATE_DIR/run/$name.pid" || return 0
    [[ $boot == "$(</proc/sys/kernel/random/boot_id)" ]] || return 0
    # A number in use as a session cannot be given to a new process: another start time means that
    # the whole session has ended.
    if now=$(process_start_ticks "$root") && [[ $now != "$ticks" ]]; then
        return 0
    fi
    process_table | awk -v root="$root" '
        { pid[NR] = $1; state[NR] = $2; parent[NR] = $3; session[NR] = $4 }
        END {
            ours[root] = 1
            do {
                grew = 0
                for (i = 1; i <= NR; i++)
                    if (!(pid[i] in ours) && (parent[i] in ours || session[i] in ours)) {
                        ours[pid[i]] = 1
                        grew = 1
                    }
            } while (grew)
            for (i = 1; i <= NR; i++) if (pid[i] == root && state[i] !~ /[ZX]/) print pid[i], state[i]
            for (i = 1; i <= NR; i++) if (pid[i] in ours && pid[i] != root && state[i] !~ /[ZX]/) print pid[i], state[i]
        }'
}

# "pid state ppid session" of every process, straight from /proc: procps is not on every bare machine.
process_table() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | sed -E 's/^([0-9]+) \(.*\) ([A-Za-z]) ([0-9]+) [0-9]+ ([0-9]+) .*$/\1 \2 \3 \4/'
}

process_pids() {
    process_list "$1" | cut -d ' ' -f 1
}

# running, paused or stopped, which the first process decides: what it left behind is of no use.
process_status() {
    local pid state root
    read -r root _ 2>/dev/null <"$STATE_DIR/run/$1.pid" || root=none
    read -r pid state < <(process_list "$1") || true
    case ${pid:-gone}:${state:-} in
        "$root":T) printf 'paused' ;;
        "$root":*) printf 'running' ;;
        *) printf 'stopped' ;;
    esac
}

process_is() {
    [[ $(process_status "$1") == "$2" ]]
}

process_gone() {
    [[ -z $(process_list "$1") ]]
}

# Stops parents before it looks for their children, again until nothing new shows, so that nothing
# forked in between escapes. A single process stops no later than the signal is delivered.
process_freeze() {
    local name=$1 pids before=
    while pids=$(process_pids "$name") && [[ $pids != "$before" ]]; do
        before=$pids
        # shellcheck disable=SC2086 # One argument per process number is meant.
        kill -STOP $pids 2>/dev/null || true
    done
}

process_thaw() {
    local pids
    pids=$(process_pids "$1" | tac)
    # shellcheck disable=SC2086 # One argument per process number is meant.
    [[ -z $pids ]] || kill -CONT $pids 2>/dev/null || true
}

process_kill() {
    local name=$1 pids
    process_freeze "$name"
    pids=$(process_pids "$name")
    # shellcheck disable=SC2086 # One argument per process number is meant.
    [[ -z $pids ]] || kill -KILL $pids 2>/dev/null || true
    wait_until 20 process_gone "$name" || die "$name survives kill -9 (is its disk hanging?)"
    process_forget "$name"
}

# process_stop NAME SIGNAL SECONDS: asks the first process to end, and kills what is left afterwards.
process_stop() {
    local name=$1 signal=$2 seconds=$3 first
    first=$(process_pids "$name")
    first=${first%%$'\n'*}
    # RabbitMQ loses a signal that comes while it starts; and what never became ready has nothing to save.
    if [[ -n $first && -f $STATE_DIR/run/$name.ready ]]; then
        kill "-$signal" "$first" 2>/dev/null || true
        # A paused process would see the signal only when resumed.
        process_thaw "$name"
        wait_until "$seconds" process_is "$name" stopped \
            || note "$name did not end within $seconds s and is killed"
    fi
    # Helpers such as the name server of Erlang outlive their first process.
    process_gone "$name" || process_kill "$name"
    process_forget "$name"
}

# process_spawn NAME USER COMMAND…: starts a detached process as that user ('' = the caller). Nothing
# of the caller stays open in it: neither the terminal, nor pipes that somebody reads to their end,
# nor locks.
process_spawn() {
    local name=$1 user=$2 as=() traps
    shift 2
    if [[ -n $user ]]; then
        # setpriv replaces itself by the command, runuser would stay as its parent.
        as=(setpriv "--reuid=$user" "--regid=$(id -gn "$user")" --init-groups)
    fi
    # Between the start and its record the process would escape a Ctrl-C, so that one waits for the next.
    traps=$(trap -p INT TERM HUP)
    trap : INT TERM HUP
    (
        cd /
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            ((fd <= 2)) || eval "exec $fd>&-"
        done
        # A shell without a terminal makes its background commands ignore these two signals.
        exec env --default-signal=INT,QUIT setsid "${as[@]}" "$@"
    ) </dev/null >>"$(log_file "$name")" 2>&1 &
    process_record "$name" $!
    disown $! 2>/dev/null || true
    trap - INT TERM HUP
    eval "$traps"
}

# process_wait_ready NAME SECONDS COMMAND…: waits for the command to succeed as long as the process lives.
process_wait_ready() {
    local name=$1 seconds=$2
    shift 2
    local end=$((SECONDS + seconds))
    until "$@"; do
        if process_is "$name" stopped; then
            die_with_log "$name" "$name ended while starting"
        fi
        ((SECONDS < end)) || die_with_log "$name" "$name was not ready within $seconds s"
        sleep 0.1
    done
    : >"$STATE_DIR/run/$name.ready"
}

# run_child COMMAND…: runs a command that takes long such that a signal to this script is heeded at once
# and not at the command's end. The script's EXIT trap calls end_children. The command reads no input, and
# does not keep the lock that the script holds (kept_lock) longer than the script lives.
children=()
kept_lock=''
run_child() {
    start_child "$@"
    await_children
}

# start_child COMMAND…: the same without waiting; await_children waits for all of them and fails if one did.
start_child() {
    if [[ -n $kept_lock ]]; then
        "$@" </dev/null {kept_lock}>&- &
    else
        "$@" </dev/null &
    fi
    children+=($!)
}

await_children() {
    local pid code=0
    for pid in "${children[@]}"; do
        wait "$pid" || code=$?
    done
    children=()
    return "$code"
}

end_children() {
    local pid
    for pid in "${children[@]}"; do
        # Again and again: a child that is recording a new process ignores the signal for that moment.
        while kill "$pid" 2>/dev/null; do
            sleep 0.1
        done
        wait "$pid" 2>/dev/null || true
    done
    children=()
}
