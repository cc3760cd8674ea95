#!/usr/bin/env python3
"""The programs of tests/programs and tests/golden/programs in NumPy, written from the mathematics of
docs/language.md and not from the compiler.

    generate.py            writes data/*.json: inputs, and results in f64
    generate.py --check    compares with what is there

A complex element is two numbers.
"""
import json
import pathlib
import sys
import zlib

import numpy as np

import expressions
import layers
import semirings
import sequences
from draw import Draw

HERE = pathlib.Path(__file__).parent
DATA = HERE / "data"
PROGRAMS = layers.PROGRAMS + semirings.PROGRAMS + sequences.PROGRAMS + expressions.PROGRAMS


def flat(tensor):
    tensor = np.ascontiguousarray(tensor)
    values = tensor.view(float) if np.iscomplexobj(tensor) else tensor
    return values.ravel().tolist()


def case(program):
    inputs, results = program(Draw(zlib.crc32(program.__name__.encode())))
    stored = lambda tensors: {name: {"sizes": list(np.shape(value)), "values": flat(value)}
                              for name, value in tensors.items()}
    return {"inputs": stored(inputs), "results": stored(results)}


def differences(program):
    fresh, stored = case(program), json.loads((DATA / f"{program.__name__}.json").read_text())
    for name, tensor in fresh["results"].items():
        if not np.allclose(tensor["values"], stored["results"][name]["values"], rtol=1e-13, atol=1e-15):
            yield f"{program.__name__}: {name} differs"


def programs_without_values():
    names = {program.__name__ for program in PROGRAMS}
    for folder in (HERE.parent / "programs", HERE / "programs"):
        for file in sorted(folder.glob("*.scan")):
            if file.stem not in names:
                yield f"{file.name} has no golden values"


def main():
    if "--check" not in sys.argv:
        for program in PROGRAMS:
            text = json.dumps(case(program), separators=(",", ":"))
            (DATA / f"{program.__name__}.json").write_text(text)
    wrong = list(programs_without_values())
    for program in PROGRAMS:
        wrong += differences(program)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
