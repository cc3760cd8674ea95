"""Layers of sequence models."""
import numpy as np

from draw import number, sigmoid, silu, softplus
from sequences import along


def gated_scan(draw, B=2, T=13, D=5):
    f, x, z = draw(B, T, D), draw(B, T, D), draw(B, T, D)
    y, h = np.zeros((B, T, D)), np.zeros((B, D))
    for t in range(T):
        a = sigmoid(f[:, t])
        h = a * h + (1 - a) * x[:, t]
        y[:, t] = h * silu(z[:, t])
    return dict(f=f, x=x, z=z), dict(y=y)


def gated_scan_time(draw):
    inputs, results = gated_scan(draw)
    across = lambda tensors: {name: value.swapaxes(1, 2) for name, value in tensors.items()}
    return across(inputs), across(results)


def inter_chunk(draw, N=1, G=3):
    alpha, b = draw(N, G, 16), draw(N, G, 16, 64)
    s, h = np.zeros((N, G, 16, 64)), np.zeros((N, 16, 64))
    for g in range(G):
        h = alpha[:, g, :, None] * h + b[:, g]
        s[:, g] = h
    return dict(alpha=alpha, b=b), dict(s=s)


def dense(draw, B=1, T=3):
    A, b = draw(B, T, 64, 64, low=-1 / 64, high=1 / 64), draw(B, T, 64)
    h, s = np.zeros((B, T, 64)), np.zeros((B, 64))
    for t in range(T):
        for n in range(B):
            s[n] = A[n, t] @ s[n] + b[n, t]
        h[:, t] = s
    return dict(A=A, b=b), dict(h=h)


def dense_terms(draw, B=2, T=5, N=6, O=3):
    A, s = draw(B, T, N, N, low=-1 / 8, high=1 / 8), draw(B)
    d, b, c, C = draw(B, T, N), draw(B, T, N), draw(B, T, N), draw(O, N)
    y, z = np.zeros((B, T, O)), np.zeros((B, T))
    for n in range(B):
        h = np.zeros(N)
        for t in range(T):
            h = (s[n] * A[n, t] + np.diag(d[n, t])) @ h + b[n, t]
            y[n, t] = C @ h
            z[n, t] = c[n, t] @ h / np.sqrt(h @ h / N + 0.25)
    return dict(A=A, d=d, b=b, c=c, C=C, s=s), dict(y=y, z=z)


def selective_scan(draw, B=2, T=13, D=3, N=5):
    x, dt, z = draw(B, T, D), draw(B, T, D), draw(B, T, D)
    A = draw(D, N, high=-1 / 64)
    Bm, Cm, skip, bias = draw(B, T, N), draw(B, T, N), draw(D), draw(D)
    y, h = np.zeros((B, T, D)), np.zeros((B, D, N))
    for t in range(T):
        d = softplus(dt[:, t] + bias)
        h = np.exp(d[:, :, None] * A) * h + (d * x[:, t])[:, :, None] * Bm[:, t, None, :]
        y[:, t] = ((Cm[:, t, None, :] * h).sum(-1) + skip * x[:, t]) * silu(z[:, t])
    return dict(x=x, dt=dt, z=z, A=A, Bm=Bm, Cm=Cm, skip=skip, bias=bias), dict(y=y)


def gla(draw, B=1, T=9, H=2, K=3, V=4):
    q, k, v = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, V)
    g = draw(B, T, H, K, high=0)
    o = np.zeros((B, T, H, V))
    for b in range(B):
        for n in range(H):
            S = np.zeros((K, V))
            for t in range(T):
                S = np.diag(np.exp(g[b, t, n])) @ S + np.outer(k[b, t, n], v[b, t, n])
                o[b, t, n] = q[b, t, n] @ S
    return dict(q=q, k=k, g=g, v=v), dict(o=o)


def follow_gated_delta(S, q, k, v, g, beta):
    """What is read out of a state at each step of one sequence, and the last state; g: a number of each step, or of each row."""
    o = np.zeros(v.shape)
    for t, u in enumerate(k):
        S = (np.eye(len(u)) - beta[t] * np.outer(u, u)) @ np.diag(np.exp(g[t]) * np.ones(len(u))) @ S
        S = S + beta[t] * np.outer(u, v[t])
        o[t] = q[t] @ S
    return o, S


def gated_delta(draw, B=1, T=9, H=2, K=3, V=4, decays=()):
    q, k, v = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, V)
    g, beta = draw(B, T, H, *decays, high=0), draw(B, T, H, low=0)
    o = np.zeros((B, T, H, V))
    for b, n in np.ndindex(B, H):
        lane = [tensor[b, :, n] for tensor in (q, k, v, g, beta)]
        o[b, :, n], _ = follow_gated_delta(np.zeros((K, V)), *lane)
    return dict(q=q, k=k, v=v, g=g, beta=beta), dict(o=o)


def kda(draw, K=3):
    return gated_delta(draw, K=K, decays=(K,))


def packed_delta(draw, T=9, H=2, K=3, V=4):
    q, k, v = draw(T, H, K), draw(T, H, K), draw(T, H, V)
    g, beta, offsets = draw(T, H, high=0), draw(T, H, low=0), np.array([0, 4, 4, 9])
    M0 = draw(3, H, K, V)
    o, MT = np.zeros((T, H, V)), np.zeros((3, H, K, V))
    for s, n in np.ndindex(3, H):
        piece = slice(offsets[s], offsets[s + 1])
        lane = [tensor[piece, n] for tensor in (q, k, v, g, beta)]
        o[piece, n], MT[s, n] = follow_gated_delta(M0[s, n], *lane)
    return dict(q=q, k=k, v=v, g=g, beta=beta, cu_seqlens=offsets, M0=M0), dict(o=o, MT=MT)


def delta_rule(draw, B=1, T=9, H=2, K=3, V=4):
    q, k, v, beta = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, V), draw(B, T, H, low=0)
    S0 = draw(B, H, K, V)
    o, ST = np.zeros((B, T, H, V)), S0.copy()
    for b in range(B):
        for n in range(H):
            S = ST[b, n]
            for t in range(T):
                u = k[b, t, n] / np.sqrt((k[b, t, n] ** 2).sum() + number(1e-6))
                S += beta[b, t, n] * np.outer(u, v[b, t, n] - u @ S)
                o[b, t, n] = q[b, t, n] @ S
    return dict(q=q, k=k, v=v, beta=beta, S0=S0), dict(o=o, ST=ST)


def gated_deltanet(draw, B=1, T=7, H=2, K=3, V=4):
    q, k, v, z = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, V), draw(B, T, H, V)
    wq, wk, wv, w = draw(H, K), draw(H, K), draw(H, V), draw(V)
    g, beta = draw(B, T, H, high=0), draw(B, T, H, low=0)
    convolved = lambda x, weight: silu(x + weight * np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], axis=1))
    unit = lambda x: x / np.sqrt((x**2).sum(-1, keepdims=True) + number(1e-6))
    p, u, c = unit(convolved(q, wq)), unit(convolved(k, wk)), convolved(v, wv)
    r = np.zeros((B, T, H, V))
    for b, n in np.ndindex(B, H):
        r[b, :, n], _ = follow_gated_delta(np.zeros((K, V)), p[b, :, n], u[b, :, n], c[b, :, n], g[b, :, n], beta[b, :, n])
    o = r / np.sqrt((r**2).mean(-1, keepdims=True) + number(1e-5)) * w * silu(z)
    return dict(q=q, k=k, v=v, z=z, wq=wq, wk=wk, wv=wv, g=g, beta=beta, w=w), dict(o=o)


def decayed(q, k, v, g, S=0.0):
    """What q reads of outer products of k and v that decay by e^g, [B, T, heads…]."""
    o, S = np.zeros(v.shape), S + np.zeros((*k[:, 0].shape, v.shape[-1]))
    for t in range(q.shape[1]):
        S = np.exp(g[:, t, ..., None, None]) * S + k[:, t, ..., None] * v[:, t, ..., None, :]
        o[:, t] = (q[:, t, ..., None] * S).sum(-2)
    return o, S


def simple_gla(draw, B=1, T=9, H=2, K=3, V=4):
    q, k, v = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, V)
    g = draw(B, T, H, high=0)
    return dict(q=q, k=k, v=v, g=g), dict(o=decayed(q, k, v, g)[0])


def retnet(draw, B=2, T=7, H=2, K=4, V=3):
    q, k, v = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, V)
    log_gamma, S0 = draw(H, high=0), draw(B, H, K, V)
    o, ST = decayed(q, k, v, np.broadcast_to(log_gamma, (B, T, H)), S0)
    return dict(q=q, k=k, v=v, log_gamma=log_gamma, S0=S0), dict(o=o, ST=ST)


def mamba2(draw, B=1, T=7, H=3, P=2, N=4):
    x, dt = draw(B, T, H, P), draw(B, T, H)
    A, skip, bias = draw(H), draw(H), draw(H)
    Bm, Cm = draw(B, T, N), draw(B, T, N)
    d = softplus(dt + bias)
    heads = lambda shared: np.broadcast_to(shared[:, :, None], (B, T, H, N))
    y, _ = decayed(heads(Cm), d[..., None] * heads(Bm), x, -d * np.exp(A))
    return dict(x=x, dt=dt, A=A, skip=skip, bias=bias, Bm=Bm, Cm=Cm), dict(y=y + skip[:, None] * x)


def generalized_delta(draw, B=2, T=6, H=1, K=3, V=2):
    q, k, a, b = (draw(B, T, H, K) for _ in range(4))
    v, g = draw(B, T, H, V), draw(B, T, H, high=0)
    o = np.zeros((B, T, H, V))
    for at in np.ndindex(B, H):
        S = np.zeros((K, V))
        for t in range(T):
            of = lambda tensor: tensor[at[0], t, at[1]]
            S = np.exp(of(g)) * (np.eye(K) + np.outer(of(b), of(a))) @ S + np.outer(of(k), of(v))
            o[at[0], t, at[1]] = of(q) @ S
    return dict(q=q, k=k, a=a, b=b, v=v, g=g), dict(o=o)


def rwkv6(draw, B=2, T=6, H=2, K=3, V=2):
    r, k, v, w, u = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, V), draw(B, T, H, K, high=0), draw(H, K)
    o = np.zeros((B, T, H, V))
    for b, n in np.ndindex(B, H):
        S = np.zeros((K, V))
        for t in range(T):
            P = np.outer(k[b, t, n], v[b, t, n])
            o[b, t, n] = r[b, t, n] @ (S + np.diag(u[n]) @ P)
            S = np.diag(np.exp(w[b, t, n])) @ S + P
    return dict(r=r, k=k, w=w, u=u, v=v), dict(o=o)


def rwkv7(draw, B=2, T=6, H=1, K=3, V=2):
    r, k, a, b = (draw(B, T, H, K) for _ in range(4))
    v, w = draw(B, T, H, V), draw(B, T, H, K, high=0)
    o = np.zeros((B, T, H, V))
    for at in np.ndindex(B, H):
        S = np.zeros((K, V))
        for t in range(T):
            of = lambda tensor: tensor[at[0], t, at[1]]
            S = (np.diag(np.exp(of(w))) + np.outer(of(b), of(a))) @ S + np.outer(of(k), of(v))
            o[at[0], t, at[1]] = of(r) @ S
    return dict(r=r, k=k, a=a, b=b, w=w, v=v), dict(o=o)


def delta_product(draw, B=2, T=6, H=1, K=3, V=2):
    q, k1, k2 = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, K)
    v1, v2 = draw(B, T, H, V), draw(B, T, H, V)
    g, b1, b2 = draw(B, T, H, high=0), draw(B, T, H, low=0), draw(B, T, H, low=0)
    o = np.zeros((B, T, H, V))
    for at in np.ndindex(B, H):
        S = np.zeros((K, V))
        for t in range(T):
            of = lambda tensor: tensor[at[0], t, at[1]]
            S = np.exp(of(g)) * S
            for k, v, b in ((k1, v1, b1), (k2, v2, b2)):
                S = S + of(b) * np.outer(of(k), of(v) - of(k) @ S)
            o[at[0], t, at[1]] = of(q) @ S
    return dict(q=q, k1=k1, k2=k2, v1=v1, v2=v2, g=g, b1=b1, b2=b2), dict(o=o)


def two_householders(draw, B=2, T=6, H=1, K=3, V=2):
    q, k1, k2, v = draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, K), draw(B, T, H, V)
    b1, b2 = draw(B, T, H, low=0), draw(B, T, H, low=0)
    o = np.zeros((B, T, H, V))
    for at in np.ndindex(B, H):
        S = np.zeros((K, V))
        for t in range(T):
            of = lambda tensor: tensor[at[0], t, at[1]]
            reflection = lambda beta, u: np.eye(K) - beta * np.outer(u, u)
            S = reflection(of(b2), of(k2)) @ reflection(of(b1), of(k1)) @ S
            S = S + of(b2) * np.outer(of(k2), of(v))
            o[at[0], t, at[1]] = of(q) @ S
    return dict(q=q, k1=k1, k2=k2, v=v, b1=b1, b2=b2), dict(o=o)


def gated_layer(draw, B=2, T=6, E=3, D=4):
    x, Wf, Wv, Wz = draw(B, T, E), draw(E, D), draw(E, D), draw(E, D)
    f, v, z = sigmoid(x @ Wf), x @ Wv, x @ Wz
    y, h = np.zeros((B, T, D)), np.zeros((B, D))
    for t in range(T):
        h = f[:, t] * h + (1 - f[:, t]) * v[:, t]
        y[:, t] = h * silu(z[:, t])
    return dict(x=x, Wf=Wf, Wv=Wv, Wz=Wz), dict(y=y)


def s5(draw, B=2, T=7, N=3, U=2, O=4):
    lam, Bm = draw.complex(N, low=-0.625, high=0.625), draw.complex(N, U)
    Cm, x = draw.complex(O, N), draw(B, T, U)
    y, h = np.zeros((B, T, O)), np.zeros((B, N), complex)
    for t in range(T):
        h = h * lam + x[:, t] @ Bm.T
        y[:, t] = 2 * (h @ Cm.T).real
    return {"lambda": lam, "Bm": Bm, "Cm": Cm, "x": x}, dict(y=y)


def oscillators(draw, B=2, T=7, D=3):
    decay, turn, x = draw(B, T, D), draw(B, T, D), draw(B, T, D)
    h = h0 = draw.complex(B, D)
    y, power = np.zeros((B, T, D)), np.zeros((B, T, D))
    for t in range(T):
        h = np.exp(1j * turn[:, t] - softplus(decay[:, t])) * h + x[:, t]
        y[:, t], power[:, t] = h.real, np.abs(h)
    return dict(decay=decay, turn=turn, x=x, i=np.array(1j), h0=h0), dict(y=y, power=power, hT=h)


def complex_memory(draw, B=2, T=6, D=3, N=4):
    a, b, c, x = draw.complex(B, T, N), draw.complex(B, T, N), draw.complex(B, T, N), draw(B, T, D)
    h = np.zeros((B, D, N), complex)
    y, m = np.zeros((B, T, D)), np.zeros((B, T, D), complex)
    for t in range(T):
        h = (a[:, t] / (1 + np.abs(a[:, t])))[:, None] * h + b[:, t, None] * x[:, t, :, None]
        y[:, t], m[:, t] = (c[:, t, None] * h).sum(-1).real, h.mean(-1)
    return dict(a=a, b=b, c=c, x=x), dict(y=y, m=m)


def short_conv(draw, B=2, T=8, D=3):
    f, x = draw(B, T, D), draw(B, T, D)
    w, bias = draw(4, D), draw(D)
    padded = np.concatenate([np.zeros((B, 3, D)), x], axis=1)
    y, h = np.zeros((B, T, D)), np.zeros((B, D))
    for t in range(T):
        window = padded[:, t : t + 4][:, ::-1]
        h = sigmoid(f[:, t]) * h + silu((window * w).sum(1) + bias)
        y[:, t] = h
    return dict(f=f, x=x, w0=w[0], w1=w[1], w2=w[2], w3=w[3], bias=bias), dict(y=y)


def softmax_readout(draw, B=2, T=6, N=4):
    k, x = draw(B, T, N), draw(B, T)
    p, h = np.zeros((B, T, N)), np.zeros((B, N))
    for t in range(T):
        h = number(0.9) * h + k[:, t] * x[:, t, None]
        e = np.exp(h)
        p[:, t] = e / e.sum(-1, keepdims=True)
    return dict(k=k, x=x), dict(p=p)


def rms_scan(draw, B=2, T=6, H=2, D=5):
    a, x, w = draw(B, T, H, D), draw(B, T, H, D), draw(D)
    h = along(1, a, x)
    return dict(a=a, x=x, w=w), dict(y=h / np.sqrt((h * h).mean(-1, keepdims=True) + number(1e-6)) * w)


def group_norm_scan(draw, B=2, T=6, H=2, D=5):
    f, x, z, h0 = draw(B, T, H, D), draw(B, T, H, D), draw(B, T, H, D), draw(B, H, D)
    h = along(1, sigmoid(f), x, h0)
    scale = np.sqrt(h.var(-1, keepdims=True) + number(1e-5))
    y = (h - h.mean(-1, keepdims=True)) / scale * silu(z)
    return dict(f=f, x=x, z=z, h0=h0), dict(y=y, hT=h[:, -1])


PROGRAMS = [gated_scan, gated_scan_time, inter_chunk, dense, dense_terms, selective_scan, gla, simple_gla, retnet,
            mamba2, delta_rule, gated_delta, kda, packed_delta, generalized_delta, rwkv6, rwkv7,
            delta_product, gated_deltanet, two_householders, gated_layer, s5, oscillators,
            complex_memory, short_conv, softmax_readout, rms_scan, group_norm_scan]
