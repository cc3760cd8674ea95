#!/usr/bin/env python3
"""Plants one bug at a time in a copy of the device library; each must be caught.

Usage: run.py --check build/bin/scanc-mutant-check
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# file, what is replaced (found exactly once), by what, the fault
MUTANTS = [
    ("core/affine.cuh", "Ring>(later.gain, earlier.bias), later.bias)",
     "Ring>(earlier.gain, later.bias), earlier.bias)", "composition in the wrong order"),
    ("core/affine.cuh", "map = {Ring::template one<T>(),", "map = {Ring::template zero<T>(),",
     "a wrong identity"),
    ("core/affine.cuh", "return Ring::add(multiply<of, Ring>(map.gain, state), map.bias);",
     "return multiply<of, Ring>(map.gain, state);", "the input of a step is dropped"),
    ("core/element.cuh", "return bf16{f32_to_bf16(static_cast<float>(x))};",
     "return bf16{f32_to_bf16(static_cast<float>(x) * 1.01f)};", "a store that is not x"),
    ("warp/compose_scan.cuh", "if (lane_index() >= reach)", "if (lane_index() > reach)",
     "a lane left out of the warp's scan"),
    ("block/carry.cuh", "    if (i == mine)\n      entering = carry;",
     "    if (i + 1 == mine)\n      entering = carry;", "the carry of the wrong run"),
    ("block/carry.cuh", "    shared_store(cells[thread_index()], own);\n    block_barrier();",
     "    shared_store(cells[thread_index()], own);", "a missing barrier before the runs are read"),
    ("kernel/blelloch.cuh", "    half ^= 1;\n", "", "cells filled again while they are read"),
    ("thread/ring.cuh", "await_copies<R::shape.ring - 1>();", "await_copies<R::shape.ring>();",
     "a tile taken before its copies have landed"),
    ("thread/ring.cuh", "filling = R::shape.ring - 1;", "filling = 0;", "a slot filled before it is taken"),
    ("thread/access.cuh", "to.set(i, as_stored[W - 1 - i]);", "to.set(i, as_stored[i]);",
     "a reverse walk that reads forwards"),
    ("thread/access.cuh", "    to.set(at + i, T{});", "    to.set(at + i, to[at + i]);",
     "a window that does not read zero before the start"),
    ("thread/ring.cuh", "      in = ahead;\n", "", "the prefetched tile is forgotten"),
    ("thread/activation.cuh", "return inverse(T(1) + F::exp(-x));", "return inverse(T(1) + F::exp(x));",
     "a sigmoid of the wrong sign"),
]


def check(tool, folder):
    return subprocess.run([tool, str(folder)], capture_output=True, text=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", required=True, help="path of scanc-mutant-check")
    tool = parser.parse_args().check
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "templates"
        shutil.copytree(ROOT / "templates", folder)
        healthy = check(tool, folder)
        if healthy.returncode != 0:
            print("the library as it stands fails:", healthy.stdout, healthy.stderr)
            return 1
        caught = 0
        for name, search, replacement, fault in MUTANTS:
            path = folder / "scanc" / name
            text = path.read_text()
            if text.count(search) != 1:
                print(f"{name}: expected the text once, found it {text.count(search)} times: {search}")
                return 1
            path.write_text(text.replace(search, replacement))
            result = check(tool, folder)
            path.write_text(text)
            found = result.returncode != 0
            caught += found
            first = (result.stdout + result.stderr).strip().split("\n")[0][:110]
            print(f"{'caught' if found else 'MISSED'}: {fault} ({name}): {first}", flush=True)
        print(f"{len(MUTANTS)} planted, {caught} caught")
        return 0 if caught == len(MUTANTS) else 1


if __name__ == "__main__":
    sys.exit(main())
