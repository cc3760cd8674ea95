"""docs/strategies.svg: which strategy the planner picks, and which one was fastest when measured.

Used by tools/ci/update_docs.py. The picks are those of `scanc explain --json`, the marks the rows of
bench/results/h200-grid.md.
"""
import concurrent.futures
import json
import math
import os
import re
import subprocess

TARGET = "sm_90a"
MEASURED = "bench/results/h200-grid.md"
# Per panel: program, layout, element type.
PANELS = [("linear_time_f32", "[B, D, T]", "f32"), ("linear_time_bf16", "[B, D, T]", "bf16"),
          ("linear_lanes_f32", "[B, T, D]", "f32"), ("linear_lanes_bf16", "[B, T, D]", "bf16")]
LANES = [2**i for i in range(0, 18)]
STEPS = [4**i for i in range(3, 14)]
MOST_ELEMENTS = 2**31  # of a tensor; what is larger is left white

# Colour (told apart by colour-blind eyes) and mark of a strategy, in the order of `scanc explain`.
LOOKS = [("#0072b2", "M-4,-4h8v8h-8z"), ("#e69f00", "M0,-5.5l5,9h-10z"),
         ("#009e73", "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z"),
         ("#cc79a7", "M0,-5.5l5.5,5.5l-5.5,5.5l-5.5,-5.5z"), ("#d55e00", "M0,5.5l5,-9h-10z"),
         ("#56b4e9", "M-5,-2h10v4h-10z")]
CELL, LEFT, TOP, GAP = 22, 74, 66, 84
WIDTH = 2 * (LEFT + len(LANES) * CELL) + 20
HEIGHT = TOP + 2 * (len(STEPS) * CELL + GAP) + 8


def explain(root, tools, program, lanes, steps):
    call = [os.path.join(tools, "scanc"), "explain", os.path.join(root, "bench", "programs", program + ".scan"),
            f"--target={TARGET}", "--shape", f"B=1,D={lanes},T={steps}", "--json"]
    environment = {**os.environ, "SCANC_CACHE_DIR": "off"}
    return json.loads(subprocess.run(call, check=True, capture_output=True, env=environment).stdout)


def picks_of(root, tools):
    """{(program, lanes, steps): strategy}, and the strategies that a linear recurrence has, in order."""
    points = [(program, lanes, steps) for program, _, _ in PANELS for lanes in LANES for steps in STEPS
              if lanes * steps <= MOST_ELEMENTS]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        explanations = list(pool.map(lambda point: explain(root, tools, *point), points))
    picks = {point: next(each["strategy"] for each in explanation["candidates"] if each["chosen"])
             for point, explanation in zip(points, explanations)}
    names = [each["strategy"] for each in explanations[0]["candidates"]]
    return picks, names


def measured_of(root):
    """(layout, type, lanes, steps, fastest strategy, time of the pick over the fastest) of each row."""
    with open(os.path.join(root, MEASURED), encoding="utf-8") as stream:
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")]
                for line in stream if line.startswith("|")]
    header = rows[0]
    times = [i for i, name in enumerate(header) if i >= 4 and name not in ("pick", "pick / best")]
    result = []
    for row in rows[2:]:
        micros = {header[i]: float(re.match(r"[\d.]+", row[i])[0]) for i in times}
        result.append((row[0], row[1], int(row[2]), int(row[3]), min(micros, key=micros.get),
                       float(row[header.index("pick / best")])))
    return result


def power(exponent):
    return "2" + str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def panel(x, y, title, program, picks, marks, looks):
    """One map; (x, y) is the upper left corner of its cells."""
    parts = [f'<text class="title" x="{x}" y="{y - 10}">{title}</text>']
    place = lambda lanes, steps: (x + CELL * (math.log2(lanes) + 0.5),
                                  y + CELL * (len(STEPS) - math.log(steps / STEPS[0], 4) - 0.5))
    for steps in STEPS:
        _, middle = place(1, steps)
        parts.append(f'<text x="{x - 8}" y="{middle + 4:g}" text-anchor="end">{power(round(math.log2(steps)))}</text>')
        first = 0
        while first < len(LANES) and (pick := picks.get((program, LANES[first], steps))):
            last = first
            while last + 1 < len(LANES) and picks.get((program, LANES[last + 1], steps)) == pick:
                last += 1
            parts.append(f'<rect class="cell" x="{x + first * CELL}" y="{middle - CELL / 2:g}" '
                         f'width="{(last - first + 1) * CELL}" height="{CELL}" fill="{looks[pick][0]}"/>')
            first = last + 1
    bottom = y + len(STEPS) * CELL
    for i in range(0, len(LANES), 2):
        parts.append(f'<text x="{x + (i + 0.5) * CELL:g}" y="{bottom + 16}" text-anchor="middle">{power(i)}</text>')
    parts.append(f'<text x="{x + len(LANES) * CELL / 2:g}" y="{bottom + 34}" text-anchor="middle">lanes</text>')
    parts.append(f'<text x="{x - 46}" y="{y + len(STEPS) * CELL / 2:g}" text-anchor="middle">T</text>')
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
    used = [name for name in names if name in picks.values() or any(name == row[4] for row in measured)]
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
    parts.append(f'<text x="{at}" y="29">area: picked; mark: fastest when measured</text>')
    parts.append(f'<circle class="miss" cx="{at + 280}" cy="25" r="9"/>')
    parts.append(f'<text x="{at + 296}" y="29">the pick takes over 10 % longer</text>')
    for i, (program, layout, element) in enumerate(PANELS):
        x = LEFT + i % 2 * (LEFT + len(LANES) * CELL)
        y = TOP + i // 2 * (len(STEPS) * CELL + GAP)
        marks = [row[2:] for row in measured if row[:2] == (layout, element)]
        parts += panel(x, y, f"{layout}, {element}", program, picks, marks, looks)
    return "\n".join(parts) + "\n</svg>\n"
