#!/bin/sh
# Install a lock file into .venv, unless it is there already: tools/install.sh requirements.lock
#
# Needs nothing but a Python with its venv module. Whatever is in the way is said in one sentence.
# PYTHON=… chooses the Python; otherwise the first of those below that is new enough.
set -eu
cd "$(dirname "$0")/.."

lock=$1
python=.venv/bin/python
# Held while .venv changes: where it is still there at the next start, the change was interrupted.
unfinished=.venv/unfinished
installed=.venv/installed-$lock

refuse() {
    echo "$1" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || refuse "PYTHON=$PYTHON is not a Python 3.11 or newer."
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    refuse "Python 3.11 or newer is needed: install it, or name it, as in \`make run PYTHON=/path/to/python3.12\`."
}

case "$(uname -s) $(uname -m)" in
    "Linux x86_64" | "Linux aarch64" | "Darwin x86_64" | "Darwin arm64") ;;
    *) refuse "The embedded broker exists for Linux and macOS, on x86_64 and arm64; this is $(uname -s) on $(uname -m)." ;;
esac

if [ -e "$unfinished" ] || ! new_enough "$python"; then
    base=$(find_python)
    "$base" -c 'import ensurepip, venv' 2>/dev/null ||
        refuse "Python's venv module is missing: \`apt-get install python3-venv\` (as root) installs it."
    rm -rf .venv
    mkdir .venv
    touch "$unfinished"
    "$base" -m venv .venv || refuse "The virtual environment could not be made: the lines above say why."
    rm "$unfinished"
fi

if ! cmp -s "$lock" "$installed"; then
    echo "Installing what $lock names …"
    touch "$unfinished"
    "$python" -m pip install --quiet --quiet --disable-pip-version-check --no-input --only-binary :all: \
        --require-hashes --requirement "$lock" ||
        refuse "The packages could not be installed: the lines above say why."
    cp "$lock" "$installed"
    rm "$unfinished"
fi
