# shellcheck shell=bash
# The private native instances: data, ports and credentials below the state directory, every listener
# on 127.0.0.1, and nothing shared with servers that the machine runs for itself.

# Servers that refuse or should not run as root get the user of their Debian package. Prints nothing
# for a caller who is not root: then everything runs as the caller.
server_user() {
    is_root || return 0
    if id -u "$1" >/dev/null 2>&1; then
        printf '%s' "$1"
    else
        id -nu 65534
    fi
}

as_server_user() {
    local user=$1
    shift
    if [[ -n $user ]]; then
        setpriv "--reuid=$user" "--regid=$(id -gn "$user")" --init-groups "$@"
    else
        "$@"
    fi
}

# Where the data lies. Another user cannot reach a repository below /root, so the data of such a one
# goes to a directory of its own, which the state directory records.
data_root() {
    local root
    if ! root=$(conf_get data.root) || [[ ! -d $root ]]; then
        root=$STATE_DIR/data
        (umask 022 && mkdir -p -- "$root")
        if is_root && ! as_server_user "$(server_user postgres)" test -x "$root"; then
            root=$(mktemp -d /var/tmp/analytics-data.XXXXXXXX)
            chmod 755 "$root"
        fi
        conf_set data.root "$root"
    fi
    printf '%s' "$root"
}

# make_data_dir NAME USER: a directory that only that user reads. Prints its path.
make_data_dir() {
    local dir
    dir=$(data_root)/$1
    mkdir -p -- "$dir"
    chmod 700 "$dir"
    [[ -z $2 ]] || chown "$2" "$dir"
    printf '%s' "$dir"
}

# Ports and credentials survive, so that a shell that has read local-dev/env keeps working.
wipe_data() {
    local root
    root=$(conf_get data.root) || return 0
    rm -rf -- "$root" "$STATE_DIR/conf/data.root"
    local name
    for name in "${BACKENDS[@]}" service; do
        rm -f -- "$(log_file "$name")"
    done
}

# Data outside of the state directory is not removed together with it. The logs stay.
remove_outside_data() {
    local root
    root=$(conf_get data.root) || return 0
    [[ $root == "$STATE_DIR"/* ]] || rm -rf -- "$root" "$STATE_DIR/conf/data.root"
}

# recorded_port KEY: the recorded port, or a free one that is then recorded.
recorded_port() {
    conf_get_or_make "$1" free_port
}

# A recorded port that is taken meanwhile is an error, because clients may know it already.
check_recorded_port() {
    require_free_port "$1" "it was recorded for $2; local-dev/run without --keep-data chooses another"
}

# --- PostgreSQL ---------------------------------------------------------------------------------

postgres_native_start() {
    local bindir user data port password
    bindir=$(postgres_bindir) || die "no PostgreSQL server (install the package postgresql)"
    user=$(server_user postgres)
    port=$(recorded_port postgres.port)
    check_recorded_port "$port" PostgreSQL
    password=$(conf_get_or_make postgres.password random_secret)
    data=$(make_data_dir postgres "$user")/cluster
    as_server_user "$user" test -f "$data/PG_VERSION" || postgres_init "$bindir" "$user" "$data" "$password"
    # Data of another major version can only be opened by its own server.
    local major
    major=$(as_server_user "$user" cat "$data/PG_VERSION")
    [[ -x /usr/lib/postgresql/$major/bin/postgres ]] && bindir=/usr/lib/postgresql/$major/bin
    postgres_clear_lock "$user" "$data"
    postgres_configure "$bindir" "$user" "$data" "$port"
    # With this file, a node of Citus connects to itself, for any role that has the password of its owner.
    printf '127.0.0.1:%s:*:*:%s\n' "$port" "$password" | as_server_user "$user" tee "$data/pgpass" >/dev/null
    as_server_user "$user" chmod 600 "$data/pgpass"
    process_spawn postgres "$user" env -i "PATH=$PATH" LC_ALL=C.UTF-8 "PGPASSFILE=$data/pgpass" "$bindir/postgres" -D "$data"
    process_wait_ready postgres 60 postgres_ready "$bindir" "$port"
    postgres_create_database "$port" "$password"
}

postgres_init() {
    local bindir=$1 user=$2 data=$3 password=$4 log
    log=$(log_file postgres)
    step "Creating a private PostgreSQL"
    # What the data is used with is decided here for good.
    if wants_citus; then conf_set postgres.citus yes; else conf_set postgres.citus no; fi
    # Through a file in a directory that only the server's user reads: arguments show in process listings.
    printf '%s\n' "$password" | as_server_user "$user" tee "$data.password" >/dev/null
    # What a killed attempt left would be refused. No sync while creating: a crash of the machine in
    # these seconds leaves nothing worth keeping.
    rm -rf -- "$data"
    as_server_user "$user" env -i "PATH=$PATH" LC_ALL=C.UTF-8 "$bindir/initdb" \
        -D "$data" -U analytics --pwfile="$data.password" --auth=scram-sha-256 -E UTF8 --locale=C.UTF-8 \
        --no-sync >>"$log" 2>&1 </dev/null || die_with_log postgres "initdb failed"
    rm -f -- "$data.password"
}

# After kill -9 the lock file names the dead server. PostgreSQL sees by itself that it is stale, but not
# while the dead one is a zombie, which in a container without an init process it is for ever. Short of
# that the file is left to PostgreSQL, which also clears the shared memory that the file names.
postgres_clear_lock() {
    local user=$1 lock=$2/postmaster.pid pid
    pid=$(as_server_user "$user" head -n 1 "$lock" 2>/dev/null) || return 0
    wait_until 2 not_zombie "$pid" || as_server_user "$user" rm -f -- "$lock"
}

# The configuration is written at every start, so that a TimescaleDB that was installed since is offered.
postgres_configure() {
    local bindir=$1 user=$2 data=$3 port=$4 preload='' flavour=postgres
    # One server loads one of the two.
    if [[ $(conf_get postgres.citus) == yes ]]; then
        postgres_offers "$bindir" citus || die "flavour citus is wanted, but $bindir has no extension citus"
        preload=citus
        flavour=citus
    elif postgres_offers_timescale "$bindir"; then
        preload=timescaledb
        flavour=timescale
    fi
    conf_set postgres.flavour "$flavour"
    {
        cat <<CONF
listen_addresses = '127.0.0.1'
port = $port
# Socket paths are limited to 107 bytes, which a deep state directory exceeds.
unix_socket_directories = ''
max_connections = 100
shared_buffers = ${POSTGRES_SHARED_BUFFERS:-256MB}
fsync = ${POSTGRES_FSYNC:-on}
max_wal_size = 4GB
checkpoint_timeout = 15min
max_worker_processes = 32
timezone = 'UTC'
log_timezone = 'UTC'
shared_preload_libraries = '$preload'
CONF
        if [[ $preload == timescaledb ]]; then
            echo "timescaledb.telemetry_level = off"
        elif [[ $preload == citus ]]; then
            # A cluster of one node, which connects to itself.
            cat <<CONF
max_connections = 400
wal_level = logical
max_prepared_transactions = 800
max_locks_per_transaction = 512
citus.local_hostname = '127.0.0.1'
citus.recover_2pc_interval = '5s'
citus.enable_statistics_collection = off
CONF
        fi
    } | as_server_user "$user" tee "$data/analytics.conf" >/dev/null
    if ! as_server_user "$user" grep -q '^include = ' "$data/postgresql.conf"; then
        echo "include = 'analytics.conf'" | as_server_user "$user" tee -a "$data/postgresql.conf" >/dev/null
    fi
}

# Only on demand: a server that loads Citus cannot offer TimescaleDB.
wants_citus() {
    [[ ${ANALYTICS_FLAVOURS:-} == citus || ${STORAGE_FLAVOUR:-} == citus ]]
}

postgres_ready() {
    if [[ -x $1/pg_isready ]]; then
        "$1/pg_isready" -q -h 127.0.0.1 -p "$2" -d postgres -U analytics
    else
        tcp_answers "$2"
    fi
}

postgres_create_database() {
    local url="postgresql://analytics@127.0.0.1:$1/postgres"
    if [[ -z $(PGPASSWORD=$2 psql -XAtq "$url" -c "SELECT 1 FROM pg_database WHERE datname = 'analytics'") ]]; then
        PGPASSWORD=$2 psql -Xq "$url" -c 'CREATE DATABASE analytics'
        if [[ $(conf_get postgres.flavour) == citus ]]; then
            PGPASSWORD=$2 psql -Xq "${url%/*}/analytics" -c 'CREATE EXTENSION citus'
        fi
    fi
}

# --- Redis --------------------------------------------------------------------------------------

redis_native_start() {
    local user data port password
    have redis-server || die "no Redis server (install the package redis-server)"
    user=$(server_user redis)
    port=$(recorded_port redis.port)
    check_recorded_port "$port" Redis
    password=$(conf_get_or_make redis.password random_secret)
    data=$(make_data_dir redis "$user")
    # Redis holds hints that may vanish at any moment, so it keeps nothing on disk.
    as_server_user "$user" tee "$data/redis.conf" >/dev/null <<CONF
bind 127.0.0.1
port $port
requirepass $password
dir $data
save ""
appendonly no
daemonize no
maxmemory 256mb
maxmemory-policy allkeys-lru
CONF
    process_spawn redis "$user" env -i "PATH=$PATH" LC_ALL=C.UTF-8 redis-server "$data/redis.conf"
    process_wait_ready redis 20 redis_ready "$port" "$password"
}

redis_ready() {
    local reply
    # In a subshell: a failing redirection of exec would end the script itself.
    reply=$(
        exec 2>/dev/null
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
        printf 'AUTH %s\r\nPING\r\n' "$2" >&3
        read -r -t 2 _ <&3
        read -r -t 2 pong <&3
        printf '%s' "$pong"
    ) || return 1
    [[ $reply == +PONG* ]]
}

# --- RabbitMQ -----------------------------------------------------------------------------------

rabbitmq_native_start() {
    local command user data amqp stream dist epmd password node
    command=$(rabbitmq_server_command) || die "no RabbitMQ server (install the package rabbitmq-server)"
    user=$(server_user rabbitmq)
    amqp=$(recorded_port rabbitmq.port)
    stream=$(recorded_port rabbitmq.stream-port)
    dist=$(recorded_port rabbitmq.dist-port)
    epmd=$(recorded_port rabbitmq.epmd-port)
    local port
    for port in "$amqp" "$stream" "$dist" "$epmd"; do
        check_recorded_port "$port" RabbitMQ
    done
    password=$(conf_get_or_make rabbitmq.password random_secret)
    node=$(conf_get_or_make rabbitmq.node rabbitmq_node_name)
    data=$(make_data_dir rabbitmq "$user")
    rabbitmq_configure "$user" "$data" "$amqp" "$stream" "$password"
    # The name server (epmd) is started in the same session, so that it is paused and killed with the
    # node; the node would otherwise start one that listens everywhere and outlives it. Nothing of the
    # machine's own node may leak in, so the environment starts empty.
    # shellcheck disable=SC2016 # The inner shell expands.
    process_spawn rabbitmq "$user" env -i "PATH=$PATH" LC_ALL=C.UTF-8 "HOME=$data" \
        "ERL_EPMD_PORT=$epmd" ERL_EPMD_ADDRESS=127.0.0.1 \
        "RABBITMQ_NODENAME=$node" "RABBITMQ_DIST_PORT=$dist" \
        "RABBITMQ_MNESIA_BASE=$data/mnesia" "RABBITMQ_LOG_BASE=$data/log" \
        "RABBITMQ_CONFIG_FILE=$data/rabbitmq.conf" "RABBITMQ_CONF_ENV_FILE=$data/rabbitmq-env.conf" \
        "RABBITMQ_ADVANCED_CONFIG_FILE=$data/advanced.config" \
        "RABBITMQ_ENABLED_PLUGINS_FILE=$data/enabled_plugins" "RABBITMQ_PID_FILE=$data/node.pid" \
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} $ERLANG_NO_BUSY_WAIT" \
        sh -c 'epmd & until epmd -names >/dev/null 2>&1; do sleep 0.1; done; exec "$0"' "$command"
    process_wait_ready rabbitmq 90 rabbitmq_ready "$amqp" "$stream"
}

rabbitmq_native_ctl() {
    local data command
    data=$(data_root)/rabbitmq
    command=$(dirname "$(rabbitmq_server_command)")/rabbitmqctl
    as_server_user "$(server_user rabbitmq)" env -i "PATH=$PATH" LC_ALL=C.UTF-8 "HOME=$data" \
        "ERL_EPMD_PORT=$(conf_get rabbitmq.epmd-port)" "RABBITMQ_CONF_ENV_FILE=$data/rabbitmq-env.conf" \
        "$command" -q -n "$(conf_get rabbitmq.node)" "$@" >&2 </dev/null
}

# Idle schedulers of Erlang spin by default, on processors that everything else here needs as well.
ERLANG_NO_BUSY_WAIT='+sbwt none +sbwtdcpu none +sbwtdio none'

rabbitmq_node_name() {
    printf 'analytics-%s@localhost' "$(random_secret | cut -c 1-8)"
}

rabbitmq_configure() {
    local user=$1 data=$2 amqp=$3 stream=$4 password=$5
    # The machine's file of the same name is read when there is none here.
    as_server_user "$user" tee "$data/rabbitmq-env.conf" </dev/null
    echo '[rabbitmq_stream].' | as_server_user "$user" tee "$data/enabled_plugins" >/dev/null
    as_server_user "$user" tee "$data/rabbitmq.conf" >/dev/null <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp
stream.listeners.tcp.1 = 127.0.0.1:$stream
stream.advertised_host = localhost
stream.advertised_port = $stream
default_user = analytics
default_pass = $password
default_vhost = /
disk_free_limit.absolute = 50MB
log.console = true
log.console.level = info
log.file = false
CONF
}

# Both protocols must answer: the stream listener opens with its plugin, at another moment than AMQP.
rabbitmq_ready() {
    tcp_answers "$2" || return 1
    local first
    # A broker that accepts AMQP answers the protocol header with a method frame, whose type is 1.
    first=$(
        exec 2>/dev/null
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
        printf 'AMQP\x00\x00\x09\x01' >&3
        timeout 3 head -c 1 <&3 | od -An -tx1
    ) || return 1
    [[ $first == *01 ]]
}

# --- S3 -----------------------------------------------------------------------------------------

s3_native_start() {
    local classpath port data access secret bucket
    classpath=$(program_classpath s3proxy s3proxy)
    port=$(recorded_port s3.port)
    check_recorded_port "$port" S3
    access=$(conf_get_or_make s3.access-key random_secret)
    secret=$(conf_get_or_make s3.secret-key random_secret)
    bucket=${S3_BUCKET:-analytics-exports}
    data=$(make_data_dir s3 '')
    mkdir -p -- "$data/buckets/$bucket"
    (
        umask 077
        cat >"$data/s3proxy.conf" <<CONF
s3proxy.endpoint=http://127.0.0.1:$port
s3proxy.authorization=aws-v4
s3proxy.identity=$access
s3proxy.credential=$secret
jclouds.provider=filesystem
jclouds.identity=local
jclouds.credential=local
jclouds.filesystem.basedir=$data/buckets
CONF
        # Its logging library writes every step of every request by default.
        cat >"$data/logback.xml" <<'CONF'
<configuration>
  <appender name="stdout" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger{20} %msg%n</pattern></encoder>
  </appender>
  <root level="info"><appender-ref ref="stdout"/></root>
</configuration>
CONF
    )
    process_spawn s3 '' env -u JAVA_TOOL_OPTIONS "$(java_command)" -Xmx128m -XX:+UseSerialGC \
        "-Dlogback.configurationFile=$data/logback.xml" \
        -cp "$classpath" org.gaul.s3proxy.Main --properties "$data/s3proxy.conf"
    process_wait_ready s3 60 s3_ready "$port"
}

# program_classpath DIRECTORY ARTIFACT: the class path of a server with a build file of its own, which only resolves it.
program_classpath() {
    local file=$REPO_DIR/target/$1-classpath.txt pom=$LOCAL_DEV_DIR/$1/pom.xml
    if [[ $pom -nt $file ]] || ! classpath_usable "$file" "$2"; then
        step "Resolving $2"
        mkdir -p -- "$REPO_DIR/target"
        (quiet_maven -f "$pom" dependency:build-classpath "-Dmdep.outputFile=$file") || die "$2 could not be resolved"
        # Maven leaves a file alone whose content would stay the same.
        touch "$file"
    fi
    classpath_usable "$file" "$2" || die "$file names no $2 jar that exists"
    printf '%s' "$(<"$file")"
}

classpath_usable() {
    [[ -f $1 ]] || return 1
    local jar
    # No pipe: a reader that stops at the first match would fail the writer, and with it the whole now and then.
    jar=$(grep -o "[^:]*/$2-[^/:]*\\.jar" "$1") && [[ -f ${jar%%$'\n'*} ]]
}

# Any HTTP answer will do: without a signature it is a refusal.
s3_ready() {
    curl -s -o /dev/null --max-time 2 "http://127.0.0.1:$1/"
}
