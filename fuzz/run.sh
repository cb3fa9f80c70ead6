#!/usr/bin/env bash
# Runs every target (or those named) for RUNS executions each and prints what came of it; fails when one breaks.
set -euo pipefail
cd "$(dirname "$0")"
runs=${RUNS:-200000}
./build.sh
built="target/$(rustc -vV | sed -n 's/^host: //p')/release"
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  for file in fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi
mkdir -p artifacts logs
broken=0
printf '%-26s %12s %9s %8s\n' target executions seconds crashes
for target in "${targets[@]}"; do
  case $target in
    decode_* | read_pools | cow_auction | signer_calldata | solana_tokens) longest=4096 ;;
    *) longest=320 ;; # choices and amounts; what they change is recorded
  esac
  started=$(date +%s)
  crashes=0
  mkdir -p "corpus/$target"
  SEEDS_INTO="corpus/$target" "$built/$target" -runs="$runs" -max_len="$longest" -len_control=0 -timeout=25 -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="artifacts/$target-" "corpus/$target" >"logs/$target.log" 2>&1 || crashes=1
  done=$(sed -n 's/^stat::number_of_executed_units: *//p' "logs/$target.log")
  printf '%-26s %12s %9s %8s\n' "$target" "${done:-0}" "$(($(date +%s) - started))" "$crashes"
  broken=$((broken + crashes))
done
if [ "$broken" -gt 0 ]; then
  echo "$broken targets broke: the inputs are in fuzz/artifacts/, what they say in fuzz/logs/" >&2
  exit 1
fi
