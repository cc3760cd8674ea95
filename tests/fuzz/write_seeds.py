#!/usr/bin/env python3
"""Writes good inputs for the fuzz targets: IR of every stage, a bundle, .npy files.

Usage: write_seeds.py build/bin/scanc tests/programs FOLDER
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys

SCANC, PROGRAMS, FOLDER = (pathlib.Path(path).absolute() for path in sys.argv[1:4])
# Of each kind of plan one; the rest would only repeat their texts.
SHAPES = {"ema": "T=64", "gated_scan": "D=64", "cascade": "T=64", "dense": "B=2", "gla": "K=64,V=64",
          "gated_delta": "K=64,V=64", "selective_scan": "N=16", "viterbi": "N=16"}


def run(*arguments):
    # From the folder of the programs: a path in their texts would make other inputs of each checkout.
    done = subprocess.run([SCANC, *map(str, arguments)], capture_output=True, text=True, cwd=PROGRAMS,
                          env={**os.environ, "SCANC_CACHE_DIR": "off", "SCANC_WISDOM": "off"})
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def npy(kind, shape, elements):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + elements


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name in ("ir", "bundle", "npy"):
        (FOLDER / name).mkdir(parents=True)
    for program in sorted(PROGRAMS.glob("*.scan")):
        if program.stem not in SHAPES:
            continue
        for stage in ("scan", "affine", "plan"):
            text = run(program.name, "--target=sm_90a", f"--emit={stage}", "--shape", SHAPES[program.stem],
                       "-o", "-")
            (FOLDER / "ir" / f"{program.stem}.{stage}").write_text(text)
    # A reader believes an edited bundle without its checksum.
    bundle = run("ema.scan", "--target=sm_90a", "--emit=bundle", "-o", "-")
    bundle = re.sub(r'("checksum": ")[0-9a-f]+', r"\1edited", bundle)
    bundle = re.sub(r'("source": ")[^"\\]*(?:\\.[^"\\]*)*', r"\1text", bundle)
    bundle = re.sub(r'("headers": )\{.*?\n  \}', r"\1{}", bundle, flags=re.S)
    (FOLDER / "bundle" / "ema").write_text(bundle)
    (FOLDER / "npy" / "f32").write_bytes(npy("<f4", "(2, 3)", bytes(24)))
    (FOLDER / "npy" / "bf16").write_bytes(npy("<V2", "(5,)", bytes(10)))
    (FOLDER / "npy" / "scalar").write_bytes(npy("<f8", "()", bytes(8)))
    (FOLDER / "stamp").touch()


main()
