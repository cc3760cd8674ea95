"""Runs one program on the CPU at several sizes through `scanc run --check`: run_program.py SCANC FILE.

Sizes that the program fixes stay; the others are tried as small defaults, as 1, as odd numbers that
fill no vector and no tile, and as 0 one by one.
"""
import json
import os
import subprocess
import sys

scanc, program = sys.argv[1:]
odd = [3, 37, 5, 7, 11]


def run(shape):
    sizes = ",".join(f"{name}={size}" for name, size in shape.items())
    command = [scanc, "run", program, "--target=cpu", "--strategy=auto", "--check", "--json"]
    return subprocess.run(command + (["--shape", sizes] if sizes else []),
                          capture_output=True, text=True)


name = os.path.splitext(os.path.basename(program))[0]
first = run({})
if first.returncode != 0:
    sys.exit(f"at default sizes: {first.stderr}")
names = list(json.loads(first.stdout)["sizes"])
cases = [{each: 1 for each in names}, {each: size for each, size in zip(names, odd)}]
# No segment holds no time: that is another program's error.
cases += [{each: 0} for each in names if each != "S"]
for shape in cases:
    result = run(shape)
    if result.returncode != 0:
        sys.exit(f"at {shape}: {result.stderr}")
print(f"{name}: {1 + len(cases)} runs agree with the reference")
