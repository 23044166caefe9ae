#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the machine: an environment with the grader in it.
set -euo pipefail

SOURCE=${AUTOGRADER:-/autograder}/source
ENVIRONMENT=${AUTOGRADER:-/autograder}/environment

usable() {
    command -v "$1" >/dev/null && "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if usable "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

if ! find_python >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv ||
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv
fi
python=$(find_python) || { echo "setup: Python 3.11 or later is needed: choose a newer image" >&2; exit 1; }
"$python" -m venv "$ENVIRONMENT"
cd "$SOURCE"
"$ENVIRONMENT/bin/python" -m pip install --quiet --no-cache-dir --requirement requirements.txt

# student code runs under another uid, which is to see neither hidden checks nor solutions
chmod -R go-rwx "$SOURCE"
