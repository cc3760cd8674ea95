#!/usr/bin/env python3
"""The programs of docs/language.md in NumPy, written from the mathematics and not from the compiler.

    generate.py            writes data/*.json: inputs, and results in f64
    generate.py --check    compares with what is there

Inputs are multiples of 1/64 of at most 1, which every element type holds exactly.
"""
import json
import pathlib
import sys

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def silu(x):
    return x * sigmoid(x)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


class Draw:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def __call__(self, *shape, low=-64, high=64):
        return self.random.integers(low, high + 1, shape) / 64.0


def gated_scan(draw, B=2, T=13, D=5):
    f, x, z = draw(B, T, D), draw(B, T, D), draw(B, T, D)
    y, h = np.zeros((B, T, D)), np.zeros((B, D))
    for t in range(T):
        a = sigmoid(f[:, t])
        h = a * h + (1 - a) * x[:, t]
        y[:, t] = h * silu(z[:, t])
    return dict(f=f, x=x, z=z), dict(y=y)


def inter_chunk(draw, N=2, G=7):
    alpha, b = draw(N, G, 16), draw(N, G, 16, 64)
    s, h = np.zeros((N, G, 16, 64)), np.zeros((N, 16, 64))
    for g in range(G):
        h = alpha[:, g, :, None] * h + b[:, g]
        s[:, g] = h
    return dict(alpha=alpha, b=b), dict(s=s)


def dense(draw, B=2, T=5):
    A, b = draw(B, T, 64, 64, low=-1, high=1), draw(B, T, 64)
    h, s = np.zeros((B, T, 64)), np.zeros((B, 64))
    for t in range(T):
        for n in range(B):
            s[n] = A[n, t] @ s[n] + b[n, t]
        h[:, t] = s
    return dict(A=A, b=b), dict(h=h)


def selective_scan(draw, B=2, T=13, D=3, N=5):
    x, dt, z = draw(B, T, D), draw(B, T, D), draw(B, T, D)
    A = draw(D, N, low=-64, high=-1)
    Bm, Cm, skip, bias = draw(B, T, N), draw(B, T, N), draw(D), draw(D)
    y, h = np.zeros((B, T, D)), np.zeros((B, D, N))
    for t in range(T):
        d = softplus(dt[:, t] + bias)
        h = np.exp(d[:, :, None] * A) * h + (d * x[:, t])[:, :, None] * Bm[:, t, None, :]
        y[:, t] = ((Cm[:, t, None, :] * h).sum(-1) + skip * x[:, t]) * silu(z[:, t])
    return dict(x=x, dt=dt, z=z, A=A, Bm=Bm, Cm=Cm, skip=skip, bias=bias), dict(y=y)


def gla(draw, B=1, T=9, H=2, K=3, V=4):
    q, k, v = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, V)
    g = draw(B, T, H, K, low=-64, high=0)
    o = np.zeros((B, T, H, V))
    for b in range(B):
        for n in range(H):
            S = np.zeros((K, V))
            for t in range(T):
                S = np.diag(np.exp(g[b, t, n])) @ S + np.outer(k[b, t, n], v[b, t, n])
                o[b, t, n] = q[b, t, n] @ S
    return dict(q=q, k=k, g=g, v=v), dict(o=o)


def gated_delta(draw, B=1, T=9, H=2, K=3, V=4):
    q, k, v = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, V)
    g, beta = draw(B, T, H, low=-64, high=0), draw(B, T, H, low=0)
    o = np.zeros((B, T, H, V))
    for b in range(B):
        for n in range(H):
            S = np.zeros((K, V))
            for t in range(T):
                u = k[b, t, n]
                S = np.exp(g[b, t, n]) * (np.eye(K) - beta[b, t, n] * np.outer(u, u)) @ S
                S = S + beta[b, t, n] * np.outer(u, v[b, t, n])
                o[b, t, n] = q[b, t, n] @ S
    return dict(q=q, k=k, v=v, g=g, beta=beta), dict(o=o)


def gated_layer(draw, B=2, T=6, E=3, D=4):
    x, Wf, Wv, Wz = draw(B, T, E), draw(E, D), draw(E, D), draw(E, D)
    f, v, z = sigmoid(x @ Wf), x @ Wv, x @ Wz
    y, h = np.zeros((B, T, D)), np.zeros((B, D))
    for t in range(T):
        h = f[:, t] * h + (1 - f[:, t]) * v[:, t]
        y[:, t] = h * silu(z[:, t])
    return dict(x=x, Wf=Wf, Wv=Wv, Wz=Wz), dict(y=y)


PROGRAMS = [gated_scan, inter_chunk, dense, selective_scan, gla, gated_delta, gated_layer]


def case(program, seed):
    inputs, results = program(Draw(seed))
    flat = lambda tensors: {name: {"sizes": list(value.shape), "values": value.ravel().tolist()}
                            for name, value in tensors.items()}
    return {"inputs": flat(inputs), "results": flat(results)}


def main():
    wrong = 0
    for seed, program in enumerate(PROGRAMS):
        path, fresh = DATA / f"{program.__name__}.json", case(program, seed)
        if "--check" not in sys.argv:
            path.write_text(json.dumps(fresh))
            continue
        stored = json.loads(path.read_text())
        for name, tensor in fresh["results"].items():
            if not np.allclose(tensor["values"], stored["results"][name]["values"], rtol=1e-13, atol=1e-15):
                print(f"{program.__name__}: {name} differs")
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
