"""Functions, reductions, implicit sums, and element types."""
import math

import numpy as np

from draw import logsumexp, sigmoid, silu, softplus

erf = np.vectorize(math.erf)


def functions(draw, T=9):
    x, p, q = draw(T), draw(T, low=1 / 64), draw(T)
    results = dict(
        exp_x=np.exp(x), log_p=np.log(p), sqrt_p=np.sqrt(p), rsqrt_p=1 / np.sqrt(p), abs_x=np.abs(x),
        tanh_x=np.tanh(x), sigmoid_x=sigmoid(x), silu_x=silu(x), gelu_x=x / 2 * (1 + erf(x / np.sqrt(2))),
        relu_x=np.maximum(x, 0), softplus_x=softplus(x), logsigmoid_x=np.log(sigmoid(x)), sin_x=np.sin(x),
        cos_x=np.cos(x), real_x=x, imag_x=0 * x, conj_x=x, min_xq=np.minimum(x, q), max_xq=np.maximum(x, q),
        pow_pq=p ** q, logaddexp_xq=np.logaddexp(x, q), clamp_x=np.clip(x, -0.25, 0.5),
        order=np.where(x < q, 1, 0) + 2 * (x <= q) + 4 * (x > q) + 8 * (x >= q) + 16 * (x == x) + 32 * (x != q),
        of_nan=np.full(T, 1 + 4 + 8.0))
    return dict(x=x, p=p, q=q), results


def reductions(draw, T=4, N=3, M=2, E=0):
    u, w, W, none = draw(T, N), draw(T, N), draw(N, M), draw(T, E)
    x, both = draw(T), u[:, :, None] * W
    results = dict(
        sums=both.sum((1, 2)), means=both.mean((1, 2)), most=both.max((1, 2)), least=both.min((1, 2)),
        logs=np.log(np.exp(both).sum((1, 2))), rows=both.max(1), own=u / u.max(1, keepdims=True),
        product=(u * w).sum(1) + x, inside=((u + x[:, None]) * w).sum(1), outside=np.exp(u.sum(1)),
        count=(u > w).sum(1).astype(float), apart=u.sum(1) - W.sum() * x,
        empty=np.full(T, 1 + 2 + 4 + 8 + 16.0))
    return dict(u=u, w=w, W=W, x=x, none=none), results


def one_index_in_two_places(draw, T=4, N=3):
    u, w = draw(T, N), draw(T, N)
    return dict(u=u, w=w), dict(y=(u * w).sum(1).cumsum(), z=u * w)


def names_of_sums(draw, T=5, N=3):
    c, k, x, A = draw(T, N), draw(T, N), draw(T, N), draw(T, N, N)
    results = dict(own=np.zeros((T, N)), renamed=np.zeros((T, N)), nested=np.zeros((T, N)), counted=np.zeros(T))
    own, renamed, nested, counted = np.zeros(N), np.zeros(N), np.zeros(N), 0.0
    for t in range(T):
        own = np.outer(c[t], k[t]) @ own + x[t]
        renamed = c[t] * (A[t] @ renamed) + x[t]
        nested = nested - k[t] * c[t].sum() * (k[t] @ nested) + x[t]
        counted = N * 0.25 * counted + x[t].sum()
        for name, value in dict(own=own, renamed=renamed, nested=nested, counted=counted).items():
            results[name][t] = value
    return dict(c=c, k=k, x=x, A=A), results


def means_of_states(draw, T=5, N=3):
    k, x, W = draw(T, N), draw(T, N), draw(N, N)
    results = {name: np.zeros((T, N)) for name in "uvwz"}
    u, v, w, z = (np.zeros(N) for _ in range(4))
    for t in range(T):
        u = u - k[t] * (k[t] * u).mean() + x[t]
        v = (W * v + x[t]).mean(1)
        w = k[t].mean() * w + x[t]
        z = (W * z).mean(1) * k[t].mean() + x[t]
        for name, value in dict(u=u, v=v, w=w, z=z).items():
            results[name][t] = value
    return dict(k=k, x=x, W=W), results


def complex_numbers(draw, B=2, T=6, N=3):
    lam, x = draw.complex(N, low=-0.5, high=0.5), draw.complex(B, T)
    d, h0 = draw(B, T, low=0.5), draw.complex(B, N)
    state, last = np.zeros((B, T, N), complex), np.zeros((B, N), complex)
    power, phase, average = np.zeros((B, T)), np.zeros((B, T), complex), np.zeros((B, T), complex)
    for b in range(B):
        h = h0[b]
        for t in range(T):
            h = np.exp(lam * d[b, t]) * h / (2 + 1j * d[b, t]) + (np.conj(x[b, t]) if d[b, t] > 0.75 else -x[b, t])
            state[b, t] = h
            power[b, t] = np.abs(h).sum() + (h.imag * h.real).sum()
            phase[b, t], average[b, t] = h.sum() - x[b, t], h.mean()
        last[b] = h
    return ({"lambda": lam, "x": x, "d": d, "i": np.array(1j), "h0": h0},
            dict(h=state, power=power, phase=phase, average=average, hT=last))


def eight_bits(draw, B=2, T=6, D=3):
    a, x, s = draw(B, T, D, steps=8), draw(B, T, D, steps=4), draw.random.integers(-5, 6, (B, D))
    y, z, h = np.zeros((B, T, D)), np.zeros((B, T, D)), np.zeros((B, D))
    for t in range(T):
        h = a[:, t] * h + x[:, t] * s
        y[:, t], z[:, t] = h, -h / 3
    return dict(a=a, x=x, s=s), dict(y=y, z=z)


PROGRAMS = [functions, reductions, one_index_in_two_places, names_of_sums, means_of_states,
            complex_numbers, eight_bits]
