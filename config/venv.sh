#!/bin/sh
# Make .venv from a lock, or bring it up to date: sh config/venv.sh requirements-demo.txt
# Needs Python 3.11 or newer, nothing else: every package comes as a wheel with its hash.
# PYTHON=/path/to/python chooses one.
set -eu

lock=$1
all=requirements-dev.txt  # holds the pins of every other lock
stamp=.venv/.installed  # a copy of what was installed: written last, so a broken-off build is built again

say() { printf '%s\n' "$*" >&2; }

works() { "$1" -c 'pass' >/dev/null 2>&1; }  # a name on the PATH may be an empty shim
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }
has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Older ones first: a package may have no wheel yet for the newest Python.
find_python() {
    old="" bare=""
    for python in ${PYTHON:-python3.11 python3.12 python3.13 python3 python python3.14}; do
        works "$python" || continue
        if ! is_new_enough "$python"; then old="$python"; continue; fi
        if ! has_venv "$python"; then bare="$python"; continue; fi
        printf '%s' "$python"
        return
    done
    if [ -n "$bare" ]; then
        say "$bare has no venv module. On Debian and Ubuntu: apt install $(version "$bare")-venv"
    elif [ -n "$old" ]; then
        say "Concord needs Python 3.11 or newer; $old is $("$old" -V 2>&1)."
        say "If a newer one is installed: make PYTHON=/path/to/python3.11"
    else
        say "Concord needs Python 3.11 or newer; none was found. Install it, or: make PYTHON=/path/to/python3.11"
    fi
    exit 1
}

version() { "$1" -c 'import sys; print("python%d.%d" % sys.version_info[:2])'; }

is_installed() { cmp -s "$1" "$stamp" && works .venv/bin/python; }

is_installed "$lock" || is_installed "$all" && exit 0

if ! works .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    say "Making .venv with $("$python" -V) ..."
    rm -rf .venv
    "$python" -m venv .venv
fi
rm -f "$stamp"
say "Installing the packages of $lock ..."
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
    --only-binary :all: --no-deps --require-hashes --no-compile -r "$lock"
# pip compiles on one core, also what nobody imports: a third of the time.
packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
.venv/bin/python -m compileall -q -j 0 -x '/(phonenumbers/(geodata|carrierdata|tzdata)|faker/providers|pip)/' \
    "$packages" >/dev/null || :  # a file that can't be compiled is one that can't be imported
cp "$lock" "$stamp"
