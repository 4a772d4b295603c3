#!/usr/bin/env bash
# The rules of the folders (docs/architecture.md), held by a test: who may include whom, and no clock,
# socket, thread, environment or randomness where the engine is made of bytes and `now`.
#
#   layers.sh ROOT         check the sources below ROOT; lists every breach as file:line: what
#   layers.sh --self-test  check that each kind of breach is found, and nothing in a clean tree
#
# Comments and string literals are never looked at.
set -euo pipefail

# folder | project headers it may include (a folder with its / or one header) | <system> headers
# A file obeys the line of the longest folder that it lies in. LIBC is libc_headers below; * is any.
rules='
rtp               | rtp/                                      | LIBC
bwe               | bwe/                                      | LIBC math.h
signalling        | signalling/                               | LIBC POSIX jansson.h libwebsockets.h jwt.h openssl/ uv.h
sfu/transport     | sfu/transport/ rtp/                       | LIBC openssl/ srtp2/ stun/ intel-ipsec-mb.h
sfu/core          | sfu/core/ sfu/transport/ rtp/ bwe/        | LIBC
sfu/io            | sfu/io/ sfu/core/ sfu/transport/ rtp/     | LIBC POSIX linux/sock_diag.h stdatomic.h uv.h
sfu/control       | sfu/control/ signalling/ sfu/io/ sfu/core/message.h sfu/core/statistics.h sfu/core/verdict.h sfu/core/recording.h rtp/error.h sfu/transport/aead.h bwe/remb.h | LIBC POSIX jansson.h uv.h openssl/rand.h openssl/crypto.h
sfu               | sfu/ signalling/ rtp/ bwe/                | *
bench             | bench/ sfu/transport/ sfu/core/ sfu/io/ signalling/ rtp/ bwe/ | *
tests             | *                                         | *
tests/integration | tests/integration/ rtp/                   | *
'
libc_headers='assert.h ctype.h errno.h inttypes.h limits.h stdalign.h stdarg.h stdbool.h stddef.h
    stdint.h stdio.h stdlib.h string.h strings.h'
posix_headers='arpa/inet.h fcntl.h ifaddrs.h net/if.h netdb.h netinet/in.h netinet/udp.h pthread.h
    sched.h signal.h sys/random.h sys/socket.h sys/stat.h sys/types.h sys/uio.h time.h unistd.h'

# Folders whose code is a state machine: time, datagrams and seeds are its arguments.
# OpenSSL's key and certificate creation draws its own randomness inside the library: no call here.
sans_io='rtp bwe sfu/core sfu/transport'
forbidden_calls='
clock: clock clock_gettime gettimeofday time timespec_get ftime times localtime localtime_r gmtime gmtime_r
    X509_gmtime_adj uv_now uv_hrtime uv_update_time
socket: socket socketpair bind connect listen accept accept4 send sendto sendmsg sendmmsg recv recvfrom
    recvmsg recvmmsg setsockopt getsockopt getaddrinfo poll ppoll select epoll_create1 epoll_wait
thread: pthread_create pthread_mutex_lock pthread_mutex_init pthread_once thrd_create mtx_lock call_once
    fork sleep usleep nanosleep uv_run uv_async_send uv_thread_create uv_mutex_lock uv_queue_work
environment: getenv secure_getenv setenv fopen open system popen
randomness: rand rand_r srand random srandom drand48 lrand48 getrandom getentropy arc4random
    arc4random_buf arc4random_uniform RAND_bytes RAND_priv_bytes RAND_pseudo_bytes uv_random
'

# shellcheck disable=SC2016 # the variables are awk's
checker='
function load_rules(text,    lines, n, i, part) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        if (split(lines[i], part, "|") < 3)
            continue
        gsub(/ /, "", part[1])
        sub(/LIBC/, libc, part[3])
        sub(/POSIX/, posix, part[3])
        project[part[1]] = part[2]
        system_headers[part[1]] = part[3]
    }
}

function load_calls(text,    words, n, i, kind) {
    n = split(text, words)
    for (i = 1; i <= n; i++) {
        if (words[i] ~ /:$/)
            kind = substr(words[i], 1, length(words[i]) - 1)
        else
            call_kind[words[i]] = kind
    }
}

function folder_of(path) {
    while (sub(/\/[^\/]*$/, "", path))
        if (path in project)
            return path
    return ""
}

# Whether header is in a list of headers and folders.
function is_allowed(header, list,    words, n, i) {
    n = split(list, words)
    for (i = 1; i <= n; i++)
        if (words[i] == "*" || words[i] == header ||
            (words[i] ~ /\/$/ && index(header, words[i]) == 1))
            return 1
    return 0
}

function breach(what) {
    printf "%s:%d: %s\n", path, FNR, what
    breaches++
}

# A line without its comments, and without what stands in its literals; in_comment goes over lines.
function code_of(line,    out, c, two, quote) {
    out = ""
    for (; line != ""; line = substr(line, 2)) {
        c = substr(line, 1, 1)
        two = substr(line, 1, 2)
        if (in_comment) {
            if (two == "*/") {
                in_comment = 0
                out = out " "
                line = substr(line, 2)
            }
        } else if (quote != "") {
            if (c == "\\")
                line = substr(line, 2)
            else if (c == quote) {
                quote = ""
                out = out c
            }
        } else if (two == "//") {
            break
        } else if (two == "/*") {
            in_comment = 1
            line = substr(line, 2)
        } else {
            if (c == "\"" || c == "\047")
                quote = c
            out = out c
        }
    }
    return out
}

# line still has its comments, for code_of() empties the quoted name of an include.
function check_include(line,    header) {
    header = line
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
    if (header ~ /^"/) {
        sub(/^"/, "", header)
        sub(/".*/, "", header)
        if (!is_allowed(header, project[folder]))
            breach(folder "/ may not include \"" header "\"")
    } else {
        sub(/^</, "", header)
        sub(/>.*/, "", header)
        if (!is_allowed(header, system_headers[folder]))
            breach(folder "/ may not include <" header ">")
    }
}

# Members (x.time(), x->send()), names that only end in a forbidden one, and static functions of the file that
# happen to be called so (send feedback, bind an SSRC) are no calls of it.
function check_calls(code,    before, name, is_definition) {
    is_definition = code ~ /^static /
    while (match(code, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
        before = RSTART > 1 ? substr(code, RSTART - 1, 1) : ""
        name = substr(code, RSTART, RLENGTH - 1)
        sub(/[ \t]+$/, "", name)
        code = substr(code, RSTART + RLENGTH)
        if (is_definition)
            own[FILENAME, name] = 1
        is_definition = 0
        if (!((FILENAME, name) in own) && (name in call_kind) && before !~ /[.>]/)
            breach(call_kind[name] " in sans-IO " folder "/: " name "()")
    }
}

BEGIN {
    load_rules(rules)
    load_calls(calls)
}
FNR == 1 {
    in_comment = 0
    path = FILENAME
    sub(/^\.\//, "", path)
    folder = folder_of(path)
    if (folder == "")
        breach("no rule for this folder")
}
{
    code = code_of($0)
    if (code ~ /^[ \t]*#[ \t]*include/)
        check_include($0)
    else if (is_allowed(folder, sans_io))
        check_calls(code)
}
END { exit breaches > 0 }
'

# check ROOT: 0 if the tree obeys.
check() (
    cd "$1"
    local folders=()
    for folder in rtp bwe signalling sfu bench tests; do
        [ ! -d "$folder" ] || folders+=("$folder")
    done
    find "${folders[@]}" -name '*.[ch]' -print0 | sort -z |
        xargs -0 awk -v rules="$rules" -v calls="$forbidden_calls" -v sans_io="$sans_io" \
            -v libc="$(echo $libc_headers)" -v posix="$(echo $posix_headers)" "$checker"
)

# --- self-test: file | line that is the breach, or nothing for a clean one --------------------------

samples='
rtp/a.c           | #include "sfu/core/engine.h"
rtp/b.c           | #include <openssl/evp.h>
rtp/c.c           | #include <sys/socket.h>
rtp/d.c           | #include <math.h>
bwe/a.c           | #include "rtp/packet.h"
bwe/b.c           | #include <uv.h>
bwe/c.h           | double jitter = rand() / 2.0;
bwe/d.c           | int now = time (NULL);
signalling/a.c    | #include "sfu/core/room.h"
signalling/b.c    | #include "rtp/packet.h"
signalling/c.c    | #include <srtp2/srtp.h>
sfu/transport/a.c | #include "sfu/core/room.h"
sfu/transport/b.c | #include <pthread.h>
sfu/transport/c.c | RAND_bytes(seed, 8);
sfu/transport/d.c | sendto(fd, bytes, len, 0, NULL, 0);
sfu/core/a.c      | #include "sfu/io/worker.h"
sfu/core/b.c      | #include <threads.h>
sfu/core/c.c      | #include <stdatomic.h>
sfu/core/d.c      | clock_gettime(CLOCK_MONOTONIC, &now);
sfu/core/e.c      | if (getenv("HOME"))
sfu/core/f.c      | /* over */ pthread_create(&thread, NULL, run, NULL);
sfu/core/g.c      | now = uv_hrtime();
sfu/core/j.c      | static int now_us(void) { return time(NULL); }
sfu/core/h.c      | #  include <time.h>
sfu/core/deep/i.c | gettimeofday(&now, NULL);
sfu/io/a.c        | #include "signalling/server.h"
sfu/io/b.c        | #include "sfu/control/control.h"
sfu/io/c.c        | #include <openssl/ssl.h>
sfu/control/a.c   | #include "sfu/core/engine.h"
sfu/control/b.c   | #include "sfu/config.h"
sfu/control/c.c   | #include <libwebsockets.h>
sfu/control/d.c   | #include "worker.h"
bench/a.c         | #include "sfu/control/control.h"
tests/integration/a.c | #include "sfu/transport/srtp.h"
sfu/main.c        |
rtp/clean.c       |
sfu/io/clean.c    |
tests/unit/a.c    |
'

clean_text() {
    case $1 in
    rtp/clean.c)
        cat <<'CLEAN'
/* #include <sys/socket.h>
#include "sfu/io/worker.h"
   calls time() and rand() */
#include "rtp/packet.h" // #include <uv.h>
#include <string.h>
static const char *text = "time(NULL) \" getenv(";
static const char quote = '"'; /* rand() */
static int lifetime(struct track *track) { return track->time(1) + track->io.send(2); }
static int send(struct track *track)
{
    return track->count;
}
static int report(struct track *track) { return send(track); }
CLEAN
        ;;
    sfu/io/clean.c)
        printf '%s\n' '#include "sfu/core/engine.h"' '#include <sys/socket.h>' 'sendmmsg(1, m, 2, 0);'
        ;;
    sfu/main.c) printf '%s\n' '#include "sfu/control/control.h"' '#include <yaml.h>' 'getenv("A");' ;;
    *) printf '%s\n' '#include "sfu/core/engine.h"' '#include "unit.h"' 'time(NULL);' ;;
    esac
}

self_test() {
    local tree file line expected='' found
    tree=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -r '$tree'" EXIT
    while IFS='|' read -r file line; do
        file=${file// /}
        [ -n "$file" ] || continue
        mkdir -p "$tree/$(dirname "$file")"
        if [ -z "${line// /}" ]; then
            clean_text "$file" >"$tree/$file"
        else
            printf '/* a comment\n over two lines */\n%s\n' "${line# }" >"$tree/$file"
            expected+="$file:3"$'\n'
        fi
    done <<<"$samples"
    if found=$(check "$tree"); then
        echo "layers.sh: the self-test tree passed as a whole" >&2
        return 1
    fi
    if ! diff <(sort <<<"${expected%$'\n'}") <(cut -d: -f1,2 <<<"$found" | sort); then
        echo "layers.sh: expected (<) and found (>) breaches differ" >&2
        return 1
    fi
    echo "layers.sh: found all $(wc -l <<<"$found") breaches of the self-test and no other"
}

case ${1:-} in
--self-test) self_test ;;
'' | -*)
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
*)
    if check "$1"; then
        echo "layers.sh: every folder keeps its rules"
    else
        exit 1
    fi
    ;;
esac
