# shellcheck shell=bash
# The sample events of local-dev/run, and what it prints about the running stack.

SAMPLE_EVENTS=2000
SAMPLE_VISIBLE_SECONDS=60
SAMPLE_ORGANISATION=00000000-0000-4000-8000-000000000001

publish_sample() {
    step "Publishing $SAMPLE_EVENTS sample events"
    local output
    output=$(mktemp)
    # A fixed seed: the figures of two runs can be compared.
    run_child "$LOCAL_DEV_DIR/publish" --sample "$SAMPLE_EVENTS" --orgs 2 --models 3 --duplicates 5 --late 5 \
        --errors 4 --seed 42 >"$output" || { rm -f -- "$output"; die "the sample events could not be published"; }
    mapfile -t organisations < <(sed -nE 's/^org ([0-9a-f-]{36})$/\1/p' "$output" | sort -u)
    grep -v '^org ' "$output" >&2 || true
    rm -f -- "$output"
    ((${#organisations[@]} > 0)) || die "local-dev/publish named no organisation"
    step "Waiting for the events in the usage API"
    await_sample
}

# The providers are played by a server that lives as long as the imports take. Whoever has set a key has bills of their own.
SAMPLE_WORKSPACE=wrkspc_01TESTCODE00000000000001
bills_server=''
import_sample_bills() {
    if [[ -n ${ANTHROPIC_ADMIN_API_KEY:-}${ANTHROPIC_ADMIN_API_KEY_FILE:-}${CURSOR_API_KEY:-}${CURSOR_API_KEY_FILE:-} ]]; then
        return 0
    fi
    step "Importing sample bills of Anthropic and Cursor"
    local address end=$((SECONDS + 20)) url=''
    address=$(mktemp)
    "$(java_command)" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx64m \
        -cp "$REPO_DIR/target/test-classes:$REPO_DIR/target/classes:$(<"$REPO_DIR/target/test-classpath.txt")" \
        io.inference.analytics.devtools.SampleBills >"$address" 2>>"$(log_file providers)" </dev/null &
    bills_server=$!
    until url=$(head -n 1 "$address") && [[ -n $url ]]; do
        if ((SECONDS >= end)) || ! kill -0 "$bills_server" 2>/dev/null; then
            end_bills_server
            rm -f -- "$address"
            die_with_log providers "the fake providers did not start"
        fi
        sleep 0.1
    done
    rm -f -- "$address"
    import_bills "$url" || { end_bills_server; die "the sample bills could not be imported"; }
    end_bills_server
}

import_bills() {
    local keys=("ANTHROPIC_API_URL=$1" ANTHROPIC_ADMIN_API_KEY=sk-ant-admin01-fake-0000000000
        "CURSOR_API_URL=$1" CURSOR_API_KEY=key_fake0000000000000000000000)
    run_child "$LOCAL_DEV_DIR/analytics" providers map-workspace --workspace "$SAMPLE_WORKSPACE" --platform claude_code \
        --from "$(date -u -d '60 days ago' +%Y-%m-%d)" >&2 || return 1
    run_child env "${keys[@]}" "$LOCAL_DEV_DIR/analytics" providers import --provider anthropic >&2 || return 1
    run_child env "${keys[@]}" "$LOCAL_DEV_DIR/analytics" providers import --provider cursor >&2 || return 1
}

end_bills_server() {
    [[ -n $bills_server ]] || return 0
    kill "$bills_server" 2>/dev/null || true
    wait "$bills_server" 2>/dev/null || true
    bills_server=''
}

# What finance asks for the bills, which are the whole company's.
bills_url() {
    printf '%s/analytics/v1/provider-costs?start=%s&end=%s&groupBy=platform' "$(setting SERVICE_URL)" \
        "$(date -u -d '30 days ago' +%Y-%m-%dT00:00:00Z)" "$(date -u +%Y-%m-%dT00:00:00Z)"
}

sample_token() {
    local arguments=() organisation
    for organisation in "${organisations[@]:-$SAMPLE_ORGANISATION}"; do
        arguments+=(--org "$organisation")
    done
    "$LOCAL_DEV_DIR/token" "${arguments[@]}" --role org-admin --ttl 12h
}

# The late events of the sample lie days back.
usage_url() {
    printf '%s/analytics/v1/orgs/%s/usage?start=%s&end=%s&granularity=day' "$(setting SERVICE_URL)" "$1" \
        "$(date -u -d '30 days ago' +%Y-%m-%dT00:00:00Z)" "$(date -u -d '1 day' +%Y-%m-%dT00:00:00Z)"
}

usage_answer() {
    curl -sS --max-time 10 -H "Authorization: Bearer $2" "$(usage_url "$1")"
}

# total_invocations JSON: 0 for an answer that has none, such as an error.
total_invocations() {
    local number=''
    if have jq; then
        number=$(jq -r '.totals.invocations // 0' <<<"$1" 2>/dev/null) || number=0
    else
        number=$(sed -nE 's/.*"totals":\{[^}]*"invocations":([0-9]+).*/\1/p' <<<"$1")
    fi
    printf '%s' "${number:-0}"
}

# Waits until each organisation shows events and their sum has stopped growing: how many of the sample
# are duplicates, and so never show, is up to the publisher.
await_sample() {
    local token before=-1 sum answer invocations organisation end=$((SECONDS + SAMPLE_VISIBLE_SECONDS))
    token=$(sample_token)
    while true; do
        sum=0
        for organisation in "${organisations[@]}"; do
            answer=$(usage_answer "$organisation" "$token") || answer=''
            invocations=$(total_invocations "$answer")
            if ((invocations == 0)); then
                sum=0
                break
            fi
            sum=$((sum + invocations))
        done
        ((sum == 0 || sum != before)) || return 0
        before=$sum
        if ((SECONDS >= end)); then
            die_with_log service "the usage API did not show the sample within $SAMPLE_VISIBLE_SECONDS s; it answered: ${answer:-nothing}"
        fi
        sleep 1
    done
}

print_summary() {
    local url token answer
    url=$(setting SERVICE_URL)
    token=$(sample_token)
    answer=$(usage_answer "${organisations[0]:-$SAMPLE_ORGANISATION}" "$token") || answer='no answer'
    cat <<SUMMARY

API          $url/analytics/v1
OpenAPI      $url/openapi
Readiness    $url/analytics/v1/status/readyz
Metrics      $(setting METRICS_URL)
Storage      $(setting STORAGE_FLAVOUR || echo auto)
Log          $(log_file service)
SUMMARY
    if [[ $(backends_provider) == docker ]]; then
        printf 'Grafana      http://localhost:%s\nPrometheus   http://localhost:%s\n' \
            "$(conf_get grafana.port)" "$(conf_get prometheus.port)"
    fi
    cat <<SUMMARY

Settings for psql, redis-cli and other clients: local-dev/env. Tokens: local-dev/token. This one lasts 12 hours:

curl -s -H 'Authorization: Bearer $token' \\
  '$(usage_url "${organisations[0]:-$SAMPLE_ORGANISATION}")'

SUMMARY
    if ! { have jq && jq . <<<"$answer" 2>/dev/null; }; then
        printf '%s\n' "$answer"
    fi
    [[ $bills == yes ]] || return 0
    cat <<SUMMARY

Sample bills of the providers, by platform:

curl -s -H "Authorization: Bearer \$(local-dev/token --role company-finance)" \\
  '$(bills_url)'

SUMMARY
    curl -sS --max-time 10 -H "Authorization: Bearer $("$LOCAL_DEV_DIR/token" --role company-finance)" "$(bills_url)" || true
    printf '\n'
}
