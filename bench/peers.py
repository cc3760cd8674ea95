#!/usr/bin/env python3
"""Times what a user would run instead of scanc, on one NVIDIA GPU.

    bench/peers.py bandwidth                                GB/s of two reads and one write of f32
    bench/peers.py "linear_time_f32 B=8 D=1536 T=4096" …    rows `case, peer, µs`

A case is a program of tools/ci/gpu_bench.sh with its sizes. Packages may also lie in the folder $PEERS; CUB's
program, bench/peers/cub_affine.cu, is built by nvcc where there is one. Times are medians of 20 launches between
CUDA events with the L2 flushed, as scanc-bench-gpu measures; after "graph ", of 30 replays of 200 launches in a
CUDA graph. A peer whose results are wrong gets no time.
"""
import ctypes
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

if os.environ.get("PEERS"):
    sys.path.insert(0, os.environ["PEERS"])
import torch
import triton
import triton.language as tl


def microseconds(run):
    """The launches are queued behind a sleep: what Python takes to launch is not counted."""
    flush = torch.empty(256 << 20, dtype=torch.uint8, device="cuda")
    events = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(23)]
    torch.cuda.synchronize()
    torch.cuda._sleep(40_000_000)  # cycles, some 20 ms
    for i, (start, stop) in enumerate(events):
        flush.fill_(i)
        start.record()
        run()
        stop.record()
    torch.cuda.synchronize()
    return 1000 * statistics.median(start.elapsed_time(stop) for start, stop in events[3:])


def microseconds_in_graph(run):
    """Of a launch among 200 in one CUDA graph: what fits the L2 stays in it."""
    run()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(200):
            run()
    times = []
    for _ in range(30):
        start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        graph.replay()
        stop.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(stop) / 200)
    return 1000 * statistics.median(times)


def bandwidth():
    x, y = (torch.randn(1 << 29, device="cuda") for _ in range(2))
    z = torch.empty_like(x)
    return 3 * z.nbytes / microseconds(lambda: torch.add(x, y, out=z)) / 1000


def relative_error(result, expected):
    result = result.double().cpu()
    error = torch.linalg.norm(result - expected) / torch.linalg.norm(expected)
    return error.item() if math.isfinite(error) else math.inf


def linear_reference(a, b):
    """The recurrence along the last dimension in f64."""
    state, states = torch.zeros_like(b[..., 0]), []
    for t in range(b.shape[-1]):
        state = a[..., t] * state + b[..., t]
        states.append(state)
    return torch.stack(states, -1)


@triton.jit
def compose(a1, b1, a2, b2):
    return a1 * a2, a2 * b1 + b2


@triton.jit
def linear_row(a_of, b_of, h_of, steps, tile: tl.constexpr):
    """One block walks one row; the state goes from tile to tile in a register."""
    row = tl.program_id(0).to(tl.int64) * steps
    carry = tl.zeros((), tl.float32)
    for begin in range(0, steps, tile):
        t = begin + tl.arange(0, tile)
        a = tl.load(a_of + row + t, t < steps, other=1.0).to(tl.float32)
        b = tl.load(b_of + row + t, t < steps, other=0.0).to(tl.float32)
        a, h = tl.associative_scan((a, b), 0, compose)
        h += a * carry
        tl.store(h_of + row + t, h, t < steps)
        carry = tl.sum(tl.where(t == begin + tile - 1, h, 0.0), 0)


def linear_inputs(shape, dtype):
    a = torch.empty(shape, device="cuda", dtype=dtype).uniform_(0.9, 1)
    return a, torch.empty_like(a).uniform_(-1, 1)


SAMPLE = 3000  # steps that are checked: more than a tile of any peer


def first_and_last(row):
    """The steps of a result that are checked."""
    return torch.cat([row[..., :SAMPLE], row[..., -SAMPLE:]], -1)


def linear_sample(a, b):
    """Their values. Decays between 0.9 and 1 leave nothing of what lies SAMPLE steps back."""
    rows = [[x.double().cpu() for x in (a[..., part], b[..., part])]
            for part in (slice(0, SAMPLE), slice(-2 * SAMPLE, None))]
    head, tail = (linear_reference(*each) for each in rows)
    return torch.cat([head, tail[..., -SAMPLE:]], -1)


def cub_affine(a, b):
    """One launch of bench/peers/cub_affine.cu."""
    nvcc = shutil.which("nvcc")
    if not nvcc:
        raise ModuleNotFoundError(name="nvcc")
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, "cub_affine.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers", "cub_affine.cu")
        subprocess.run([nvcc, "-O3", "-std=c++17", "-arch=native", "-shared", "-Xcompiler", "-fPIC", source, "-o",
                        library], check=True)
        scan = ctypes.CDLL(library)["cub_affine_f32" if b.dtype == torch.float32 else "cub_affine_bf16"]
    h, size = torch.full_like(b, math.nan), ctypes.c_size_t()

    def call(workspace):
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        code = scan(workspace, ctypes.byref(size), *(ctypes.c_void_p(x.data_ptr()) for x in (a, b, h)),
                    ctypes.c_longlong(b.numel()), stream)
        if code != 0:
            raise RuntimeError(f"CUDA error {code}")
        return h

    call(None)
    workspace = torch.empty(size.value, dtype=torch.uint8, device="cuda")
    return lambda: call(ctypes.c_void_p(workspace.data_ptr()))


def linear_time(dtype, B, D, T):
    a, b = linear_inputs((B, D, T), dtype)
    expected = linear_sample(a[-1, -2:], b[-1, -2:])

    def triton_scan():
        h = torch.empty_like(b)

        def with_tile(tile, warps):
            def run():
                linear_row[(B * D,)](a, b, h, T, tile, num_warps=warps)
                return h
            return run
        tiles = [(1024, 4), (2048, 4), (4096, 8), (16384, 16)]
        return [with_tile(tile, warps) for tile, warps in tiles if tile <= T]

    def accelerated_triton():
        from accelerated_scan.scalar import scan
        return [lambda: scan(a, b)]

    def accelerated_cuda():
        from accelerated_scan.warp import scan
        return [lambda: scan(a, b)]

    peers = {"Triton associative_scan": triton_scan, "accelerated_scan Triton": accelerated_triton}
    if T <= (65536 if dtype == torch.float32 else 16384):  # it crashes on longer rows
        peers["accelerated_scan CUDA"] = accelerated_cuda
    if B * D == 1:
        peers["CUB DeviceScan"] = lambda: [cub_affine(a, b)]
    return peers, lambda h: relative_error(first_and_last(h[-1, -2:]), expected)


def linear_lanes(dtype, B, D, T):
    a, b = linear_inputs((B, T, D), dtype)
    log_a = a.log()
    expected = linear_sample(log_a[-1, :, -2:].mT.double().exp(), b[-1, :, -2:].mT)

    def chunk_hgrn():
        from fla.ops.hgrn import chunk_hgrn
        return [lambda: chunk_hgrn(b, log_a)[0]]

    return {"fla chunk_hgrn": chunk_hgrn}, lambda h: relative_error(first_and_last(h[-1, :, -2:].mT), expected)


@triton.jit
def matrix_columns(a_of, b_of, s_of, steps: tl.constexpr, rows: tl.constexpr, columns: tl.constexpr, tile: tl.constexpr):
    """One block scans all of time for `tile` columns of one row of a matrix."""
    n, i = tl.program_id(0), tl.program_id(1)
    t, j = tl.arange(0, steps), tl.program_id(2) * tile + tl.arange(0, tile)
    a = tl.load(a_of + (n * steps + t) * rows + i)[:, None] + tl.zeros((steps, tile), tl.float32)
    at = ((n * steps + t[:, None]) * rows + i) * columns + j[None, :]
    a, s = tl.associative_scan((a, tl.load(b_of + at)), 0, compose)
    tl.store(s_of + at, s)


def inter_chunk(dtype, N, G):
    a, b = linear_inputs((N, G, 16), dtype)[0], linear_inputs((N, G, 16, 64), dtype)[1]
    s = torch.empty_like(b)
    a_last = a[-1, :, :, None].expand(-1, -1, 64).double().cpu()
    expected = linear_reference(*(x.permute(1, 2, 0) for x in (a_last, b[-1].double().cpu())))

    def triton_scan():
        def with_tile(tile, warps):
            def run():
                matrix_columns[(N, 16, 64 // tile)](a, b, s, G, 16, 64, tile, num_warps=warps)
                return s
            return run
        return [with_tile(tile, warps) for tile in (4, 8, 16, 32) for warps in (1, 2, 4, 8)]

    return {"Triton associative_scan": triton_scan}, lambda s: relative_error(s[-1].permute(1, 2, 0), expected)


def selective_scan(dtype, B, D, N, T):
    """Time is innermost in memory, as mamba_ssm wants it."""
    x, dt, z = (torch.randn(B, D, T, device="cuda", dtype=dtype) for _ in range(3))
    Bm, Cm = (torch.randn(B, N, T, device="cuda", dtype=dtype) for _ in range(2))
    A = torch.empty(D, N, device="cuda").uniform_(-8, -0.5)
    skip, bias = (torch.randn(D, device="cuda") for _ in range(2))

    def sample():
        lane = [v[-1, -1:, :SAMPLE].double().cpu() for v in (x, dt, z)]
        maps = [v[-1, :, :SAMPLE].double().cpu() for v in (Bm, Cm)]
        step = torch.nn.functional.softplus(lane[1] + bias[-1].item())
        h = linear_reference(torch.exp(step * A[-1, :, None].double().cpu()), step * lane[0] * maps[0])
        return ((maps[1] * h).sum(0) + skip[-1].item() * lane[0]) * torch.nn.functional.silu(lane[2])

    def mamba():
        import selective_scan_cuda  # built for one PyTorch, and missing where the package came without it
        from mamba_ssm.ops.selective_scan_interface import selective_scan_fn
        return [lambda: selective_scan_fn(x, dt, A, Bm, Cm, skip, z, bias, delta_softplus=True)]

    return {"mamba_ssm selective_scan": mamba}, lambda y: relative_error(y[-1, -1:, :SAMPLE], sample())


def linear_attention_step(dtype, B, H, K, T, V):
    """One step of the gated delta rule from given states to new ones."""
    q, k = (torch.randn(B, T, H, K, device="cuda", dtype=dtype) for _ in range(2))
    k, v = torch.nn.functional.normalize(k.float(), dim=-1).to(dtype), torch.randn(B, T, H, V, device="cuda", dtype=dtype)
    g = torch.nn.functional.logsigmoid(torch.randn(B, T, H, device="cuda") + 4)
    beta, before = torch.rand(B, T, H, device="cuda"), torch.randn(B, H, K, V, device="cuda")

    def sample():
        query, key, value, decay, strength = (x[-1, 0, -1].double().cpu() for x in (q, k, v, g.exp(), beta))
        state = decay * before[-1, -1].double().cpu()
        return query @ (state + torch.outer(key, strength * (value - key @ state)))

    def fla():
        from fla.ops.gated_delta_rule import fused_recurrent_gated_delta_rule
        return [lambda: fused_recurrent_gated_delta_rule(q, k, v, g=g, beta=beta, scale=1.0, initial_state=before,
                                                         output_final_state=True)[0]]

    return {"fla fused_recurrent": fla}, lambda o: relative_error(o[-1, 0, -1], sample())


def read_states(query, key, value, decay, strength=None):
    """What the queries of one lane read from its matrices in f64; with strengths, by the delta rule."""
    query, key, value, decay = (x.double().cpu() for x in (query, key, value, decay))
    state, read = torch.zeros(key.shape[1], value.shape[1], dtype=torch.float64), []
    for t in range(len(query)):
        state = decay[t][:, None] * state
        gained = value[t] if strength is None else strength[t].item() * (value[t] - key[t] @ state)
        state = state + torch.outer(key[t], gained)
        read.append(query[t] @ state)
    return torch.stack(read)


def linear_attention(name, B, H, K, T, V):
    """simple_gla, gla, delta_rule, gated_delta or kda; keys have length 1 where the state is corrected by them."""
    q, k, v = (torch.randn(B, T, H, width, device="cuda", dtype=torch.bfloat16) for width in (K, K, V))
    decays_of = (B, T, H, K if name in ("gla", "kda") else 1)
    g = torch.nn.functional.logsigmoid(torch.randn(*decays_of, device="cuda") + 4)
    beta = torch.rand(B, T, H, device="cuda")
    corrects, decays = name not in ("simple_gla", "gla"), name != "delta_rule"
    if corrects:
        k = torch.nn.functional.normalize(k.float(), dim=-1).to(k.dtype)

    def sample():
        lane = [x[-1, :SAMPLE, -1] for x in (q, k, v, g.exp() if decays else torch.ones_like(g))]
        return read_states(*lane, beta[-1, :SAMPLE, -1] if corrects else None)

    def fla():
        from fla.ops.delta_rule import chunk_delta_rule
        from fla.ops.gated_delta_rule import chunk_gated_delta_rule
        from fla.ops.gla import chunk_gla
        from fla.ops.kda import chunk_kda
        from fla.ops.simple_gla import chunk_simple_gla
        return [{"simple_gla": lambda: chunk_simple_gla(q, k, v, g[..., 0], scale=1.0)[0],
                 "gla": lambda: chunk_gla(q, k, v, g, scale=1.0)[0],
                 "kda": lambda: chunk_kda(q, k, v, g, beta, scale=1.0)[0],
                 "delta_rule": lambda: chunk_delta_rule(q, k, v, beta.to(q.dtype), scale=1.0)[0],
                 "gated_delta": lambda: chunk_gated_delta_rule(q, k, v, g[..., 0], beta, scale=1.0)[0]}[name]]

    return {"fla": fla}, lambda o: relative_error(o[-1, :SAMPLE, -1], sample())


def read_rwkv(name, read, key, value, decay, bonus, reader, written):
    """One lane step by step, in f64: all [T, …] but the bonus."""
    state, results = torch.zeros(key.shape[1], value.shape[1], dtype=torch.float64), []
    for t in range(len(read)):
        added = torch.outer(key[t], value[t])
        if name == "rwkv6":
            results.append(read[t] @ (state + bonus[:, None] * added))
            state = decay[t][:, None] * state + added
        else:
            state = decay[t][:, None] * state + torch.outer(written[t], reader[t] @ state) + added
            results.append(read[t] @ state)
    return torch.stack(results)


def rwkv(name, B, H, K, T, V):
    """rwkv6 or rwkv7, whose readers have length 1 and are written back with a share of up to 1."""
    r, k, v = (torch.randn(B, T, H, width, device="cuda", dtype=torch.bfloat16) for width in (K, K, V))
    w = torch.nn.functional.logsigmoid(torch.randn(B, T, H, K, device="cuda") + 4)
    u = torch.randn(H, K, device="cuda")
    a = torch.nn.functional.normalize(torch.randn(B, T, H, K, device="cuda"), dim=-1)
    b, a = (a * torch.rand(B, T, H, K, device="cuda")).to(r.dtype), -a.to(r.dtype)

    def sample():
        lane = [x[-1, :SAMPLE, -1].double().cpu() for x in (r, k, v, w.exp())]
        return read_rwkv(name, *lane, u[-1].double().cpu(), *(x[-1, :SAMPLE, -1].double().cpu() for x in (a, b)))

    def fla():
        if name == "rwkv6":
            from fla.ops.rwkv6 import chunk_rwkv6
            return [lambda: chunk_rwkv6(r, k, v, w, u, scale=1.0)[0]]
        from fla.ops.generalized_delta_rule import chunk_dplr_delta_rule
        return [lambda: chunk_dplr_delta_rule(q=r, k=k, v=v, a=a, b=b, gk=w, scale=1.0)[0]]

    return {"fla": fla}, lambda o: relative_error(o[-1, :SAMPLE, -1], sample())


def grouped_delta(dtype, B, G, K, R, T, V):
    """The gated delta rule where the R value heads of a group share keys and queries."""
    q, k = (torch.randn(B, T, G, K, device="cuda", dtype=dtype) for _ in range(2))
    k, v = torch.nn.functional.normalize(k.float(), dim=-1).to(dtype), torch.randn(B, T, G * R, V, device="cuda", dtype=dtype)
    g = torch.nn.functional.logsigmoid(torch.randn(B, T, G * R, device="cuda") + 4)
    beta = torch.rand(B, T, G * R, device="cuda")

    def sample():
        lane = [x[-1, :SAMPLE, -1] for x in (q, k, v, g.exp()[..., None], beta)]
        return read_states(*lane)

    def fla():
        from fla.ops.gated_delta_rule import chunk_gated_delta_rule
        return [lambda: chunk_gated_delta_rule(q, k, v, g, beta, scale=1.0)[0]]

    return {"fla": fla}, lambda o: relative_error(o[-1, :SAMPLE, -1], sample())


def mamba2(dtype, B, H, N, P, T):
    """Mamba-2's scan with the softplus of its steps, their bias and the skip."""
    x = torch.randn(B, T, H, P, device="cuda", dtype=dtype)
    Bm, Cm = (torch.randn(B, T, 1, N, device="cuda", dtype=dtype) for _ in range(2))
    dt, bias = torch.randn(B, T, H, device="cuda"), torch.rand(H, device="cuda") - 4
    A, skip = -torch.exp(2 * torch.rand(H, device="cuda")), torch.randn(H, device="cuda")

    def sample():
        step = torch.nn.functional.softplus(dt[-1, :SAMPLE, -1:].double() + bias[-1].double())
        value = x[-1, :SAMPLE, -1].double()
        decay = torch.exp(step * A[-1].double())
        return read_states(Cm[-1, :SAMPLE, 0], Bm[-1, :SAMPLE, 0], step * value, decay) + (skip[-1].double() * value).cpu()

    def ssd():
        from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined
        return [lambda: mamba_chunk_scan_combined(x, dt, A, Bm, Cm, 256, D=skip, dt_bias=bias, dt_softplus=True)]

    return {"mamba_ssm Triton": ssd}, lambda y: relative_error(y[-1, :SAMPLE, -1], sample())


@triton.jit
def gated_rows(projected, y_of, steps, columns: tl.constexpr, tile: tl.constexpr, lanes: tl.constexpr):
    """Rows of [f | v | z], `columns` each: scans `tile` steps of some lanes at a time, with the gates around the scan."""
    lane = tl.program_id(1) * lanes + tl.arange(0, lanes)
    carry = tl.zeros((lanes,), tl.float32)
    for begin in range(0, steps, tile):
        t = begin + tl.arange(0, tile)
        row = tl.program_id(0) * steps + t[:, None]
        inside = t[:, None] < steps
        at = projected + row * 3 * columns + lane[None, :]
        f = tl.sigmoid(tl.load(at, inside, other=0).to(tl.float32))
        v = tl.load(at + columns, inside, other=0).to(tl.float32)
        z = tl.load(at + 2 * columns, inside, other=0).to(tl.float32)
        a, h = tl.associative_scan((f, (1 - f) * v), 0, compose)
        h += a * carry[None, :]
        last = t[:, None] == begin + tile - 1
        carry = tl.sum(tl.where(last, h, 0.0), 0)
        tl.store(y_of + row * columns + lane[None, :], (h * z * tl.sigmoid(z)).to(y_of.dtype.element_ty), inside)


def gated_layer(dtype, B, D, E, T):
    """Three projections by one cuBLAS product, then one kernel; and the product alone, as a limit."""
    x = torch.randn(B, T, E, device="cuda", dtype=dtype)
    weights = torch.randn(E, 3 * D, device="cuda", dtype=dtype) / 16
    y = torch.empty(B, T, D, device="cuda", dtype=dtype)

    def sample():
        f, v, z = (x[-1].double() @ weights.double()).mT.cpu().split(D)
        f = torch.sigmoid(f)
        return (linear_reference(f, (1 - f) * v) * torch.nn.functional.silu(z)).mT

    def with_scan():
        def with_tile(tile, lanes, warps):
            def run():
                gated_rows[(B, D // lanes)](x @ weights, y, T, D, tile, lanes, num_warps=warps)
                return y[-1]
            return run
        return [with_tile(tile, lanes, warps) for tile in (32, 128, 512) for lanes in (4, 8, 16) for warps in (4, 8)]

    expected = sample()
    return ({"cuBLAS and Triton associative_scan": with_scan, "cuBLAS alone (nothing but the product)": lambda: [lambda: x @ weights]},
            lambda result: relative_error(result, expected) if result.dim() == 2 else 0.0)


def projection_chain(dtype, B, E, H, K, T, V):
    """Five projections, two of V columns activated by silu and one of H by sigmoid; and the product alone, as a limit."""
    widths = [K, K, V, V, H]
    x = torch.randn(B * T, E, device="cuda", dtype=dtype)
    weights = torch.randn(E, sum(widths), device="cuda", dtype=dtype) / math.sqrt(E)
    parts = [part.contiguous() for part in weights.split(widths, 1)]
    silu, sigmoid = torch.nn.functional.silu, torch.sigmoid

    def apart():
        q, k, v, g, alpha = (x @ part for part in parts)
        return q, k, silu(v), silu(g), sigmoid(alpha)

    def wide():
        q, k, v, g, alpha = (x @ weights).split(widths, 1)
        return q, k, silu(v), silu(g), sigmoid(alpha)

    q, k, v, g, alpha = (x[-SAMPLE:].double() @ weights.double()).cpu().split(widths, 1)
    expected = torch.cat([q, k, silu(v), silu(g), sigmoid(alpha)], 1)
    return ({"PyTorch, a product each": lambda: [apart], "PyTorch, one product": lambda: [wide],
             "torch.compile, one product": lambda: [torch.compile(wide)],
             "cuBLAS alone (no activations)": lambda: [lambda: x @ weights]},
            lambda results: relative_error(torch.cat([each[-SAMPLE:] for each in results], 1), expected)
            if isinstance(results, tuple) else 0.0)


FAMILIES = {"linear_time_f32": (linear_time, torch.float32), "linear_time_bf16": (linear_time, torch.bfloat16),
            "linear_lanes_f32": (linear_lanes, torch.float32), "linear_lanes_bf16": (linear_lanes, torch.bfloat16),
            "inter_chunk": (inter_chunk, torch.float32), "selective_scan": (selective_scan, torch.bfloat16),
            "selective_scan_time": (selective_scan, torch.bfloat16),
            "grouped_delta": (grouped_delta, torch.bfloat16), "mamba2": (mamba2, torch.bfloat16),
            "gated_delta_step": (linear_attention_step, torch.bfloat16),
            "gated_layer": (gated_layer, torch.float16), "projection_chain": (projection_chain, torch.bfloat16),
            "rwkv6": (rwkv, "rwkv6"), "rwkv7": (rwkv, "rwkv7"),
            **{name: (linear_attention, name) for name in ("simple_gla", "gla", "delta_rule", "gated_delta", "kda")}}


def measure(prepare, error, clock):
    """The time of the fastest way to run a peer, or why there is none."""
    try:
        runs = prepare()
        worst = max(error(run()) for run in runs)
        return f"{min(map(clock, runs)):.2f}" if worst <= 0.05 else f"wrong: relative L2 error {worst:.1e}"
    except ModuleNotFoundError as missing:
        return f"not installed ({missing.name})"
    except Exception as failure:
        return f"failed: {type(failure).__name__} {' '.join(str(failure).split())[:120]}".replace("|", "/")


def main(cases):
    # Builds of extensions print; what others print to our output goes to the errors.
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if cases == ["bandwidth"]:
        print(f"{bandwidth():.0f}", file=output)
        return
    for case in cases:
        graph = case.startswith("graph ")
        program, *sizes = case.removeprefix("graph ").split()
        if program not in FAMILIES:
            continue
        family, dtype = FAMILIES[program]
        peers, error = family(dtype, **{name: int(size) for name, size in (each.split("=") for each in sizes)})
        for peer, prepare in peers.items():
            with torch.no_grad():
                print(f"{case}, {peer}, {measure(prepare, error, microseconds_in_graph if graph else microseconds)}", file=output, flush=True)


main(sys.argv[1:])
