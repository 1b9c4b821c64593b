# shellcheck shell=bash
# Finds Java and Maven, and runs the programs that are among the tests' classes.

# The file next to a JDK names its version without starting it.
java_major() {
    local javac
    javac=$(readlink -f "$1")
    { grep -s '^JAVA_VERSION=' "${javac%/bin/javac}/release" || "$javac" -version 2>&1; } \
        | sed -nE '/^(JAVA_VERSION="|javac )([0-9]+).*/{s//\2/p;q}'
}

# The compiler decides: a machine with only a runtime cannot build.
find_javac() {
    if [[ -n ${JAVA_HOME:-} && -x $JAVA_HOME/bin/javac ]]; then
        printf '%s' "$JAVA_HOME/bin/javac"
    else
        command -v javac || true
    fi
}

has_jdk() {
    local javac major
    javac=$(find_javac)
    [[ -n $javac ]] || return 1
    major=$(java_major "$javac")
    [[ -n $major ]] && ((major >= 17))
}

require_jdk() {
    has_jdk || die "no JDK 17 or later (install openjdk-17-jdk-headless, or set JAVA_HOME to a newer one)"
}

java_command() {
    if [[ -n ${JAVA_HOME:-} && -x $JAVA_HOME/bin/java ]]; then
        printf '%s' "$JAVA_HOME/bin/java"
    else
        command -v java || die "no java command (install openjdk-17-jdk-headless or set JAVA_HOME)"
    fi
}

has_new_maven() {
    local version oldest
    have mvn || return 1
    # Without colours: the version is the third word of the line "Apache Maven 3.8.7".
    version=$(mvn -v 2>/dev/null | sed -nE 's/^[^A]*Apache Maven ([0-9.]+).*/\1/p' | head -n 1)
    [[ -n $version ]] || return 1
    oldest=$(printf '%s\n3.8.6\n' "$version" | sort -V | head -n 1)
    [[ $oldest == 3.8.6 ]]
}

maven_command() {
    if has_new_maven; then
        printf 'mvn'
    elif [[ -x $REPO_DIR/mvnw ]]; then
        printf '%s' "$REPO_DIR/mvnw"
    else
        die "no Maven 3.8.6 or later (install the package maven)"
    fi
}

# quiet_maven ARGUMENT…: becomes Maven, without input, with its messages on standard error.
quiet_maven() {
    local maven
    require_jdk
    maven=$(maven_command)
    exec "$maven" -q -B -Dstyle.color=never "$@" >&2 </dev/null
}

TEST_CLASS_PATH=$REPO_DIR/target/test-classpath.txt

# Every build of the service makes these as well, unless it skips the tests' classes.
build_test_classes() {
    local built=$REPO_DIR/target/test-classes/io/inference/analytics/devtools/LocalRun.class
    if [[ -f $built && -f $TEST_CLASS_PATH && ! $REPO_DIR/pom.xml -nt $TEST_CLASS_PATH ]]; then
        return 0
    fi
    step "Building the programs of local-dev (mvn test-compile)"
    (quiet_maven -Dfast -f "$REPO_DIR/pom.xml" test-compile) || die "the build failed"
    [[ -f $built && -f $TEST_CLASS_PATH ]] || die "the build made no target/test-classpath.txt"
    # Maven leaves a file alone whose content would stay the same.
    touch "$TEST_CLASS_PATH"
}

# test_java [JVM OPTION …] CLASS [ARGUMENT …]: becomes a program that is among the tests' classes.
test_java() {
    # picocli starts Groovy where it finds it, which takes longer than the rest of a small program.
    exec "$(java_command)" -Dfile.encoding=UTF-8 \
        -cp "$REPO_DIR/target/test-classes:$REPO_DIR/target/classes:$(sed 's#[^:]*/groovy[^:]*:##g' "$TEST_CLASS_PATH")" "$@"
}

# devtool NAME [ARGUMENT …]: becomes the program of package devtools.
devtool() {
    local name=$1
    shift
    build_test_classes
    # The first compiler is enough for two small threads' worth of work, and starts faster.
    test_java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "io.inference.analytics.devtools.$name" "$@"
}
