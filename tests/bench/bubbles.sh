#!/usr/bin/env bash
# iris-bench bubbles against the real server, for correctness and not for speed:
#
#   bubbles.sh IRIS IRIS_BENCH
#
# Both are executables. The server takes free ports by itself and ends with this script.
set -euo pipefail
iris=$1 bench=$2
folder=$(mktemp -d)
server=''

finish() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" || { cat "$folder/log" >&2; exit 1; }
    fi
    rm -r "$folder"
}
trap finish EXIT

fail() {
    echo "bubbles.sh: $*" >&2
    cat "$folder/log" >&2
    exit 1
}

# The recordings of a run without a server are in vain: nobody joins, and that is exit code 1.
if "$bench" bubbles --url ws://127.0.0.1:1 --duration 1 >"$folder/nobody" 2>&1; then
    fail "nobody could join, and yet all was right"
fi
grep -q 'first problem: ' "$folder/nobody" || fail "it is not said why nobody could join"

head -c 48 /dev/urandom | base64 >"$folder/key"
first=$((49152 + $$ % 16000))
operations=$((20000 + $$ % 12000))
"$iris" --set listen_public=127.0.0.1:0 --set "listen_operations=127.0.0.1:$operations" \
    --set announce=127.0.0.1 --set workers=2 --set "udp_port_first=$first" \
    --set "token_key_file=$folder/key" >"$folder/log" 2>&1 &
server=$!
url=''
for _ in $(seq 200); do
    url=$(sed -n 's|.*http\(://127.0.0.1:[0-9]*\)/.*|ws\1|p' "$folder/log" | head -1)
    [ -z "$url" ] || break
    sleep 0.1
done
[ -n "$url" ] || fail "the server does not start"

"$bench" bubbles --url "$url" --rooms 2 --participants 4 --duration 5 --verify 2 --churn 0.5 \
    --token-key "$folder/key" --server-pid "$server" --json "$folder/json" \
    --operations "http://127.0.0.1:$operations" --histogram "$folder/histogram" \
    --report "$folder/report.html" || fail "somebody saw or heard something wrong"

# What is measured is there.
for key in '"right": true' '"cpu_us_per_packet": [0-9]' '"wrong_pictures": 0' '"wrong_voices": 0' \
    '"pictures": [1-9]' '"voices": [1-9]' '"threads": 3'; do
    grep -q "$key" "$folder/json" || fail "no $key in the JSON"
done
grep -q '"forwarding": {' "$folder/json" || fail "no times from --operations"
"$bench" floor --seconds 1 --histogram "$folder/histogram" >"$folder/floor" ||
    fail "the floor of what was sent cannot be measured"
grep -q '^conference  *[0-9]' "$folder/floor" || fail "no floor of this load"
[ "$(grep -c '<svg' "$folder/report.html")" = 9 ] || fail "not nine plots in the report"

# Without the key nobody gets in.
if "$bench" bubbles --url "$url" --participants 1 --duration 1 --quiet >"$folder/refused" 2>&1; then
    fail "joined without a token"
fi
grep -q 'error 401' "$folder/refused" || fail "a missing token is not named"
