#!/usr/bin/env bash
# The files of iris-bench bwe:
#
#   bwe.sh IRIS_BENCH
#
# --plot and --rates write a file each, alone and together, and together the same; what cannot be
# written is an error.
set -euo pipefail
bench=$1
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cd "$folder"

fail() {
    echo "bwe.sh: $*" >&2
    exit 1
}

"$bench" bwe --case drop --plot alone.svg
"$bench" bwe --case drop --rates alone.csv
"$bench" bwe --case drop --plot both.svg --rates both.csv
grep -q '</svg>' alone.svg || fail "no picture"
# A head, and a line for each of 60 s / 200 ms.
[ "$(wc -l <alone.csv)" = 301 ] || fail "$(wc -l <alone.csv) lines of rates, not 301"
cmp alone.svg both.svg || fail "--plot with --rates is another picture"
cmp alone.csv both.csv || fail "--rates with --plot are other figures"

for option in --plot --rates; do
    if "$bench" bwe --case drop $option missing/file 2>error; then
        fail "$option: a file that cannot be written, and exit code 0"
    fi
    grep -q missing/file error || fail "$option: the error does not name the file"
    if "$bench" bwe $option file >/dev/null 2>&1; then
        fail "$option without --case, and exit code 0"
    fi
done
if [ -c /dev/full ] && "$bench" bwe --case drop --rates /dev/full 2>error; then
    fail "a full disk, and exit code 0"
fi
