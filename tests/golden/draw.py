"""Inputs that every element type holds exactly, and functions that NumPy lacks."""
import numpy as np


class Draw:
    """Multiples of 1/64 of at most 1; `steps` coarsens them for 8-bit types."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def __call__(self, *shape, low=-1, high=1, steps=64):
        return self.random.integers(round(low * steps), round(high * steps) + 1, shape) / steps

    def complex(self, *shape, low=-1, high=1):
        return self(*shape, low=low, high=high) + 1j * self(*shape, low=low, high=high)

    def flags(self, *shape):
        return self.random.integers(0, 2, shape)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def silu(x):
    return x * sigmoid(x)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def logsumexp(x, axis):
    top = x.max(axis, keepdims=True)
    return np.log(np.exp(x - top).sum(axis)) + top.squeeze(axis)


def number(x):
    """A number of the text beside an f32."""
    return np.float64(np.float32(x))
