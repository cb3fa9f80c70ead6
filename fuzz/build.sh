#!/usr/bin/env bash
# Builds every target with coverage counters, on the stable toolchain.
set -euo pipefail
cd "$(dirname "$0")"
flags=(--cfg fuzzing -Cpasses=sancov-module)
for option in level=4 inline-8bit-counters pc-table trace-compares; do
  flags+=("-Cllvm-args=-sanitizer-coverage-$option")
done
target=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="${flags[*]}" cargo build --locked --release --target "$target" "$@"
