#!/usr/bin/env bash
# Brings what a build needs on Debian 12: packages that are missing, and NVRTC for compiling to cubin.
# Installs nothing that is there; without the rights to install it says what to install.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages="libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools libfmt-dev libgtest-dev libgmock-dev
  libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libboost-context-dev libdlpack-dev zlib1g-dev libzstd-dev
  ninja-build ccache lld cmake g++ make python3 python3-pip"
missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      echo "missing packages; install them with: apt-get install$missing" >&2
      exit 1
    fi
    as_root=sudo
  fi
  echo "installing:$missing" >&2
  $as_root apt-get update -qq
  # Read whole: grep -q in a pipe ends apt-cache by SIGPIPE, which pipefail takes for "not there".
  policy=$(apt-cache policy libmlir-22-dev)
  if [[ $policy != *"Candidate: "[0-9]* ]]; then
    echo "apt knows no MLIR 22 (libmlir-22-dev). Debian 12 has it in bookworm-security: add" >&2
    echo "  deb http://deb.debian.org/debian-security bookworm-security main" >&2
    echo "to /etc/apt/sources.list, or on another system the repository of apt.llvm.org; then run this again." >&2
    exit 1
  fi
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# NVRTC: the toolkit's, or the wheel's under build/nvrtc. A user without it still runs on the CPU.
found=""
for folder in "${SCANC_NVRTC:-}" "${CUDA_HOME:-}/lib64" "${CUDA_PATH:-}/lib64" /usr/local/cuda*/lib64 \
              build/nvrtc/nvidia/*/lib; do
  if ls "$folder"/libnvrtc.so* >/dev/null 2>&1; then found=$folder; fi
done
if [ -z "$found" ]; then
  if ! python3 -m pip install --quiet --target build/nvrtc nvidia-cuda-nvrtc==13.0.88 >&2; then
    echo "NVRTC is missing and could not be installed; kernels for GPUs cannot be compiled here" >&2
    [ "${CI:-}" != true ] || exit 1
  fi
fi
