"""docs/strategies.svg: which strategy the planner picks, and which one was fastest when measured.

Used by tools/ci/update_docs.py. The picks are those of `scanc explain --json`, the marks the rows of
bench/results/h200-grid.md and h200-dense-grid.md.
"""
import concurrent.futures
import dataclasses
import json
import math
import os
import re
import subprocess

TARGET = "sm_90a"
LANES = [2**i for i in range(0, 18)]


@dataclasses.dataclass(frozen=True)
class Panel:
    program: str    # of bench/programs
    title: str
    across: str     # what is counted from left to right
    size: str       # the same, by its name in the program
    rows: int       # of a state, beside the steps of one lane
    results: str    # the table of measured times
    key: tuple      # its first cells, for a row of this panel
    most_steps: int = 4**13

    def steps(self):
        return [4**i for i in range(3, 14) if 4**i <= self.most_steps]


def elementwise(program, layout, element):
    return Panel(program, f"{layout}, {element}", "lanes", "D", 1, "h200-grid.md", (layout, element))


def dense(rows):
    return Panel(f"dense_{rows}", f"a matrix of {rows} x {rows} for each step, f16", "sequences", "B", rows,
                 "h200-dense-grid.md", ("dense", "f16", rows), most_steps=4**8)


PANELS = [elementwise("linear_time_f32", "[B, D, T]", "f32"), elementwise("linear_time_bf16", "[B, D, T]", "bf16"),
          elementwise("linear_lanes_f32", "[B, T, D]", "f32"), elementwise("linear_lanes_bf16", "[B, T, D]", "bf16"),
          dense(32), dense(64)]
MOST_ELEMENTS = 2**31  # of a tensor; what is larger is left white

# Colour (told apart by colour-blind eyes) and mark of a strategy, in the order of `scanc explain`.
LOOKS = [("#0072b2", "M-4,-4h8v8h-8z"), ("#e69f00", "M0,-5.5l5,9h-10z"),
         ("#009e73", "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z"),
         ("#cc79a7", "M0,-5.5l5.5,5.5l-5.5,5.5l-5.5,-5.5z"), ("#d55e00", "M0,5.5l5,-9h-10z"),
         ("#56b4e9", "M-5,-2h10v4h-10z")]
CELL, LEFT, TOP, GAP = 22, 74, 90, 84
WIDTH = 2 * (LEFT + len(LANES) * CELL) + 20
# A row of panels is as high as its highest.
TOPS = [TOP + sum(max(len(panel.steps()) for panel in PANELS[k:k + 2]) * CELL + GAP for k in range(0, i // 2 * 2, 2))
        for i in range(len(PANELS) + 1)]
HEIGHT = TOPS[-1] + 8


def explain(root, tools, panel, across, steps):
    shape = {"B": 1, "D": across, "T": steps} if panel.size == "D" else {"B": across, "T": steps}
    call = [os.path.join(tools, "scanc"), "explain",
            os.path.join(root, "bench", "programs", panel.program + ".scan"), f"--target={TARGET}", "--shape",
            ",".join(f"{name}={size}" for name, size in shape.items()), "--json"]
    environment = {**os.environ, "SCANC_CACHE_DIR": "off"}
    return json.loads(subprocess.run(call, check=True, capture_output=True, env=environment).stdout)


def picks_of(root, tools):
    """{(panel, lanes or sequences, steps): strategy}, and the names of all strategies, in order."""
    points = [(panel, across, steps) for panel in PANELS for across in LANES for steps in panel.steps()
              if across * steps * panel.rows**2 <= MOST_ELEMENTS]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        explanations = list(pool.map(lambda point: explain(root, tools, *point), points))
    picks = {point: next(each["strategy"] for each in explanation["candidates"] if each["chosen"])
             for point, explanation in zip(points, explanations)}
    names = [each["strategy"] for each in explanations[0]["candidates"]]
    return picks, names


def rows_of(root, results):
    """The rows of a table of measured times, each with what the header calls its cells."""
    with open(os.path.join(root, "bench", "results", results), encoding="utf-8") as stream:
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")]
                for line in stream if line.startswith("|")]
    return [dict(zip(rows[0], row)) for row in rows[2:]]


def measured_of(root):
    """{(table, its key): [(lanes or sequences, steps, fastest strategy, time of the pick over the fastest)]}."""
    result = {}
    for row in rows_of(root, "h200-grid.md"):
        names = list(row)
        micros = {name: float(re.match(r"[\d.]+", row[name])[0]) for name in names[4:]
                  if name not in ("pick", "pick / best")}
        result.setdefault(("h200-grid.md", (row[names[0]], row[names[1]])), []).append(
            (int(row[names[2]]), int(row[names[3]]), min(micros, key=micros.get), float(row["pick / best"])))
    for row in rows_of(root, "h200-dense-grid.md"):
        sizes = {name: int(size) for name, size in re.findall(r"(\w)=(\d+)", row["sizes"])}
        micros = {name: float(time) for name, time in re.findall(r"(\w+) ([\d.]+) \(", row["measured (estimated) µs"])}
        result.setdefault(("h200-dense-grid.md", (row["recurrence"], row["type"], sizes["R"])), []).append(
            (sizes["B"], sizes["T"], min(micros, key=micros.get), float(row["pick / best"])))
    return result


def power(exponent):
    return "2" + str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def draw_panel(x, y, panel, picks, marks, looks):
    """One map; (x, y) is the upper left corner of its cells."""
    parts = [f'<text class="title" x="{x}" y="{y - 10}">{panel.title}</text>']
    every = panel.steps()
    place = lambda lanes, steps: (x + CELL * (math.log2(lanes) + 0.5),
                                  y + CELL * (len(every) - math.log(steps / every[0], 4) - 0.5))
    for steps in every:
        _, middle = place(1, steps)
        parts.append(f'<text x="{x - 8}" y="{middle + 4:g}" text-anchor="end">{power(round(math.log2(steps)))}</text>')
        first = 0
        while first < len(LANES) and (pick := picks.get((panel, LANES[first], steps))):
            last = first
            while last + 1 < len(LANES) and picks.get((panel, LANES[last + 1], steps)) == pick:
                last += 1
            parts.append(f'<rect class="cell" x="{x + first * CELL}" y="{middle - CELL / 2:g}" '
                         f'width="{(last - first + 1) * CELL}" height="{CELL}" fill="{looks[pick][0]}"/>')
            first = last + 1
    bottom = y + len(every) * CELL
    for i in range(0, len(LANES), 2):
        parts.append(f'<text x="{x + (i + 0.5) * CELL:g}" y="{bottom + 16}" text-anchor="middle">{power(i)}</text>')
    parts.append(f'<text x="{x + len(LANES) * CELL / 2:g}" y="{bottom + 34}" text-anchor="middle">{panel.across}</text>')
    parts.append(f'<text x="{x - 46}" y="{y + len(every) * CELL / 2:g}" text-anchor="middle">T</text>')
    for lanes, steps, best, ratio in marks:
        across, down = place(lanes, steps)
        parts.append(f'<path class="mark" transform="translate({across:.1f},{down:.1f})" d="{looks[best][1]}" '
                     f'fill="{looks[best][0]}"/>')
        if ratio > 1.1:
            parts.append(f'<circle class="miss" cx="{across:.1f}" cy="{down:.1f}" r="9"/>')
    return parts


def draw(root, tools):
    picks, names = picks_of(root, tools)
    looks = dict(zip(names, LOOKS))
    measured = measured_of(root)
    used = [name for name in names if name in picks.values() or any(name == row[2] for rows in measured.values() for row in rows)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="The strategy that the planner picks, over lanes and steps">',
        "<style>.page{fill:#fff} text{font:12px sans-serif;fill:#222} .title{font-weight:bold} "
        ".cell{fill-opacity:.4} .mark{stroke:#222;stroke-width:1} .miss{fill:none;stroke:#c00;stroke-width:2} "
        "@media (prefers-color-scheme: dark){.page{fill:#16181c} text{fill:#ddd} .mark{stroke:#eee} "
        ".miss{stroke:#ff6b6b}}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="6"/>']
    at = 20
    for name in used:
        colour, mark = looks[name]
        parts.append(f'<rect class="cell" x="{at}" y="14" width="{CELL}" height="{CELL}" fill="{colour}"/>')
        parts.append(f'<path class="mark" transform="translate({at + CELL / 2:g},25)" d="{mark}" fill="{colour}"/>')
        parts.append(f'<text x="{at + CELL + 6}" y="29">{name}</text>')
        at += CELL + 24 + 7 * len(name)
    parts.append('<text x="20" y="56">area: picked; mark: fastest when measured</text>')
    parts.append('<circle class="miss" cx="300" cy="52" r="9"/>')
    parts.append('<text x="316" y="56">the pick takes over 10 % longer</text>')
    for i, panel in enumerate(PANELS):
        parts += draw_panel(LEFT + i % 2 * (LEFT + len(LANES) * CELL), TOPS[i], panel, picks,
                            measured.get((panel.results, panel.key), []), looks)
    return "\n".join(parts) + "\n</svg>\n"
