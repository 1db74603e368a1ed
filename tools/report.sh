#!/bin/sh
# `make report`: TARGET and POLICY are taken from the environment, relative to CALLED_FROM, spaces allowed.
set -eu
kit=$(cd "$(dirname "$0")/.." && pwd)
PATH=$kit/.venv/bin:$PATH
expand() { case "$1" in "~/"*) echo "$HOME/${1#"~/"}" ;; *) echo "$1" ;; esac; }

cd "$CALLED_FROM"
policy=$(expand "${POLICY:-}")
claims=$(expand "${CLAIMS:-}")
if [ -n "${TARGET:-}" ]; then
    target=$(expand "$TARGET")
else
    bundled=$kit/data/cases/agent_platform
    python "$bundled/build.py"
    target=$bundled/tree
    if [ -z "$policy" ]; then
        policy=$bundled/ssot.toml
        claims=$kit/data/cases/issue_909_claims.toml
    fi
fi
exec ssot report "$target" ${policy:+--policy "$policy"} ${claims:+--claims "$claims"}
