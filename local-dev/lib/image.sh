# shellcheck shell=bash
# Makes the OCI image of the service from packages of Debian or Ubuntu, without a daemon, without root, and without any other
# image: a JRE with the modules that the service needs, the libraries that it is linked to, and the service.

IMAGE_DIR=$REPO_DIR/target/image
IMAGE_ARCHIVE=$IMAGE_DIR/analytics.oci.tar
IMAGE_PINS=$LIB_DIR/image.pins
IMAGE_NAME=localhost/analytics:latest
IMAGE_USER=10001

# Releases of the JDK with which the service was run, the cheaper one at a start first (ADR 35).
IMAGE_JDKS=(17 25)

# image_choose_packages: what the image holds something of, with the JDK that the distribution has. It is used to make the JRE.
image_choose_packages() {
    local version
    IMAGE_JDK=''
    for version in "${IMAGE_JDKS[@]}"; do
        [[ -n $IMAGE_JDK || -z $(image_offered "openjdk-$version-jdk-headless") ]] || IMAGE_JDK=openjdk-$version
    done
    [[ -n $IMAGE_JDK ]] || die "the distribution offers no JDK of ${IMAGE_JDKS[*]} (run apt-get update)"
    IMAGE_PACKAGES=(libc6 libc-bin libgcc-s1 libstdc++6 zlib1g ca-certificates tzdata "$IMAGE_JDK-jre-headless" "$IMAGE_JDK-jdk-headless")
}

# image_offered PACKAGE: the version on offer; nothing where there is none.
image_offered() {
    apt-cache policy "$1" | sed -nE '/\(none\)/!s/^ +Candidate: //p'
}

# The modules that the libraries name (jdeps), and those that they look for: elliptic curves, name services, zip file systems,
# other languages, and what jcmd and the flight recorder need, because there is no shell to diagnose with.
IMAGE_MODULES=java.base,java.desktop,java.instrument,java.logging,java.management,java.naming,java.net.http,java.rmi
IMAGE_MODULES+=,java.scripting,java.security.jgss,java.security.sasl,java.sql,java.transaction.xa,java.xml,jdk.attach
IMAGE_MODULES+=,jdk.crypto.ec,jdk.jcmd,jdk.jfr,jdk.localedata,jdk.management,jdk.naming.dns,jdk.net,jdk.unsupported,jdk.zipfs

# The packages in the versions that the distribution offers, verified by apt's own signatures. Prints "name version sha256" lines.
image_download() {
    local package file
    mkdir -p -- "$IMAGE_DIR/packages"
    for package in "${IMAGE_PACKAGES[@]}"; do
        file=$(cd "$IMAGE_DIR/packages" && image_package_file "$package")
        printf '%s %s %s\n' "$package" "$(dpkg-deb -f "$file" Version)" "$(sha256sum <"$file" | cut -d ' ' -f 1)"
    done
}

# image_package_file NAME: downloads the package into the working directory unless it is there. Prints its path.
image_package_file() {
    local version file
    version=$(image_offered "$1")
    [[ -n $version ]] || die "the distribution offers no package $1 (run apt-get update)"
    file=${1}_${version//:/%3a}_$(dpkg --print-architecture).deb
    [[ -f $file ]] || file=${1}_${version//:/%3a}_all.deb
    if [[ ! -f $file ]]; then
        rm -f -- "${1}_"*.deb
        apt-get -q -o APT::Sandbox::User=root download "$1=$version" >>"$(log_file install)" 2>&1 || die_with_log install "apt-get could not download $1"
        file=$(printf '%s\n' "${1}_"*.deb)
    fi
    printf '%s/%s' "$PWD" "$file"
}

# The packages as CycloneDX, by the names of their sources: vulnerabilities are published for those.
image_bom() {
    local package file source version purls=()
    for package in "${IMAGE_PACKAGES[@]}"; do
        file=$(printf '%s\n' "$IMAGE_DIR/packages/${package}"_*.deb)
        read -r source version <<<"$(dpkg-deb -f "$file" Source | tr -d '()')"
        purls+=("${source:-$package} ${version:-$(dpkg-deb -f "$file" Version)}")
    done
    printf '%s\n' "${purls[@]}" | sort -u | (
        # shellcheck source=/dev/null
        . /etc/os-release
        comma=''
        printf '{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":['
        while read -r source version; do
            printf '%s\n{"type":"library","name":"%s","version":"%s","purl":"pkg:deb/%s/%s@%s?distro=%s-%s"}' "$comma" "$source" \
                "$version" "$ID" "$source" "${version//:/%3A}" "$ID" "$VERSION_ID"
            comma=,
        done
        printf '\n]}\n'
    )
}

# image_compare_pins FOUND LOCKED: says which packages are not those of the pins; with LOCKED=yes that is an error.
image_compare_pins() {
    local found=$1 locked=$2 other
    other=$(comm -23 <(sort <<<"$found") <(grep -v '^#' "$IMAGE_PINS" | sort) | cut -d ' ' -f 1,2)
    [[ -n $other ]] || return 0
    note "The distribution offers other packages than local-dev/lib/image.pins names: ${other//$'\n'/, }"
    [[ $locked == no ]] || die "not the pinned packages (local-dev/image --update pins those on offer)"
    note "The image holds these. local-dev/image --locked would refuse, --update pins them."
}

# image_extract PACKAGE DIRECTORY [PATTERN…]: the files of a package that fit.
image_extract() {
    local package=$1 directory=$2
    shift 2
    dpkg-deb --fsys-tarfile "$IMAGE_DIR/packages/${package}"_*.deb \
        | tar -x --keep-directory-symlink --no-same-owner --wildcards -C "$directory" "$@"
}

# A JDK from the same packages, so that the image does not depend on the one that builds the service.
image_jdk() {
    local jdk=$IMAGE_DIR/jdk package link target
    rm -rf -- "$jdk"
    mkdir -p -- "$jdk"
    for package in "$IMAGE_JDK-jre-headless" "$IMAGE_JDK-jdk-headless"; do
        image_extract "$package" "$jdk"
    done
    # Its configuration is meant for /etc.
    while read -r link; do
        target=$jdk$(readlink "$link")
        [[ ! -e $target ]] || ln -sfn "$target" "$link"
    done < <(find "$jdk/usr/lib/jvm" -type l -lname '/etc/*')
    printf '%s' "$jdk/usr/lib/jvm/java-${IMAGE_JDK#openjdk-}-openjdk-"*
}

# image_base DIRECTORY: everything but the service.
image_base() {
    local root=$1 home package
    mkdir -p -- "$root"/{usr/lib,usr/lib64,etc/ssl/certs,tmp,app,proc,sys,dev,var/lib/dpkg/status.d}
    ln -s usr/lib "$root/lib"
    ln -s usr/lib64 "$root/lib64"
    # Libraries lie in /lib or in /usr/lib, as the distribution has it.
    image_extract libc6 "$root" './*lib*' --exclude='*/gconv*' --exclude='*/audit*' --exclude='*/share*'
    image_extract libc-bin "$root" './usr/lib/locale/C.*' './usr/share/libc-bin/nsswitch.conf'
    mv -- "$root/usr/share/libc-bin/nsswitch.conf" "$root/etc/nsswitch.conf"
    image_extract libgcc-s1 "$root" './*lib/*.so*'
    image_extract libstdc++6 "$root" './usr/lib/*.so*' --exclude='*/gcc*' --exclude='*.py'
    image_extract zlib1g "$root" './*lib/*.so*'
    image_extract tzdata "$root" './usr/share/zoneinfo/*'
    mkdir -p -- "$IMAGE_DIR/authorities"
    image_extract ca-certificates "$IMAGE_DIR/authorities" './usr/share/ca-certificates/*'
    find "$IMAGE_DIR/authorities" -name '*.crt' -print0 | sort -z | xargs -0 awk 1 >"$root/etc/ssl/certs/ca-certificates.crt"
    # Scanners find the packages here.
    for package in "${IMAGE_PACKAGES[@]}"; do
        [[ $package != *-jdk-headless ]] || continue
        dpkg-deb -f "$IMAGE_DIR/packages/${package}"_*.deb >"$root/var/lib/dpkg/status.d/$package"
        image_extract "$package" "$root" './usr/share/doc/*/copyright' 2>/dev/null || true
    done
    printf 'root:x:0:0:root:/:/none\nanalytics:x:%d:%d:analytics:/tmp:/none\n' "$IMAGE_USER" "$IMAGE_USER" >"$root/etc/passwd"
    printf 'root:x:0:\nanalytics:x:%d:\n' "$IMAGE_USER" >"$root/etc/group"
    home=$(image_jdk)
    "$home/bin/jlink" --add-modules "$IMAGE_MODULES" --strip-java-debug-attributes --exclude-files='**.debuginfo' \
        --no-header-files --no-man-pages --output "$root/usr/lib/jvm"
    "$home/bin/java" -XX:TieredStopAtLevel=1 "$LIB_DIR/Cacerts.java" "$root/etc/ssl/certs/ca-certificates.crt" \
        "$root/usr/lib/jvm/lib/security/cacerts"
}

# image_layer DIRECTORY: packs it as a layer, the same for the same files. Prints "diff-id digest size".
image_layer() {
    local file=$IMAGE_DIR/layer.tar diff digest
    chmod -R u=rwX,go=rX "$1"
    [[ ! -d $1/tmp ]] || chmod 1777 "$1/tmp"
    tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu -C "$1" -cf "$file" .
    diff=$(sha256sum <"$file" | cut -d ' ' -f 1)
    gzip -n -6 -f "$file"
    digest=$(image_blob "$file.gz")
    printf '%s %s' "$diff" "$digest"
}

# image_blob FILE: moves it to the blobs. Prints "digest size".
image_blob() {
    local digest size
    digest=$(sha256sum <"$1" | cut -d ' ' -f 1)
    size=$(stat -c %s "$1")
    mv -f -- "$1" "$IMAGE_DIR/oci/blobs/sha256/$digest"
    printf '%s %s' "$digest" "$size"
}

# The image from target/quarkus-app. Prints its digest.
image_build() {
    local diffs='' list='' layer diff digest size
    rm -rf -- "$IMAGE_DIR"/{root,libraries,service,authorities,oci}
    mkdir -p -- "$IMAGE_DIR"/{libraries/app,service/app,oci/blobs/sha256}
    image_base "$IMAGE_DIR/root"
    # Files that rarely change come first, so that a new version is a small layer.
    cp -R -- "$REPO_DIR/target/quarkus-app/lib" "$IMAGE_DIR/libraries/app/"
    cp -R -- "$REPO_DIR"/target/quarkus-app/{app,quarkus,quarkus-run.jar} "$REPO_DIR/src/main/docker/jvm.options" "$IMAGE_DIR/service/app/"
    for layer in root libraries service; do
        read -r diff digest size < <(image_layer "$IMAGE_DIR/$layer"; echo)
        diffs+=",\"sha256:$diff\""
        list+=",{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:$digest\",\"size\":$size}"
    done
    image_config "${diffs#,}" >"$IMAGE_DIR/config.json"
    read -r digest size < <(image_blob "$IMAGE_DIR/config.json"; echo)
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%d},"layers":[%s]}' \
        "$digest" "$size" "${list#,}" >"$IMAGE_DIR/manifest.json"
    read -r digest size < <(image_blob "$IMAGE_DIR/manifest.json"; echo)
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d,"annotations":{"org.opencontainers.image.ref.name":"%s"}}]}' \
        "$digest" "$size" "$IMAGE_NAME" >"$IMAGE_DIR/oci/index.json"
    printf '{"imageLayoutVersion":"1.0.0"}' >"$IMAGE_DIR/oci/oci-layout"
    tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$IMAGE_DIR/oci" -cf "$IMAGE_ARCHIVE" .
    printf 'sha256:%s' "$digest"
}

# image_config DIFFS: how it starts. Docker honours the health check; Podman and Kubernetes have options for theirs.
image_config() {
    local version architecture
    version=$(sed -nE '0,/<version>/s/.*<version>(.*)<\/version>.*/\1/p' "$REPO_DIR/pom.xml")
    architecture=$(dpkg --print-architecture)
    cat <<CONFIG
{"created":"1970-01-01T00:00:00Z","architecture":"$architecture","os":"linux",
"config":{"User":"$IMAGE_USER:$IMAGE_USER","WorkingDir":"/app",
"ExposedPorts":{"8084/tcp":{},"9084/tcp":{}},
"Env":["PATH=/usr/lib/jvm/bin","JAVA_HOME=/usr/lib/jvm","LANG=C.UTF-8"],
"Entrypoint":["/usr/lib/jvm/bin/java","@/app/jvm.options","-jar","/app/quarkus-run.jar"],
"Healthcheck":{"Test":["CMD","/usr/lib/jvm/bin/java","-XX:TieredStopAtLevel=1","-Xmx16m","-cp","/app/app/*","io.inference.analytics.cli.Health"],"Interval":10000000000,"Timeout":5000000000,"StartPeriod":60000000000,"Retries":3},
"Labels":{"org.opencontainers.image.title":"analytics",
"org.opencontainers.image.description":"Usage analytics for inference: the service and its commands",
"org.opencontainers.image.version":"$version","org.opencontainers.image.licenses":"Apache-2.0"}},
"rootfs":{"type":"layers","diff_ids":[$1]}}
CONFIG
}

image_is_current() {
    [[ -f $IMAGE_ARCHIVE && -z $(find "$SERVICE_JAR" "$IMAGE_PINS" "$LIB_DIR/image.sh" "$REPO_DIR/src/main/docker" -newer "$IMAGE_ARCHIVE" -print -quit) ]]
}

image_size() {
    printf '%d' "$(($(stat -c %s "$IMAGE_ARCHIVE") >> 20))"
}

image_unpacked_size() {
    local kib
    kib=$(du -sck "$IMAGE_DIR"/{root,libraries,service} | tail -n 1 | cut -f 1)
    printf '%d' "$((kib >> 10))"
}

# image_write_pins FOUND
image_write_pins() {
    {
        echo '# The packages of the image: name, version, SHA-256. Written by local-dev/image --update.'
        printf '%s\n' "$1"
    } >"$IMAGE_PINS"
}

# image_podman ARGUMENT…: with a storage of its own, which disappears with target/.
image_podman() {
    mkdir -p -- "$IMAGE_DIR/storage" "$IMAGE_DIR/run"
    podman --root "$IMAGE_DIR/storage" --runroot "$IMAGE_DIR/run" --storage-driver vfs --runtime runc \
        --cgroup-manager cgroupfs --events-backend none "$@"
}

# Old versions go: each is a full copy.
image_load() {
    step "Loading the image"
    image_podman load -q -i "$IMAGE_ARCHIVE" >>"$(log_file image)" 2>&1 || die_with_log image "podman could not load the image"
    image_podman image prune -f >>"$(log_file image)" 2>&1 || true
}

# What a container of gitops/base gets: its user, a read-only root file system, 512 MiB of memory, 64 MiB in /tmp; and one processor.
IMAGE_LIMITS=(--user "$IMAGE_USER" --read-only --read-only-tmpfs=false --tmpfs '/tmp:rw,size=64m,mode=1777'
    --memory 512m --memory-swap 512m --cpus 1 --cap-drop all --security-opt no-new-privileges)

# image_spawn SETTING…: starts the service as a container in the network of this machine, with these settings of the
# environment. Its first process is a process of this machine, and is recorded as one.
image_spawn() {
    local options=() name pid_file=$STATE_DIR/run/service.container key=$STATE_DIR/run/console-key.pem
    [[ ! -f ${JWT_PUBLIC_KEY:-} ]] || JWT_PUBLIC_KEY=$(<"$JWT_PUBLIC_KEY")
    if [[ -f ${CONSOLE_LOCAL_KEY:-} ]]; then
        # The user of the image may read this copy only.
        install -m 400 -o "$IMAGE_USER" -- "$CONSOLE_LOCAL_KEY" "$key"
        options+=(--volume "$key:/run/console-key.pem:ro")
        CONSOLE_LOCAL_KEY=/run/console-key.pem
    fi
    for name in "$@"; do
        [[ ! -v $name || $name == ANALYTICS_JAVA_OPTS ]] || options+=(--env "$name")
    done
    [[ -z ${ANALYTICS_JAVA_OPTS:-} ]] || options+=(--env "JDK_JAVA_OPTIONS=$ANALYTICS_JAVA_OPTS")
    rm -f -- "$pid_file"
    image_podman run --detach --rm --replace --name "analytics-$HTTP_PORT" --pidfile "$pid_file" --log-driver passthrough \
        --network host --ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" --ulimit nproc=1024:1024 "${IMAGE_LIMITS[@]}" "${options[@]}" "$(conf_get service.image)" \
        </dev/null >>"$(log_file service)" 2>&1 || die_with_log service "podman could not start the image"
    process_record service "$(<"$pid_file")"
}
