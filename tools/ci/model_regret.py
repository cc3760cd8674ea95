#!/usr/bin/env python3
"""What the cost model's picks cost: measured times of strategies beside the picks of this build.

    tools/ci/model_regret.py build/bin/scanc [--all]

Times are those of bench/results/h200-grid.md, h200-odd.md and h200-dense-grid.jsonl, picks those of `scanc explain --json`. Prints how
many picks are within 10 % of the fastest strategy, and those that are not; with --all every point with its estimates. A pick of a shape that
nobody had then is told apart: across lanes `blelloch` was measured with 8 threads along time. How near the model comes within a strategy
says `scanc tune --simulate RESULTS --sweep bench/sweeps/tuning.toml`.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = "sm_90a"
KEPT = 256  # steps up to which blocks of `blelloch` hold all of time, in shapes of their own
STRATEGIES = ("sequential", "blelloch", "look_back")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def rows_of(table):
    """Points of a table of linear recurrences: the program, its sizes, and µs by strategy."""
    for line in read("bench", "results", table).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not cells[0].startswith("[B"):
            continue
        layout = "time" if cells[0] == "[B, D, T]" else "lanes"
        *sizes, sequential, blelloch, look_back, _, _ = cells[2:]
        lanes, steps = (8, int(sizes[0]) // 8), int(sizes[-1])
        if len(sizes) == 3:
            lanes = int(sizes[0]), int(sizes[1])
        times = {name: float(cell.split()[0]) for name, cell in zip(STRATEGIES, (sequential, blelloch, look_back)) if cell}
        yield read("bench", "programs", f"linear_{layout}_{cells[1]}.scan"), {"B": lanes[0], "D": lanes[1], "T": steps}, times


def records_of(results, sweep):
    """The same of a file of results, with the programs of its sweep."""
    texts = {}
    for group in tomllib.loads(read("bench", "sweeps", sweep))["points"]:
        for element in group["types"]:
            texts[re.search(r"kernel (\w+)", group["text"]).group(1), element] = group["text"].replace("{type}", element)
    points = {}
    for line in read("bench", "results", results).splitlines():
        record = json.loads(line)
        text = texts[record["kernel"], next(iter(record["dtypes"].values()))]
        key = text, json.dumps(record["sizes"])
        if record["outcome"] == "ok":
            points.setdefault(key, {})[record["strategy"]] = record["seconds"] * 1e6
    for (text, sizes), times in points.items():
        yield text, json.loads(sizes), times


def explain(scanc, text, sizes):
    """The pick, µs by strategy, and whether the pick has a shape that was not measured."""
    with tempfile.NamedTemporaryFile("w", suffix=".scan", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        shape = ",".join(f"{name}={value}" for name, value in sizes.items())
        call = [scanc, "explain", file.name, f"--target={TARGET}", "--shape", shape, "--json"]
        answer = json.loads(subprocess.run(call, check=True, capture_output=True, timeout=60).stdout)
    candidates = [each for each in answer["candidates"] if "seconds" in each]
    pick = next(each for each in candidates if each["chosen"])
    is_new = pick["strategy"] == "blelloch" and sizes["T"] > KEPT and re.search("walk = lanes.*time_threads = 16", pick["policy"])
    return pick["strategy"], {each["strategy"]: each["seconds"] * 1e6 for each in candidates}, bool(is_new)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scanc")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    grids = {"h200-grid.md": rows_of("h200-grid.md"), "h200-odd.md": rows_of("h200-odd.md"),
             "h200-dense-grid.jsonl": records_of("h200-dense-grid.jsonl", "dense.toml")}
    for name, points in grids.items():
        points = list(points)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda point: explain(arguments.scanc, *point[:2]), points))
        good, new, lines = 0, 0, []
        for (text, sizes, times), (pick, estimates, is_new) in zip(points, answers):
            # A strategy that was not measured there counts as wrong.
            regret = times.get(pick, float("inf")) / min(times.values())
            good += regret <= 1.1 and not is_new
            new += is_new
            if regret > 1.1 or is_new or arguments.all:
                kernel = re.search(r"kernel (\w+)\([^:]*: (\w+)", text)
                shown = ", ".join(f"{each} {time:.4g} ({estimates.get(each, float('nan')):.4g})" for each, time in times.items())
                lines.append(f"  {' '.join(kernel.groups())} {sizes}: {shown}; {pick} {'of a new shape' if is_new else f'{regret:.2f}'}")
        print(f"{name}: {good} of {len(points) - new} picks within 10 % of the fastest; {new} of new shapes")
        print(*lines, sep="\n", end="\n" if lines else "")


if __name__ == "__main__":
    sys.exit(main())
