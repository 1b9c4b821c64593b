# shellcheck shell=bash
# shellcheck disable=SC2034 # The scripts that source this use the variables.
# The settings (section 6 of the contract) with which clients and the service reach the local stack.

# What the caller has set wins, an empty value too: S3_ENDPOINT= runs the service without S3.
SETTINGS=(HTTP_PORT MANAGEMENT_PORT DATABASE_URL REDIS_URL RABBITMQ_URL RABBITMQ_STREAM_PORT
    S3_ENDPOINT S3_ACCESS_KEY S3_SECRET_KEY S3_BUCKET S3_REGION S3_PATH_STYLE S3_SERVER_SIDE_ENCRYPTION
    JWT_ISSUER JWT_AUDIENCE JWT_PUBLIC_KEY SERVICE_URL METRICS_URL STORAGE_FLAVOUR)

# The other settings of the service, and the defaults of all: SettingsPageTest writes the list. Those that the caller
# gave are recorded, so that a service that was killed comes back as it was. Secrets stay off the disk: they can be given
# as NAME_FILE, too.
PASSED_SETTINGS=(ANALYTICS_JAVA_OPTS)
# Global also where a function sources this file.
declare -gA SETTING_DEFAULTS=()
read_settings_list() {
    local name value names=()
    while IFS='=' read -r name value; do
        names+=("$name")
        SETTING_DEFAULTS[$name]=$value
    done <"$LIB_DIR/settings.generated"
    for name in "${names[@]}"; do
        if [[ " ${SETTINGS[*]} " != *" $name "* && ! -v SETTING_DEFAULTS[${name}_FILE] ]]; then
            PASSED_SETTINGS+=("$name")
        fi
    done
}
read_settings_list

jwt_public_key_file() {
    printf '%s' "$STATE_DIR/jwt/public.pem"
}

jwt_private_key_file() {
    printf '%s' "$STATE_DIR/jwt/private.pem"
}

jwt_make_keys() {
    [[ ! -f $(jwt_public_key_file) ]] || return 0
    have openssl || die "no openssl command (install the package openssl)"
    local private public
    private=$(jwt_private_key_file)
    public=$(jwt_public_key_file)
    mkdir -p -- "$STATE_DIR/jwt"
    (umask 077 && openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$private" 2>/dev/null) \
        || die "openssl could not make a key"
    # The public file appears last and at once: a process that sees it may use both.
    openssl pkey -in "$private" -pubout -out "$public.new"
    mv -f -- "$public.new" "$public"
}

jwt_ensure_keys() {
    ensure_state_dir
    [[ -f $(jwt_public_key_file) ]] || with_lock jwt jwt_make_keys
}

# Exports what signs tokens for the service.
jwt_export_signer() {
    jwt_ensure_keys
    JWT_ISSUER=$(setting JWT_ISSUER)
    JWT_AUDIENCE=$(setting JWT_AUDIENCE)
    JWT_PRIVATE_KEY_FILE=$(jwt_private_key_file)
    export JWT_ISSUER JWT_AUDIENCE JWT_PRIVATE_KEY_FILE
}

# own_setting NAME: the value that the local stack itself has for the setting; fails when its
# backend has never been started here.
own_setting() {
    case $1 in
        HTTP_PORT) conf_get service.http-port || printf '%s' "${SETTING_DEFAULTS[$1]}" ;;
        MANAGEMENT_PORT) conf_get service.management-port || printf '%s' "${SETTING_DEFAULTS[$1]}" ;;
        DATABASE_URL)
            conf_has postgres.flavour || return 1
            printf 'postgres://analytics:%s@127.0.0.1:%s/analytics' \
                "$(conf_get postgres.password)" "$(conf_get postgres.port)"
            ;;
        STORAGE_FLAVOUR) conf_get postgres.flavour ;;
        REDIS_URL)
            conf_has redis.password || return 1
            # With the name of the user that a password alone stands for: redis-cli takes an empty one literally.
            printf 'redis://default:%s@127.0.0.1:%s' "$(conf_get redis.password)" "$(conf_get redis.port)"
            ;;
        RABBITMQ_URL)
            conf_has rabbitmq.password || return 1
            # %2F is the virtual host "/".
            printf 'amqp://analytics:%s@127.0.0.1:%s/%%2F' \
                "$(conf_get rabbitmq.password)" "$(conf_get rabbitmq.port)"
            ;;
        RABBITMQ_STREAM_PORT) conf_get rabbitmq.stream-port ;;
        S3_ENDPOINT)
            conf_has s3.secret-key || return 1
            printf 'http://127.0.0.1:%s' "$(conf_get s3.port)"
            ;;
        S3_ACCESS_KEY) conf_get s3.access-key ;;
        S3_SECRET_KEY) conf_get s3.secret-key ;;
        S3_BUCKET | S3_REGION | S3_PATH_STYLE) conf_has s3.secret-key && printf '%s' "${SETTING_DEFAULTS[$1]}" ;;
        # S3Proxy answers 501 to a request for encryption.
        S3_SERVER_SIDE_ENCRYPTION) conf_has s3.secret-key && printf 'none' ;;
        JWT_ISSUER | JWT_AUDIENCE) printf '%s' "${SETTING_DEFAULTS[$1]}" ;;
        JWT_PUBLIC_KEY) jwt_public_key_file ;;
        SERVICE_URL) printf 'http://localhost:%s' "$(setting HTTP_PORT)" ;;
        METRICS_URL) printf 'http://localhost:%s/metrics' "$(setting MANAGEMENT_PORT)" ;;
        *) return 1 ;;
    esac
}

# The settings with which the service was started are recorded: what was given to it then holds for its
# clients, and for its next start until local-dev/run begins afresh.
recorded_setting() {
    local file=$STATE_DIR/conf/service.settings line
    [[ -f $file ]] || return 1
    line=$(grep -m 1 "^$1=" "$file") || return 1
    # The file is our own output of print_settings, single-quoted throughout.
    local "$1" && eval "$line" && printf '%s' "${!1}"
}

# setting NAME: the caller's value, else the one recorded with the service, else the local stack's own.
setting() {
    if [[ $1 == STORAGE_FLAVOUR ]]; then
        storage_flavour
    elif [[ -v $1 ]]; then
        printf '%s' "${!1}"
    elif [[ $1 == SERVICE_URL || $1 == METRICS_URL ]]; then
        # They follow the ports, which may be others than at the last start.
        own_setting "$1"
    else
        recorded_setting "$1" || own_setting "$1"
    fi
}

# kept_settings: the names of the recorded settings that hold for the next start although they are not given now.
kept_settings() {
    local name value
    for name in "${SETTINGS[@]}" "${PASSED_SETTINGS[@]}"; do
        if [[ ! -v $name && $name != SERVICE_URL && $name != METRICS_URL ]] && value=$(recorded_setting "$name") \
            && [[ $value != "$(own_setting "$name")" ]]; then
            printf '%s ' "$name"
        fi
    done
}

# Of a server of the caller's own, the service finds out what its database has or would get: auto.
storage_flavour() {
    if [[ -n ${STORAGE_FLAVOUR:-} && $STORAGE_FLAVOUR != auto ]]; then
        printf '%s' "$STORAGE_FLAVOUR"
    elif [[ -n ${DATABASE_URL:-} && $DATABASE_URL != "$(own_setting DATABASE_URL)" ]]; then
        printf 'auto'
    else
        recorded_setting STORAGE_FLAVOUR || own_setting STORAGE_FLAVOUR
    fi
}

# print_settings NAME…: a line NAME='value' for each that has a value.
print_settings() {
    local name value
    for name in "$@"; do
        if value=$(setting "$name"); then
            printf '%s=%s\n' "$name" "$(single_quote "$value")"
        fi
    done
}

# export_settings NAME…
export_settings() {
    local lines
    lines=$(print_settings "$@")
    set -a
    eval "$lines"
    set +a
}
