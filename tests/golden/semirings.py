"""Recurrences whose state is not added up. Paths and sequences are enumerated where that is small."""
import itertools

import numpy as np

from draw import logsumexp


def over_starts(draw, combine, B=2, T=7, D=3):
    """h[t] combines, over every step s from which it could have come, b[s] + a[s+1] + ... + a[t]."""
    a, b = draw(B, T, D), draw(B, T, D)
    h = np.zeros((B, T, D))
    for t in range(T):
        paths = np.stack([b[:, s] + a[:, s + 1 : t + 1].sum(1) for s in range(t + 1)])
        h[:, t] = combine(paths, 0)
    return dict(a=a, b=b), dict(h=h)


def max_plus(draw):
    return over_starts(draw, np.max)


def min_plus(draw):
    return over_starts(draw, np.min)


def log_semiring(draw):
    return over_starts(draw, logsumexp)


def viterbi(draw, B=2, T=4, N=3):
    W, e, v0 = draw(N, N), draw(B, T, N), draw(B, N)
    v = np.zeros((B, T, N))
    for b, t, i in np.ndindex(B, T, N):
        scores = []
        for path in itertools.product(range(N), repeat=t + 1):
            path = path + (i,)
            steps = sum(W[path[s + 1], path[s]] + e[b, s, path[s + 1]] for s in range(t + 1))
            scores.append(v0[b, path[0]] + steps)
        v[b, t, i] = max(scores)
    return dict(W=W, e=e, v0=v0), dict(v=v)


def forward(draw, B=2, T=5):
    W, e, p0 = draw(16, 16), draw(B, T, 16), draw(B, 16)
    p, chance = np.zeros((B, T, 16)), np.exp(p0)
    for t in range(T):
        chance = chance @ np.exp(W) * np.exp(e[:, t])
        p[:, t] = np.log(chance)
    return dict(W=W, e=e, p0=p0), dict(p=p)


PROGRAMS = [max_plus, min_plus, log_semiring, viterbi, forward]
