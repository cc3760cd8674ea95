#!/usr/bin/env python3
"""The planner beside measurement, over a grid of shapes.

    sweep.py measure GRID.toml --bench scanc-bench-gpu --bandwidth GB/s >>times.jsonl     on a machine with a GPU
    sweep.py report GRID.toml times.jsonl --scanc scanc >>bench/results/FILE.md          anywhere

`measure` times every strategy at every point, each checked against the f64 reference first, and adds a line for each point as soon as it
has it; points that the file given by --known has already are left out. `report` asks `scanc explain` for its picks and writes a table:
times measured and, in brackets, estimated, the pick, and how much longer it takes than the best.

A grid has [[points]], each with
    text        a program; {type} stands for each of `types`
    types       element types; one if not given
    strategies  what is timed
    sizes       for each size its values: all combinations are points
    ranges      of random inputs by name, "low:high"; the sizes may stand in them: "-1/N:1/N"
    most_bytes  combinations whose operands are larger are left out (16 GiB)
"""
import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib

TARGET = "sm_90a"
BYTES = {"f64": 8, "f32": 4, "f16": 2, "bf16": 2, "c64": 8, "i32": 4}


def operand_bytes(text, sizes):
    """Of all operands in the signature of a program."""
    total = 0
    for element, dims in re.findall(r"\b(f64|f32|f16|bf16|c64|i32)\[([^\]]*)\]", text):
        # Names before the colon share one type: "a, b: f32[T]".
        names = re.search(r"([\w, ]+):\s*" + re.escape(f"{element}[{dims}]"), text).group(1)
        count = len(names.split(","))
        for dim in dims.split(","):
            dim = dim.strip()
            count *= sizes[dim] if dim in sizes else int(dim)
        total += count * BYTES[element]
    return total


def points_of(grid):
    """Every point: the program's text, its sizes, the ranges of inputs, and what is timed."""
    for group in grid["points"]:
        names = list(group["sizes"])
        for element in group.get("types", [""]):
            text = group["text"].replace("{type}", element)
            for values in itertools.product(*group["sizes"].values()):
                sizes = dict(zip(names, values))
                if operand_bytes(text, sizes) > group.get("most_bytes", 16 << 30):
                    continue
                ranges = {}
                for parameter, limits in group.get("ranges", {}).items():
                    low, high = (eval(limit, {}, sizes) for limit in limits.split(":"))
                    ranges[parameter] = f"{low}:{high}"
                yield {"name": re.search(r"kernel (\w+)", text).group(1), "type": element, "text": text,
                       "sizes": sizes, "ranges": ranges, "strategies": group["strategies"]}


def key_of(point):
    return json.dumps([point["name"], point["type"], point["sizes"]])


def measure(arguments, grid):
    known = set()
    for path in arguments.known or []:
        with open(path, encoding="utf-8") as lines:
            known |= {key_of(json.loads(line)) for line in lines}
    for point in points_of(grid):
        if key_of(point) in known:
            continue
        with tempfile.NamedTemporaryFile("w", suffix=".scan", encoding="utf-8") as file:
            file.write(point["text"])
            file.flush()
            call = [arguments.bench, "--brief", str(arguments.bandwidth), file.name, ";".join(point["strategies"])]
            call += [f"{name}={value}" for name, value in (point["sizes"] | point["ranges"]).items()]
            try:
                done = subprocess.run(call, capture_output=True, text=True, timeout=arguments.seconds, check=False)
                output, failed = done.stdout, done.returncode != 0 and done.stderr.strip()[-300:]
            except subprocess.TimeoutExpired as late:
                output, failed = (late.stdout or b"").decode(), f"longer than {arguments.seconds} s"
        times, wrong, declined = {}, [], []
        for row in output.splitlines()[2:]:
            cells = [cell.strip() for cell in row.split("|")]
            if cells[4].startswith("declines"):
                declined.append(cells[3])
                continue
            times[cells[3]] = float(cells[4])
            if "WRONG" in row:
                wrong.append(cells[3])
        print(json.dumps({"name": point["name"], "type": point["type"], "sizes": point["sizes"], "times": times,
                          "declined": declined, "wrong": wrong, "failed": failed or None}), flush=True)


def explain(arguments, point):
    """The planner's estimates in µs and its pick."""
    with tempfile.NamedTemporaryFile("w", suffix=".scan", encoding="utf-8") as file:
        file.write(point["text"])
        file.flush()
        shape = ",".join(f"{name}={value}" for name, value in point["sizes"].items())
        call = [arguments.scanc, "explain", file.name, f"--target={TARGET}", "--shape", shape, "--json"]
        answer = json.loads(subprocess.run(call, check=True, capture_output=True).stdout)
    candidates = [each for each in answer["candidates"] if "seconds" in each]
    return ({each["strategy"]: each["seconds"] * 1e6 for each in candidates},
            next((each["strategy"] for each in candidates if each["chosen"]), None))


def report(arguments, grid):
    measured = {}
    for path in arguments.times:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                found = json.loads(line)
                measured[key_of(found)] = found
    print("| recurrence | type | sizes | measured (estimated) µs | pick | pick / best |\n|---|---|---|---|---|---|")
    good = total = 0
    for point in points_of(grid):
        found = measured.get(key_of(point))
        if found is None or not found["times"]:
            continue
        estimates, pick = explain(arguments, point)
        times = found["times"]
        right = {name: time for name, time in times.items() if name not in found["wrong"]}
        shown = ", ".join(f"{name} {time:.4g} ({estimates[name]:.4g})" if name in estimates else f"{name} {time:.4g}"
                          for name, time in times.items())
        regret = right[pick] / min(right.values()) if pick in right else float("inf")
        total += 1
        good += regret <= 1.1
        sizes = " ".join(f"{name}={value}" for name, value in point["sizes"].items())
        wrong = "".join(f"; {name} WRONG" for name in found["wrong"])
        print(f"| {point['name']} | {point['type']} | {sizes} | {shown}{wrong} | {pick} | {regret:.2f} |")
    print(f"\nWithin 10 % of the best: {good} of {total} points.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    measuring = commands.add_parser("measure", help="times of every strategy at every point, as JSON lines")
    measuring.add_argument("grid")
    measuring.add_argument("--bench", required=True, help="scanc-bench-gpu")
    measuring.add_argument("--bandwidth", type=float, required=True, help="GB/s, as bench/peers.py measures them")
    measuring.add_argument("--seconds", type=float, default=60, help="for one point (60)")
    measuring.add_argument("--known", action="append", help="lines of an earlier run")
    measuring.set_defaults(run=measure)
    reporting = commands.add_parser("report", help="a table of picks, in Markdown")
    reporting.add_argument("grid")
    reporting.add_argument("times", nargs="+", help="lines that measure wrote")
    reporting.add_argument("--scanc", default="scanc")
    reporting.set_defaults(run=report)
    arguments = parser.parse_args()
    with open(arguments.grid, "rb") as file:
        grid = tomllib.load(file)
    os.environ.setdefault("SCANC_CACHE_DIR", "off")
    arguments.run(arguments, grid)


if __name__ == "__main__":
    sys.exit(main())
