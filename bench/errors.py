#!/usr/bin/env python3
"""Relative L2 errors of chunkwise linear attention, ours beside fla's, on the same tensors and one NVIDIA GPU.

    bench/errors.py SCANC [CASE…]      rows `case, scanc, fla`; a CASE is "gated_delta B=1 H=2 K=128 T=32768 V=128"

Both are compared over all results with a loop over time in f64, of the inputs as they are after rounding to their
types: queries, keys and values bf16 (keys of length 1 where they correct the state), decays and strengths f32.
Packages of peers may also lie in the folder $PEERS.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

if os.environ.get("PEERS"):
    sys.path.insert(0, os.environ["PEERS"])
import numpy
import torch
from torch.nn import functional

PROGRAMS = Path(__file__).resolve().parent.parent / "tests" / "programs"
NAMES = ("simple_gla", "gla", "delta_rule", "gated_delta", "kda")
CASES = [f"{name} {sizes} K=128 V=128" for sizes in ("B=1 H=2 T=32768", "B=8 H=16 T=4096") for name in NAMES]


def draw(name, B, H, K, T, V):
    """The inputs of a program by their names."""
    q, k, v = (torch.randn(B, T, H, width, device="cuda").bfloat16() for width in (K, K, V))
    if name not in ("simple_gla", "gla"):
        k = functional.normalize(k.float(), dim=-1).bfloat16()
    inputs = {"q": q, "k": k, "v": v}
    if name != "delta_rule":
        decays_of = (B, T, H, K) if name in ("gla", "kda") else (B, T, H)
        inputs["g"] = functional.logsigmoid(torch.randn(*decays_of, device="cuda") + 4)
    if name not in ("simple_gla", "gla"):
        inputs["beta"] = torch.rand(B, T, H, device="cuda")
    if name == "delta_rule":
        inputs["beta"] = inputs["beta"].bfloat16().float()  # fla takes 16 bits
        inputs["S0"] = torch.randn(B, H, K, V, device="cuda")
    return inputs


def loop(q, k, v, g=None, beta=None, S0=None):
    """o[t] = q[t] S[t] in f64, step by step."""
    results = torch.empty(v.shape, device="cuda", dtype=torch.float64)
    state = torch.zeros(*k.shape[:1], *k.shape[2:], v.shape[-1], device="cuda", dtype=torch.float64)
    if S0 is not None:
        state += S0
    for t in range(q.shape[1]):
        key, value = k[:, t].double()[..., None], v[:, t].double()[..., None, :]
        if g is not None:
            decay = g[:, t].double().exp()
            state *= decay[..., None] if decay.dim() == 3 else decay[..., None, None]
        if beta is not None:
            value = beta[:, t].double()[..., None, None] * (value - key.mT @ state)
        state += key @ value
        results[:, t] = (q[:, t].double()[..., None, :] @ state)[..., 0, :]
    return results


def ours(scanc, name, sizes, inputs):
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for each, tensor in inputs.items():
            path = f"{folder}/{each}.npy"
            of_16_bits = tensor.dtype == torch.bfloat16
            numpy.save(path, (tensor.view(torch.uint16) if of_16_bits else tensor).cpu().numpy())
            files.append(f"{each}={path}")
        shape = ",".join(f"{size}={of}" for size, of in sizes.items())
        subprocess.run([scanc, "run", PROGRAMS / f"{name}.scan", "--shape", shape, "--in", *files, "--out", f"o={folder}/o.npy"],
                       check=True, stdout=subprocess.DEVNULL)
        return torch.from_numpy(numpy.load(f"{folder}/o.npy").view(numpy.uint16)).view(torch.bfloat16)


def theirs(name, q, k, v, g=None, beta=None, S0=None):
    from fla.ops.delta_rule import chunk_delta_rule
    from fla.ops.gated_delta_rule import chunk_gated_delta_rule
    from fla.ops.gla import chunk_gla
    from fla.ops.kda import chunk_kda
    from fla.ops.simple_gla import chunk_simple_gla
    if name == "delta_rule":
        return chunk_delta_rule(q, k, v, beta.to(q.dtype), scale=1.0, initial_state=S0)[0]
    if name in ("simple_gla", "gla"):
        return {"simple_gla": chunk_simple_gla, "gla": chunk_gla}[name](q, k, v, g, scale=1.0)[0]
    return {"gated_delta": chunk_gated_delta_rule, "kda": chunk_kda}[name](q, k, v, g, beta, scale=1.0)[0]


def relative(result, expected):
    return (torch.linalg.norm(result.double().to("cuda") - expected) / torch.linalg.norm(expected)).item()


@torch.no_grad()
def main(scanc, cases):
    torch.manual_seed(0)
    for case in cases or CASES:
        name, *sizes = case.split()
        sizes = {each[0]: int(each[2:]) for each in sizes}
        inputs = draw(name, **sizes)
        expected = loop(**inputs)
        print(f"{case}, {relative(ours(scanc, name, sizes, inputs), expected):.2e}, "
              f"{relative(theirs(name, **inputs), expected):.2e}", flush=True)


main(sys.argv[1], sys.argv[2:])
