#!/usr/bin/env bash
# libFuzzer on every target of a build with SCANC_FUZZER=ON, SECONDS each. What it finds, and inputs that reach new
# code, stay in BUILD/fuzzing; an input that is worth keeping goes to tests/fuzz/corpus.
#
#   tests/fuzz/run.sh BUILD SECONDS [TARGET…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
seconds=$2
shift 2
[ $# -gt 0 ] || set -- dsl ir bundle cache_entry wisdom npy command_line
failed=0
for target in "$@"; do
  mkdir -p "$build/fuzzing/$target"
  seeds=("$here/corpus/$target")
  [ "$target" != dsl ] || seeds+=("$here/../programs")
  [ ! -d "$build/tests/fuzz/seeds/$target" ] || seeds+=("$build/tests/fuzz/seeds/$target")
  log=$build/fuzzing/$target.log
  if (cd "$build/fuzzing" && ASAN_OPTIONS=detect_leaks=0 "$build/bin/fuzz-$target" -max_total_time="$seconds" \
      -timeout=10 -rss_limit_mb=8000 -close_fd_mask=3 -dict="$here/scan.dict" -artifact_prefix="$target-" \
      "$target" "${seeds[@]}") 2>"$log"; then
    echo "$target: $(grep -E '^Done [0-9]+ runs' "$log" || tail -n 1 "$log")"
  else
    echo "$target: a finding, see $log"
    failed=1
  fi
done
exit $failed
