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
    if have jq && jq . <<<"$answer" 2>/dev/null; then
        return 0
    fi
    printf '%s\n' "$answer"
}
