#!/usr/bin/env python3
"""Bytes that `gated_layer` moves to and from DRAM, and through the L2, by ncu on one NVIDIA GPU.

    bench/traffic.py SCANC [B,T…]      rows `B, T, way, kernels, DRAM MB read, written, L2 MB, µs`

The ways: ours in one kernel and in two, and three kernels as experiment 040 has them (cuBLAS for all three
projections, a scan, a gate). Caches are as the kernel before left them, the first's inputs as they were copied.
µs are the sums of the kernels' own times at ncu's clocks, of which only ratios mean something.
"""
import csv
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent / "tests" / "programs" / "gated_layer.scan"
SIZES = ["1,512", "4,512", "4,2048", "8,2048", "16,512", "16,1024", "16,2048", "64,8192"]
D, E = 64, 256
METRICS = {"dram__bytes_read.sum": 1e6, "dram__bytes_write.sum": 1e6, "lts__t_bytes.sum": 1e6, "gpu__time_duration.sum": 1e3}


def three_kernels(B, T):
    import torch
    import triton
    import triton.language as tl

    @triton.jit
    def scan(projected, h_of, steps, columns: tl.constexpr, lanes: tl.constexpr):
        lane = tl.program_id(1) * lanes + tl.arange(0, lanes)
        h = tl.zeros((lanes,), tl.float32)
        for t in range(steps):
            row = tl.program_id(0) * steps + t
            f = tl.sigmoid(tl.load(projected + row * 3 * columns + lane).to(tl.float32))
            h = f * h + (1 - f) * tl.load(projected + row * 3 * columns + columns + lane).to(tl.float32)
            tl.store(h_of + row * columns + lane, h.to(h_of.dtype.element_ty))

    @triton.jit
    def gate(projected, h_of, y_of, columns: tl.constexpr, tile: tl.constexpr):
        i = tl.program_id(0) * tile + tl.arange(0, tile)
        z = tl.load(projected + i // columns * 3 * columns + 2 * columns + i % columns).to(tl.float32)
        tl.store(y_of + i, (tl.load(h_of + i).to(tl.float32) * z * tl.sigmoid(z)).to(y_of.dtype.element_ty))

    x = torch.randn(B, T, E, device="cuda", dtype=torch.float16)
    weights = torch.randn(E, 3 * D, device="cuda", dtype=torch.float16) / 16
    h, y = (torch.empty(B, T, D, device="cuda", dtype=torch.float16) for _ in range(2))
    for profiled in (False, True):
        torch.cuda.synchronize()
        if profiled:
            torch.cuda.profiler.start()
        projected = x @ weights
        scan[(B, D // 32)](projected, h, T, D, 32)
        gate[(B * T * D // 1024,)](projected, h, y, D, 1024)
    torch.cuda.synchronize()
    torch.cuda.profiler.stop()


def profile(command, from_start):
    """Sums over the kernels of a command, and how many these are."""
    call = ["ncu", "--csv", "--cache-control", "none", "--clock-control", "none", "--print-units", "base", "--metrics", ",".join(METRICS),
            *([] if from_start else ["--profile-from-start", "off"]), *map(str, command)]
    out = subprocess.run(call, check=True, capture_output=True, text=True).stdout.splitlines()
    table = list(csv.DictReader(out[next(i for i, line in enumerate(out) if line.startswith('"ID"')):]))
    sums = {name: sum(float(row["Metric Value"].replace(",", "")) for row in table if row["Metric Name"] == name) / unit
            for name, unit in METRICS.items()}
    return len({row["ID"] for row in table}), sums.values()


def main(scanc, sizes):
    for each in sizes or SIZES:
        B, T = map(int, each.split(","))
        ours = [scanc, "run", PROGRAM, "--shape", f"B={B},T={T},D={D},E={E}"]
        ways = {"projected_scan": ([*ours, "--strategy=projected_scan"], True), "projection": ([*ours, "--strategy=projection"], True),
                "three kernels": ([sys.executable, __file__, "--three", B, T], False)}
        for way, (command, from_start) in ways.items():
            count, sums = profile(command, from_start)
            print(f"{B}, {T}, {way}, {count}, " + ", ".join(f"{value:.2f}" for value in sums), flush=True)


if sys.argv[1] == "--three":
    three_kernels(*map(int, sys.argv[2:]))
else:
    main(sys.argv[1], sys.argv[2:])
