"""How states begin, end, and read each other; orders of time; segments."""
import numpy as np

from draw import number, sigmoid


def linear(a, x, h):
    """Every value of h = a h + x along the first axis."""
    values = []
    for gain, bias in zip(a, x):
        h = gain * h + bias
        values.append(h)
    return np.array(values)


def along(axis, a, x, h=0.0):
    """`linear` along `axis`."""
    return np.moveaxis(linear(np.moveaxis(a, axis, 0), np.moveaxis(x, axis, 0), h), 0, axis)


def pinned(draw, B=2, T=7, D=3):
    a, x = draw(B, T, D), draw(B, T, D)
    return dict(a=a, x=x), dict(h=along(1, a, x))


def one_lane(draw, T=11):
    a, x = draw(T), draw(T)
    return dict(a=a, x=x), dict(h=along(0, a, x))


def prefix_sum(draw, B=2, T=9):
    x = draw(B, T)
    return dict(x=x), dict(y=np.cumsum(x, 1))


def ema(draw, B=2, T=7, D=3):
    x, alpha = draw(B, T, D), draw(D, low=0)
    return dict(x=x, alpha=alpha), dict(m=along(1, np.broadcast_to(1 - alpha, x.shape), alpha * x))


def reverse(draw, B=2, T=9):
    r, gamma = draw(B, T), draw(B, T)
    return dict(r=r, gamma=gamma), dict(g=along(1, gamma[:, ::-1], r[:, ::-1])[:, ::-1])


def init_final(draw, B=2, T=6, D=3):
    a, x, h0 = draw(B, T, D), draw(B, T, D), draw(B, D)
    y = along(1, a, x, h0)
    return dict(a=a, x=x, h0=h0), dict(y=y, hT=y[:, -1])


def two_outputs(draw, B=2, T=6, D=3):
    a, x = draw(B, T, D), draw(B, T, D)
    m = along(1, a, (1 - a) * x)
    return dict(a=a, x=x), dict(m=m, r=x - m)


def two_memories(draw, B=2, T=6, D=3, N=5):
    a, b, c = (draw(B, T, N) for _ in range(3))
    x, g, h0, s0 = draw(B, T, D), draw(B, T, D), draw(B, D, N), draw(B, D)
    later = np.concatenate([x[:, 1:], np.zeros((B, 1, D))], 1)
    s = along(1, sigmoid(g)[:, ::-1], later[:, ::-1], s0)[:, ::-1]
    into = b[:, :, None] * (x + s)[..., None]
    decay = np.broadcast_to(sigmoid(a)[:, :, None], into.shape)
    h = along(1, decay[:, ::-1], into[:, ::-1], h0)[:, ::-1]
    y = (c[:, :, None] * h).sum(-1) + h.mean(-1) + s
    return (dict(a=a, b=b, c=c, x=x, g=g, h0=h0, s0=s0),
            dict(y=y, top=h.max(-1), w=2 * h, hT=h[:, 0], sT=s[:, 0]))


def unread_state(draw, B=2, T=6, D=3):
    x, g = draw(B, T, D), draw(B, T, D)
    y = along(1, np.full(x.shape, 0.5), x)
    return dict(x=x, g=g), dict(y=y, gT=along(1, sigmoid(g), x)[:, -1])


def bf16_state(draw, B=2, T=5, D=3):
    a, x = draw(B, T, D), draw(B, T, D)
    return dict(a=a, x=x), dict(y=along(1, a, x))


def masked(draw, B=2, T=8, D=3):
    a, x, mask = draw(B, T, D), draw(B, T, D), draw.flags(B, T)
    h, held = np.zeros((B, T, D)), np.zeros((B, D))
    for b, t in np.ndindex(B, T):
        if mask[b, t]:
            held[b] = np.clip(a[b, t], 0, 1) * held[b] + x[b, t]
        h[b, t] = held[b]
    return dict(a=a, x=x, mask=mask), dict(h=h)


def cascade(draw, B=2, T=7, D=3):
    x, a, b = draw(B, T, D), draw(D), draw(D)
    u = along(1, np.broadcast_to(a, x.shape), (1 - a) * x)
    v = along(1, np.broadcast_to(b, x.shape), (1 - b) * u)
    return dict(x=x, a=a, b=b), dict(y=u - v)


def rotation(draw, B=2, T=7, D=3):
    w, r, x = draw(B, T, D), draw(B, T, D), draw(B, T, D)
    return dict(w=w, r=r, x=x), dict(y=along(1, r * np.exp(1j * w), x).real)


def varlen(draw, T=11, H=2, D=2):
    x, g, offsets = draw(T, H, D), draw(T, H, high=0), np.array([0, 3, 3, 4, 11])
    h0 = draw(4, H, D)
    y, last = np.zeros((T, H, D)), np.zeros((4, H, D))
    for s in range(4):
        piece = x[offsets[s] : offsets[s + 1]]
        shifted = np.concatenate([np.zeros((1, H, D)), piece])[: len(piece)]
        decay = np.exp(g[offsets[s] : offsets[s + 1], :, None])
        values = linear(decay, piece + shifted, h0[s]).reshape(-1, H, D)
        y[offsets[s] : offsets[s + 1]] = values
        last[s] = values[-1] if len(values) else h0[s]
    return dict(x=x, g=g, cu_seqlens=offsets, h0=h0), dict(y=y, hT=last)


def packed_backwards(draw, T=9, H=2, N=3):
    """Segments walked from their ends; an initial state that lanes share; a state without one."""
    x, w, offsets = draw(T, H), draw(N), np.array([0, 4, 4, 9])
    h0, last = draw(3, N), np.zeros((3, H, N))
    y, best = np.zeros((T, H)), np.zeros((T, H))
    for s, head in np.ndindex(3, H):
        piece = x[offsets[s] : offsets[s + 1], head]
        h = h0[s]
        for t in reversed(range(len(piece))):
            later = piece[t + 2] if t + 2 < len(piece) else 0.0
            h = number(0.7) * h + w * (piece[t] - later)
            y[offsets[s] + t, head] = h.sum()
            best[offsets[s] + t, head] = piece[t:].max()
        last[s, head] = h
    inputs = dict(x=x, w=w, cu=offsets, h0=h0)
    return inputs, dict(y=y, best=best, hT=last)


def several_scans(draw, B=2, T=5, L=4, D=3):
    """Scans of two dimensions in one kernel, one of them from the end."""
    r, gamma, x = draw(B, T), draw(B, T), draw(B, L, D)
    g = along(1, gamma[:, ::-1], r[:, ::-1])[:, ::-1]
    return dict(r=r, gamma=gamma, x=x), dict(g=g, total=np.cumsum(x, 1))


def states_of_states(draw, B=2, T=6, N=3):
    """States of several ranks; one reads another's value of the step before, and a contraction."""
    a, x, c, k = draw(B, T), draw(B, T), draw(N), draw(B, T, N)
    h0, u0 = draw(B, N), draw()
    y, z = np.zeros((B, T)), np.zeros((B, T))
    trace, last = np.zeros((B, T)), np.zeros((B, N))
    for b in range(B):
        h, g, u, S = h0[b], 0.0, u0, np.zeros((N, N))
        for t in range(T):
            before = h
            h = a[b, t] * h + k[b, t] * x[b, t]
            g = 0.5 * g + c @ before
            u = 0.25 * u + g * x[b, t] + 1
            S = 0.5 * S + np.outer(k[b, t], h)
            y[b, t], z[b, t] = g + before.sum(), u
            trace[b, t] = k[b, t] @ S @ c
        last[b] = h
    return dict(a=a, x=x, c=c, k=k, h0=h0, u0=u0), dict(y=y, z=z, trace=trace, hT=last)


def nonlinear(draw, B=2, T=6, N=3):
    """A step that no strategy re-associates: the state through a function, and transposed."""
    W, x = draw(N, N), draw(B, T, N)
    y, z = np.zeros((B, T, N)), np.zeros((B, T, N))
    for b in range(B):
        h, S = np.zeros(N), np.zeros((N, N))
        for t in range(T):
            h = np.tanh(W @ h + x[b, t])
            S = 0.5 * S.T + np.outer(x[b, t], h)
            y[b, t], z[b, t] = h, S @ x[b, t]
    return dict(W=W, x=x), dict(y=y, z=z)


PROGRAMS = [pinned, one_lane, prefix_sum, ema, reverse, init_final, two_memories, two_outputs,
            unread_state, bf16_state, masked, cascade, rotation, varlen, packed_backwards, several_scans,
            states_of_states, nonlinear]
