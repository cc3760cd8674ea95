#!/usr/bin/env bash
# The compiler under valgrind, which looks into LLVM's libraries too, as no build of ours with sanitizers does: every program of FOLDER to CUDA by
# the planner's pick for sm_90a and sm_80. Reports accesses beyond what was allocated, and branches on what nobody wrote.
#
#   tests/memcheck/run.sh SCANC [FOLDER [SECONDS]]
#
# Ends with how many were clean; exit code 1 where one was not. No program is begun after SECONDS (3600).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scanc=$1
folder=${2:-$here/../programs}
end=$((SECONDS + ${3:-3600}))
export SCANC_CACHE_DIR=off
clean=0 found=0
for program in "$folder"/*.scan; do
  for target in sm_90a sm_80; do
    [ $SECONDS -lt $end ] || break 2
    report=$(valgrind -q --error-exitcode=99 --leak-check=no --num-callers=12 --suppressions="$here/loader.supp" \
      "$scanc" compile "$program" --target=$target --emit=cuda 2>&1 >/dev/null)
    if [ $? -eq 99 ]; then # another code: no strategy takes the program for this target
      echo "$program for $target:"
      echo "$report"
      found=$((found + 1))
    else
      clean=$((clean + 1))
    fi
  done
done
echo "$clean compilations clean, $found not"
[ $found -eq 0 ]
