#!/bin/sh
# Make .venv from a lock file and leave stamps that say where: tools/install.sh LOCK STAMP...
#
# .venv/.installing holds the number of the process that is at work. When that process is gone the environment is
# half-made and is built anew; when it lives we wait for it. An environment without the mark is used as it is.
set -eu
cd -P "$(dirname "$0")/.."
kit=$(pwd -P)
lock=$1
shift
stamp=$1
mark=.venv/.installing
environment=.venv/bin/python

say() { echo "ssot-kit: $*" >&2; }
fail() { say "$*"; exit 2; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
describe() { echo "$1 ($("$1" --version 2>&1 || echo 'does not run'))"; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null 2>&1 || fail "PYTHON=$PYTHON: no such interpreter"
        is_new_enough "$PYTHON" || fail "Python 3.11 or newer is needed; PYTHON=$(describe "$PYTHON")"
        has_venv "$PYTHON" || fail "$PYTHON lacks the venv module (Debian: apt install python3-venv)"
        echo "$PYTHON"
        return
    fi
    found=
    for candidate in python3.14 python3.13 python3.12 python3.11 python3 python; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        if ! is_new_enough "$candidate"; then
            found="${found:+$found, }$(describe "$candidate")"
        elif ! has_venv "$candidate"; then
            found="${found:+$found, }$candidate without the venv module (Debian: apt install python3-venv)"
        else
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed; found ${found:-none}. Install one, or call make PYTHON=/path/to/python3.11"
}

# A number alone proves little: it may belong to somebody else by now.
is_installing() {
    kill -0 "$1" 2>/dev/null || return 1
    ! command -v ps >/dev/null 2>&1 || ps -p "$1" -o args= | grep -q install.sh
}

wait_for_other() {
    other=$(cat "$mark" 2>/dev/null || true)
    if [ -z "$other" ] || ! is_installing "$other"; then return 0; fi
    say "another installation is at work (process $other); waiting for it"
    seconds=0
    while [ "$(cat "$mark" 2>/dev/null || true)" = "$other" ] && is_installing "$other"; do
        [ "$seconds" -lt 1200 ] || fail "waited 20 minutes for process $other; stop it, or remove $kit/$mark"
        sleep 1
        seconds=$((seconds + 1))
    done
}

is_up_to_date() {
    [ ! -e "$mark" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$kit" ] &&
        [ -z "$(find pyproject.toml "$lock" tools/install.sh -newer "$stamp")" ]
}

remove_when_useless() {
    [ -e .venv ] || return 0
    if [ -e "$mark" ]; then
        say "an earlier installation was not finished; building .venv anew"
    elif ! is_new_enough "$environment" || ! "$environment" -m pip --version >/dev/null 2>&1; then
        say ".venv does not work any more; building it anew"
    else
        return 0
    fi
    rm -rf .venv
}

wait_for_other
# Whoever we waited for may have done our work.
! is_up_to_date || exit 0
remove_when_useless
python=
[ -e .venv ] || python=$(find_python)
mkdir -p .venv
echo $$ >"$mark"
if [ -n "$python" ]; then
    say "making .venv with $(describe "$python")"
    "$python" -m venv .venv || fail "no environment could be made in $kit/.venv"
fi
say "installing $(grep -c '^[a-z0-9].*==' "$lock") locked packages; this takes a minute or two, once"
rm -f "$@"
install() { "$environment" -m pip --disable-pip-version-check --no-input --quiet --quiet install "$@"; }
install --require-hashes --requirement "$lock" || fail "the packages of $lock could not be installed"
# The project itself cannot carry a hash. Its build tool comes from the lock, so nothing else is downloaded.
install --no-deps --no-build-isolation --editable . || fail "the kit itself could not be installed"
for stamp; do echo "$kit" >"$stamp"; done
rm -f "$mark"
