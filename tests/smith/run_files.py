#!/usr/bin/env python3
"""Runs files that `scanc-smith --write` left, on a GPU or the CPU: run_files.py SCANC FOLDER [TARGET [JOBS]].

Each by every strategy that accepts it, through `scanc run --check`. Ends with how many launches were right, declined and
wrong; exit code 1 where one was wrong or failed.
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys

STRATEGIES = ["sequential", "blelloch", "look_back", "matmul_scan", "cyclic_reduction", "chunkwise"]
DECLINED = re.compile(r"error\[SC(3001|3002|3004)\]")  # none, the pinned one, or the precision that is pinned


def run(scanc, target, path, strategy):
    head, text = path.read_text().split("\n", 1)
    sizes = ",".join(pair for pair in re.findall(r"\b[A-Z]=\d+", head) if re.search(rf"\b{pair[0]}\b", text))
    command = [scanc, "run", str(path), f"--target={target}", f"--strategy={strategy}", "--check", "--shape", sizes]
    if " step " in head:
        command.append("--step")
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return "right"
    if DECLINED.search(done.stderr):
        return "declined"
    print(" ".join(command), done.stderr, sep="\n", flush=True)
    return "wrong"


def main(scanc, folder, target="native", jobs="4"):
    strategies = ["auto"] if target == "cpu" else STRATEGIES
    cases = [(path, strategy) for path in sorted(pathlib.Path(folder).glob("*.scan")) for strategy in strategies]
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        outcomes = list(pool.map(lambda case: run(scanc, target, *case), cases))
    print(", ".join(f"{outcomes.count(kind)} {kind}" for kind in ("right", "declined", "wrong")))
    return 1 if "wrong" in outcomes else 0


sys.exit(main(*sys.argv[1:]))
