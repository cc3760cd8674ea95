#!/usr/bin/env bash
# On a machine with a GPU: are the kernels right, how fast are they, and how fast are their peers. Writes one table in Markdown.
#
#   tools/ci/gpu_bench.sh BENCH [FOLDER…] >table.md
#
# BENCH is scanc-bench-gpu. Programs come from the FOLDERs; bench/programs and tests/programs if none is given.
# Environment:
#   PEERS         folder with packages of peers (fla, accelerated_scan, mamba_ssm and its selective_scan_cuda), beside those that
#                 Python has; CUB is measured where nvcc is on the PATH
#   ONLY          which cases, as an extended regular expression: 'dense|G=64 N=1$' (all)
#   STRATEGIES    what each case is timed with: auto, or a list set off by ';'
#   PYTHON        the Python that has PyTorch (python3)
#   BANDWIDTH     GB/s of two reads and one write; measured with PyTorch if not given
#   BRIEF         not empty: no times to load, nor back to back
#   CASE_SECONDS  time for one case (180), PEER_SECONDS  for all peers (300)
# What is measured also goes to the errors at once: a run that is cut short is not lost.
# Exit code 1: a result is wrong or a case failed. Where small sizes are wrong or fail, nothing is timed.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -ge 1 ] || { sed -n '2,/^set/s/^# \?//p' "$0" >&2; exit 2; }
bench=$1
shift
python=${PYTHON:-python3}
[ $# -ge 1 ] || set -- "$root/bench/programs" "$root/tests/programs" "$root/examples/hmm_forward"
folders=("$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Sizes in the order in which scanc-bench-gpu prints them; "graph ": launched from a CUDA graph, in a warm L2.
cases=()
for type in f32 bf16; do
  for sizes in "B=8 D=1536 T=1024" "B=8 D=1536 T=4096" "B=8 D=1536 T=16384" "B=1 D=512 T=131072" \
               "B=2 D=64 T=1048576"; do
    cases+=("linear_time_$type $sizes")
  done
  for sizes in "B=8 D=2048 T=8192" "B=1 D=2048 T=65536" "B=1 D=256 T=262144"; do
    cases+=("linear_lanes_$type $sizes")
  done
  cases+=("varlen_lanes_$type D=2048 T=65536" "varlen_time_$type D=2048 T=65536")
  cases+=("linear_time_$type B=8 D=1536 T=16383" "linear_time_$type B=1 D=512 T=131071" "linear_lanes_$type B=8 D=2047 T=8192")
done
for sizes in "G=64 N=512" "G=128 N=512" "G=256 N=512" "G=256 N=64"; do
  cases+=("inter_chunk $sizes")
done
for sizes in "G=64 N=512" "G=64 N=64" "G=64 N=1"; do
  cases+=("inter_chunk_dense $sizes")
done
for sizes in "G=64 N=1" "G=128 N=1" "G=256 N=1"; do
  cases+=("graph inter_chunk $sizes")
done
cases+=("max_plus_lanes_f32 B=8 D=2048 T=8192" "max_plus_time_f32 B=8 D=1536 T=4096")
cases+=("gated_scan B=8 D=2048 T=8192" "decode_step B=4096 D=8192 T=1")
cases+=("selective_scan B=8 D=2048 N=16 T=4096" "selective_scan_time B=8 D=2048 N=16 T=4096")
cases+=("complex_memory B=8 D=1024 N=16 T=2048" "s5 B=512 N=16 U=4 O=4 T=4096")
for sizes in "B=8 H=16 K=128 T=4096 V=128" "B=1 H=16 K=128 T=32768 V=128"; do
  for program in simple_gla gla delta_rule gated_delta kda; do
    cases+=("$program $sizes")
  done
done
for program in rwkv6 rwkv7; do
  cases+=("$program B=8 H=32 K=64 T=4096 V=64" "$program B=1 H=32 K=64 T=32768 V=64")
done
cases+=("mamba2 B=8 H=32 N=128 P=64 T=4096" "mamba2 B=1 H=32 N=128 P=64 T=32768")
for sizes in "B=1 G=2 K=128 R=4 T=32768" "B=1 G=16 K=128 R=4 T=8192" "B=4 G=8 K=128 R=4 T=8192"; do
  cases+=("grouped_delta $sizes V=128")
done
for sizes in "B=1 H=16" "B=8 H=16" "B=32 H=16" "B=256 H=16"; do
  cases+=("gated_delta_step $sizes K=128 T=1 V=128")
done
# More rows would take the reference, which sums 20 million terms a second, longer than all that is timed here.
cases+=("graph gated_layer B=1 D=64 E=256 T=512" "graph gated_layer B=4 D=64 E=256 T=2048")
cases+=("graph projection_chain B=1 E=256 H=16 K=128 T=512 V=128")
cases+=("rms_scan B=8 D=128 H=16 T=8192" "group_norm_scan B=8 D=64 H=32 T=4096")
for sizes in "B=1 T=4096" "B=8 T=4096" "B=64 T=4096"; do
  cases+=("dense_32 $sizes" "dense_64 $sizes")
done
for program in viterbi hmm_forward recurrent; do
  cases+=("$program B=1024 N=64 T=1024" "$program B=16 N=256 T=1024")
done
cases+=("recurrent B=1 N=32 T=4096" "recurrent B=1 N=64 T=4096" "recurrent B=8 N=64 T=4096" "recurrent B=1 N=128 T=4096")
# Last, because they take longest: the reference walks a row step by step.
cases+=("linear_time_f32 B=1 D=1 T=134217728" "linear_time_bf16 B=1 D=1 T=134217728")

if [ -n "${ONLY:-}" ]; then
  mapfile -t cases < <(printf '%s\n' "${cases[@]}" | grep -E -- "$ONLY")
  [ ${#cases[@]} -gt 0 ] || { echo "no case is called '$ONLY'" >&2; exit 2; }
fi

file_of() {
  local folder
  for folder in "${folders[@]}"; do
    [ ! -f "$folder/$1.scan" ] || { echo "$folder/$1.scan"; return; }
  done
  echo "no $1.scan in: ${folders[*]}" >&2
  return 1
}

# Sizes that leave ragged tiles.
small_of() {
  case $1 in
    inter_chunk*) printf '%s\n' "G=77 N=3" "G=777 N=2" ;;
    varlen_*) printf '%s\n' "D=37 T=777" "D=33 T=4097" ;;
    rms_scan | group_norm_scan) printf '%s\n' "B=2 D=37 H=3 T=777" "B=1 D=128 H=3 T=1000" "B=1 D=2048 H=2 T=77" ;;
    rwkv6 | rwkv7) printf '%s\n' "B=2 H=3 K=64 T=777 V=100" "B=1 H=2 K=64 T=63 V=72" ;;
    simple_gla | gla | delta_rule | gated_delta | kda) printf '%s\n' "B=2 H=3 K=128 T=777 V=100" "B=1 H=2 K=64 T=63 V=72" ;;
    grouped_delta) printf '%s\n' "B=2 G=2 K=128 R=3 T=777 V=100" "B=1 G=1 K=64 R=2 T=63 V=72" ;;
    mamba2) printf '%s\n' "B=2 H=3 N=128 P=64 T=777" "B=1 H=2 N=37 P=40 T=63" ;;
    gated_layer) printf '%s\n' "B=3 D=37 E=40 T=77" "B=2 D=64 E=264 T=130" ;;
    projection_chain) printf '%s\n' "B=3 E=40 H=3 K=37 T=77 V=16" "B=2 E=264 H=16 K=128 T=130 V=72" ;;
    dense_*) printf '%s\n' "B=3 T=37" "B=2 T=777" ;;
    viterbi | hmm_forward | recurrent) printf '%s\n' "B=3 N=37 T=777" "B=2 N=256 T=33" ;;
    s5) printf '%s\n' "B=3 N=5 U=3 O=2 T=777" ;;
    decode_step) printf '%s\n' "B=3 D=37 T=1" "B=2 D=33 T=3" ;;
    gated_delta_step) printf '%s\n' "B=3 H=5 K=100 T=1 V=72" "B=2 H=3 K=128 T=5 V=128" ;;
    *) printf '%s\n' "B=3 D=37 T=777" "B=2 D=33 T=4097" ;;
  esac
}

# The strategies that a program is checked with: sums of projections at every step are text of minutes to compile.
ways_of() {
  case $1 in
    gated_layer) echo "auto;look_back;projection;projected_scan" ;;
    projection_chain) echo "auto;projection" ;;
    *) echo "auto;sequential;blelloch;look_back;matmul_scan;cyclic_reduction;chunkwise;projection;projected_scan" ;;
  esac
}

# The ranges of a program's inputs, at some sizes: decays as layers have them; other inputs are between -1 and 1.
bindings_of() {
  case $1 in
    linear_*) echo a=0.9:1 ;;
    rms_scan) echo a=0.9:1 ;;
    inter_chunk) echo alpha=0.9:1 ;;
    varlen_*) echo a=0.9:1 offsets:cu=skewed ;;
    inter_chunk_dense) echo A=-0.0625:0.0625 ;; # as dense_32
    dense_32) echo A=-0.03125:0.03125 ;; # rows whose magnitudes sum to 1 at most, as bounds on errors need
    dense_64) echo A=-0.015625:0.015625 ;;
    viterbi | hmm_forward) echo W=-8:0 e=-8:0 ;; # logarithms of chances
    recurrent) echo W=-0.00390625:0.00390625 ;;  # as dense_32, for 256 rows
    max_plus_*) echo a=-1:0 ;;
    simple_gla | gla) echo g=-0.5:0 ;;
    # Bounds of the reference grow with each step by what the magnitudes of a correction do, and are to stay within its range.
    gated_delta | grouped_delta | gated_delta_step | kda) echo g=-0.5:0 beta=0:0.01 k=-0.15:0.15 ;; # keys of length about 1
    rwkv6) echo w=-0.5:0 ;;
    rwkv7) echo w=-0.5:0 a=-0.15:0.15 b=-0.0015:0.0015 ;;
    delta_rule) case $2 in *T=32768*) echo beta=0:0.0005 ;; *) echo beta=0:0.01 ;; esac ;;
    mamba2) echo dt=-5:-3 bias=0:0 A=0:2 ;;
    selective_scan*) echo N=16 A=-8:-0.5 ;;
    complex_memory) echo N=16 ;;
    s5) echo lambda=-0.7:0.7 ;; # of both parts: magnitudes below 1
  esac
}

# The benchmark, stopped when the time of a case is over.
run() {
  timeout -k 5 "${CASE_SECONDS:-180}" "$bench" ${brief:+--brief} "$bandwidth" "$@"
}

bandwidth=${BANDWIDTH:-$("$python" "$root/bench/peers.py" bandwidth)}

# Programs beside each other, as nothing is timed: most of it is NVRTC.
echo "small sizes" >&2
brief=1
checks=()
for program in $(printf '%s\n' "${cases[@]#graph }" | awk '!seen[$1]++ { print $1 }'); do
  file=$(file_of "$program")
  call=()
  while read -r sizes; do
    read -ra bindings <<<"$sizes $(bindings_of "$program" "$sizes")"
    call+=(-- "$file" "$(ways_of "$program")" "${bindings[@]}")
  done < <(small_of "$program")
  run "${call[@]:1}" >"$work/small.$program" 2>&1 &
  checks+=($!)
done
wrong=0
for check in "${checks[@]}"; do
  wait "$check" || wrong=1
done
# A strategy may decline sizes that another takes; the choice that is left to the planner may not.
if [ $wrong != 0 ] || grep -qE 'WRONG|[|] (graph )?auto [|] declines' "$work"/small.*; then
  cat "$work"/small.* >&2
  echo "wrong or failed at small sizes; nothing is timed" >&2
  exit 1
fi
brief=${BRIEF:-}
grep -h "^|" "$work"/small.* | sed -n 1,2p >"$work/header"

# A process for each case: one that fails takes no other with it. Its first row opens the driver and NVRTC, and is dropped.
status=0
tiny=$(file_of linear_time_f32)
strategies=${STRATEGIES:-auto}
for each in "${cases[@]}"; do
  read -r program sizes <<<"${each#graph }"
  file=$(file_of "$program")
  read -ra bindings <<<"$sizes $(bindings_of "$program" "$sizes")"
  code=0
  ways=$strategies
  [ "$each" = "${each#graph }" ] || ways="graph ${strategies//;/;graph }"
  run "$tiny" sequential B=1 D=8 T=64 -- "$file" "$ways" "${bindings[@]}" >"$work/case" || code=$?
  sed 1,3d "$work/case" | tee -a "$work/rows" >&2
  if [ $code != 0 ]; then
    echo "| $program.scan | $sizes | $ways | failed: exit code $code |" | tee -a "$work/rows" >&2
    status=1
  fi
done
! grep -qE 'WRONG|[|] (graph )?auto [|] declines' "$work/rows" || status=1

echo "peers" >&2
timeout -k 5 "${PEER_SECONDS:-300}" "$python" "$root/bench/peers.py" "${cases[@]}" | tee "$work/peers" >&2 ||
  echo "peers ended with exit code $?; those without a time were not measured" >&2

if command -v nvidia-smi >/dev/null; then
  nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
fi
echo "two reads and one write: $bandwidth GB/s"
echo
# Beside each row of ours its peers, and how many times longer the fastest of them takes.
awk -F ' *[|] *' '
  FILENAME ~ /peers$/ {
    split($0, field, ", ")
    if (field[3] + 0 > 0 && (!(field[1] in best) || field[3] + 0 < best[field[1]]))
      best[field[1]] = field[3] + 0
    peers[field[1]] = peers[field[1]] gap[field[1]] field[2] " " substr($0, length(field[1] field[2]) + 5)
    gap[field[1]] = "; "
    next
  }
  FILENAME ~ /header$/ {
    columns = NF
    for (i = 1; i <= NF; ++i)
      if ($i == "µs")
        time = i
    print $0 (FNR == 1 ? " peers, µs | best peer / ours |" : "---|---|")
    next
  }
  {
    row = $0
    for (i = NF; i < columns; ++i)
      row = row " |"
    key = (row ~ /, in a graph \|/ ? "graph " : "") $2 " " $3
    sub(/\.scan /, " ", key)
    ratio = $time + 0 > 0 && key in best ? sprintf("%.2f", best[key] / $time) : ""
    print row " " peers[key] " | " ratio " |"
  }' "$work/peers" "$work/header" "$work/rows"
exit $status
