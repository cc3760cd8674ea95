#!/usr/bin/env python3
"""Inserts what the tools print into the documents, or checks that it is there.

    tools/ci/update_docs.py [--check] [--bin build/bin]

A block of a document that follows a line

    <!-- output: scanc examples/gated_scan/gated_scan.scan --emit=ast -->

holds what that command prints. Filters may follow, set off by `|`: `without locations` drops MLIR's
locations, `wrapped` breaks long lines, `lines 3-20` keeps those lines. docs/errors.md is the list of
the sections in docs/errors/, docs/strategies.svg the map of strategy_map.py.
"""
import argparse
import os
import re
import shlex
import subprocess
import sys
import textwrap

import strategy_map

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENTS = ["README.md", "docs/bench.md", "docs/pipeline.md", "docs/strategies.md", "docs/calling.md"]
BLOCK = re.compile(r"(<!-- output: (?P<command>[^\n]*?) -->\n```(?P<language>[^\n]*)\n)(?P<text>.*?)(^```$)",
                   re.DOTALL | re.MULTILINE)


def without_locations(text):
    text = re.sub(r' loc\((?:[^()"]|"[^"]*"|\([^()]*\))*\)', "", text)
    return "".join(line for line in text.splitlines(True) if not line.startswith("#loc"))


def wrapped(text):
    lines = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        lines += textwrap.wrap(line, 110, subsequent_indent=indent, break_long_words=False,
                               break_on_hyphens=False) or [""]
    return "\n".join(lines) + "\n"


def output_of(command, tools):
    call, *filters = [part.strip() for part in command.split(" | ")]
    environment = {**os.environ, "SCANC_CACHE_DIR": "off", "NO_COLOR": "1",
                   "PATH": tools + os.pathsep + os.environ["PATH"]}
    done = subprocess.run(shlex.split(call), cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{call}: exit code {done.returncode}\n{done.stderr}")
    text = done.stdout
    for each in filters:
        if each == "without locations":
            text = without_locations(text)
        elif each == "wrapped":
            text = wrapped(text)
        elif match := re.fullmatch(r"lines (\d+)-(\d+)", each):
            text = "".join(text.splitlines(True)[int(match[1]) - 1:int(match[2])])
        else:
            sys.exit(f"unknown filter '{each}' in: {command}")
    return text.strip("\n") + "\n"


def filled(path, tools):
    with open(os.path.join(ROOT, path), encoding="utf-8") as stream:
        text = stream.read()
    return BLOCK.sub(lambda block: block[1] + output_of(block["command"], tools) + block[5], text)


def list_of_errors():
    rows = []
    folder = os.path.join(ROOT, "docs", "errors")
    for page in sorted(os.listdir(folder)):
        with open(os.path.join(folder, page), encoding="utf-8") as stream:
            for title in re.findall(r"^## (SC\d{4} .+)$", stream.read(), re.MULTILINE):
                code, name = title.split(" ", 1)
                anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
                rows.append((code, f"| [{code}](errors/{page}#{anchor}) | {name} |"))
    return ("# Errors\n\nEvery error of scanc has a code, the user's place, what was expected and what was got, and a "
            "cure.\n`scanc explain SC1001` prints its section. The first digit is the stage: 1 front end and calls, "
            "2 analysis,\n3 planning, 4 emission, 5 NVRTC, 6 launch, 7 bundles and cache, 8 command line, 9 CPU "
            "backend.\n\n| code | error |\n|---|---|\n" + "\n".join(row for _, row in sorted(rows)) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "bin"), help="folder of scanc")
    arguments = parser.parse_args()
    tools = os.path.abspath(arguments.bin)
    texts = {path: filled(path, tools) for path in DOCUMENTS}
    texts["docs/errors.md"] = list_of_errors()
    texts["docs/strategies.svg"] = strategy_map.draw(ROOT, tools)
    stale = []
    for path, text in texts.items():
        full = os.path.join(ROOT, path)
        current = ""
        if os.path.exists(full):
            with open(full, encoding="utf-8") as stream:
                current = stream.read()
        if current == text:
            continue
        stale.append(path)
        if not arguments.check:
            with open(full, "w", encoding="utf-8") as stream:
                stream.write(text)
    if arguments.check and stale:
        sys.exit(f"out of date: {', '.join(stale)}; run tools/ci/update_docs.py")
    print(f"{'updated' if stale else 'up to date'}: {', '.join(stale or texts)}")


main()
