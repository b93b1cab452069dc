#!/bin/sh
# Make .venv with PYTHON and install the project there, at the versions of constraints.txt.
#
#   tools/install.sh PYTHON WHAT        WHAT is "." or ".[dev]"
#
# On Linux PyPI's torch is the one for NVIDIA cards, gigabytes large, and nothing here runs on a card: so torch alone is
# taken first, from the folder in $PIP_FIND_LINKS where that has it, else from PyTorch's index of CPU builds.
set -eu

python=$1
what=$2
pip=".venv/bin/python -m pip"
cpu_builds=https://download.pytorch.org/whl/cpu

say() { echo "==> $*"; }

torch_for_cpu() {
    torch=$(grep '^torch==' constraints.txt)
    if $pip show --quiet torch 2>/dev/null; then
        return
    fi
    if [ -n "${PIP_FIND_LINKS:-}" ] && $pip install --quiet --no-deps --no-index "$torch" 2>/dev/null; then
        say "Took $torch from $PIP_FIND_LINKS"
        return
    fi
    say "Installing $torch, the build without CUDA (200 MB)"
    $pip install --no-deps --retries 1 --timeout 15 --index-url "$cpu_builds" "$torch" ||
        say "PyTorch's index cannot be reached; PyPI's build does as well, but is much larger"
}

if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
    say "Python 3.11, 3.12 or 3.13 is needed, and $python is not one; name one with: make PYTHON=/path/to/python3.11"
    exit 1
fi
if ! .venv/bin/python -c '' 2>/dev/null; then
    say "Making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
    say "Raising pip: the one that comes with Python needs many minutes for this"
    $pip install --quiet --upgrade pip
fi
if [ "$(uname -s)" = Linux ]; then
    torch_for_cpu
fi
say "Installing $what with the versions of constraints.txt (a few minutes the first time)"
$pip install --constraint constraints.txt --editable "$what"
say "Compiling"
.venv/bin/python -m compileall -q src ingest evals
