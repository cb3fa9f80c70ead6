#!/usr/bin/env bash
# Checks the tools that a build needs; names every one that is missing and how to get it.
set -u
python=${1:-python3}
missing=0
need() { # name, how to get it
  printf 'missing: %s\n         %s\n' "$1" "$2" >&2
  missing=1
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  || need "Python 3.11 or newer ($python)" "apt-get install python3 python3-venv python3-dev, or: make PYTHON=/path/to/python3.11"
"$python" -c 'import venv, ensurepip' 2>/dev/null || need "Python's venv module" "apt-get install python3-venv"
command -v cc >/dev/null || need "a C compiler (cc)" "apt-get install build-essential"
if ! command -v cargo >/dev/null; then
  need "Rust 1.90 or newer (cargo)" "install it with rustup, see rust-lang.org"
else
  minor=$(cargo --version | sed -E 's/^cargo 1\.([0-9]+).*/\1/')
  [ "$minor" -ge 90 ] 2>/dev/null || need "Rust 1.90 or newer (this is $(cargo --version))" "rustup update stable"
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  need "Node 20 or newer (node, npm): it brings the local chain" "see nodejs.org, or a package of your system"
else
  major=$(node --version | sed -E 's/^v([0-9]+).*/\1/')
  [ "$major" -ge 20 ] 2>/dev/null || need "Node 20 or newer (this is $(node --version))" "see nodejs.org"
fi
exit "$missing"
