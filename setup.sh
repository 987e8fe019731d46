#!/usr/bin/env bash
# Prepares .venv and what the system must have: ./setup.sh (to build reports) or ./setup.sh dev (to test as well);
# ./setup.sh spark and ./setup.sh dev-spark the same with pyspark (400 MB) and Java.
# Downloads happen here only; a build needs no network. PYTHON=... chooses the interpreter (3.11 or newer).
set -euo pipefail
cd "$(dirname "$0")"
what=${1:-run}
case $what in
    run) locks=(requirements.lock) ;;
    dev) locks=(requirements-dev.lock) ;;
    spark) locks=(requirements-spark.lock) ;;
    dev-spark) locks=(requirements-dev.lock requirements-spark.lock) ;;
    *) echo "setup: there is no $what; there are run, dev, spark and dev-spark" >&2; exit 2 ;;
esac

say() { printf 'setup: %s\n' "$*" >&2; }

python=${PYTHON:-}
for name in python3 python3.14 python3.13 python3.12 python3.11; do
    [ -n "$python" ] && break
    command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' && python=$name
done
if [ -z "$python" ]; then
    say "Python 3.11 or newer is needed (apt install python3, or brew install python), or name it: PYTHON=/path/to/python3 make setup"
    exit 2
fi

# System packages: only those that are missing, by apt as root or with sudo.
has_library() { ldconfig -p 2>/dev/null | grep -q "$1" || [ -n "$(find /usr/lib /lib -name "$1*" -print -quit 2>/dev/null)" ]; }
has_browser() {
    [ -n "${BROWSER_PATH:-}" ] && return 0
    for name in chromium-headless-shell chrome-headless-shell chromium chromium-browser google-chrome google-chrome-stable chrome; do
        command -v "$name" >/dev/null && return 0
    done
    return 1
}
wanted=()
if [ "$(uname)" = Darwin ]; then
    prefix=$(brew --prefix 2>/dev/null || echo /opt/homebrew)
    [ -e "$prefix/lib/libpango-1.0.dylib" ] || { say "run: brew install pango"; exit 2; }
    [ -d "/Applications/Google Chrome.app" ] || [ -d "/Applications/Chromium.app" ] || has_browser || { say "run: brew install --cask google-chrome"; exit 2; }
else
    has_library libpango-1.0.so.0 || wanted+=(libpango-1.0-0)
    has_library libpangoft2-1.0.so.0 || wanted+=(libpangoft2-1.0-0)
    has_library libharfbuzz-subset.so.0 || wanted+=(libharfbuzz-subset0)
    command -v fc-list >/dev/null || wanted+=(fontconfig)
    command -v uv >/dev/null || "$python" -c 'import ensurepip' 2>/dev/null || wanted+=(python3-venv)
    has_browser || wanted+=(chromium-headless-shell)
    if [[ $what = *spark ]]; then
        [ -n "${JAVA_HOME:-}" ] || command -v java >/dev/null || wanted+=(openjdk-17-jre-headless)
    fi
    if [[ $what = dev* ]]; then
        has_library libatomic.so.1 || wanted+=(libatomic1) # the browser tests' driver needs it
        command -v pdftotext >/dev/null || wanted+=(poppler-utils)
        ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || wanted+=(postgresql)
    fi
fi
if [ ${#wanted[@]} -gt 0 ]; then
    line="apt-get install -y --no-install-recommends ${wanted[*]}"
    as=""
    [ "$(id -u)" = 0 ] || as="sudo"
    if ! command -v apt-get >/dev/null || { [ -n "$as" ] && ! sudo -n true 2>/dev/null; }; then
        say "system packages are missing; run this, then make again:  sudo $line"
        exit 2
    fi
    say "installing ${wanted[*]}"
    log=$(mktemp)
    $as apt-get update -q >"$log" 2>&1 || true
    if ! DEBIAN_FRONTEND=noninteractive $as $line >>"$log" 2>&1; then
        tail -n 5 "$log" >&2
        say "this failed:  $line"
        say "where chromium-headless-shell is not packaged (Ubuntu), install Google Chrome or Chromium and run make again"
        exit 2
    fi
    rm -f "$log"
fi

# uv, from PyPI into a folder of its own when it is not there.
uv=uv
if ! command -v uv >/dev/null; then
    [ -x .uv/bin/uv ] || { say "installing uv"; "$python" -m venv .uv && .uv/bin/pip install -q uv; }
    uv=.uv/bin/uv
fi
[ -x .venv/bin/python ] || "$uv" venv -q --python "$python" .venv
"$uv" pip sync -q --compile-bytecode --require-hashes --python .venv/bin/python "${locks[@]}"
rm -f .venv/.ready-*
touch ".venv/.ready-$what"
