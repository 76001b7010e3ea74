"""What the rules and families of the library that draw at every step do, written from the published algorithms in numpy, and nothing of
Gradus.

    python3 tests/library/drawn.py rules > tests/library/drawn_rules.table
    python3 tests/library/drawn.py families > tests/library/drawn_families.table

Lines are those of rules.py and of families.py. What is drawn is made here once more: Threefry-2x64-20 keyed by seed and XXH3 of the name
(in rules of "step." and the name), counting problem, and step * 2^40 + element. A rule is run on problem 3 with seed 7.
"""
import sys

import numpy as np
import xxhash
from numpy import cos, exp, log, pi, sign, sqrt, tanh, where

import families
import rules
from families import INSTANCE, MASK, P, SEED, bernoulli, flat, normal, relu, shaped, sigmoid, softplus, uniform

ELEMENTS = 2**40


def drawn(name, step, shape=(), tensor=0, turn=0):
    """Both random numbers in [0, 1) of every element."""
    key = (SEED, (xxhash.xxh3_64_intdigest(name.encode()) + tensor * ELEMENTS + turn) & MASK)
    count = int(np.prod(shape)) if shape else 1
    u = np.array([families.threefry(key, (INSTANCE, step * ELEMENTS + i)) for i in range(count)]).T
    return shaped(u[0], shape), shaped(u[1], shape)


def gauss(name, step, shape=(), **where_else):
    u, v = drawn(name, step, shape, **where_else)
    return sqrt(-2 * log(1 - u)) * cos(2 * pi * v)


# ---- rules; x is one vector of all tensors ----

RULES = {}
ARGUMENTS = {
    "spsa": dict(c=0.3, wait=2),
    "gaussian_smoothing": dict(lr=0.05, radius=0.2),
    "evolution_strategy": dict(sigma=0.3, pairs=3),
    "gradient_noise": dict(eta=0.3),
    "langevin": dict(temperature=0.1, gamma=0.3),
    "random_coordinate": dict(lr=0.3),
    "simulated_annealing": dict(step=0.3, first=0.5),
    "sophia": dict(lr=0.1, gamma=5.0, decay=0.02, every=4),
    "adahessian": dict(lr=0.05, eps=1e-3),
}


def rule(function):
    RULES[function.__name__] = function
    return function


@rule
def spsa(look, lr=0.1, c=0.1, wait=10, alpha=0.602, gamma=0.101):
    def step(x, f, g, t):
        s = where(drawn("step.heads", t, x.shape)[0] < 0.5, 1, -1)
        c_t = c / t**gamma
        y_plus, y_minus = look(x + c_t * s)[0], look(x - c_t * s)[0]
        return x - lr / (wait + t) ** alpha * (y_plus - y_minus) / (2 * c_t * s)

    return step


@rule
def gaussian_smoothing(look, lr=0.01, radius=1e-3):
    def step(x, f, g, t):
        u = gauss("step.e", t, x.shape)
        return x - lr * (look(x + radius * u)[0] - look(x - radius * u)[0]) / (2 * radius) * u

    return step


@rule
def evolution_strategy(look, lr=0.1, sigma=0.1, pairs=4):
    def step(x, f, g, t):
        estimate = np.zeros(len(x))
        for k in range(pairs):
            for u in (gauss("step.e", t, x.shape, turn=k), -gauss("step.e", t, x.shape, turn=k)):
                estimate += look(x + sigma * u)[0] * u / (2 * pairs * sigma)
        return x - lr * estimate

    return step


@rule
def gradient_noise(look, lr=0.1, eta=0.01, gamma=0.55):
    return lambda x, f, g, t: x - lr * (g + gauss("step.e", t, x.shape) * sqrt(eta / (1 + t) ** gamma))


@rule
def langevin(look, first=0.1, wait=1, gamma=0.55, temperature=1):
    def step(x, f, g, t):
        epsilon = first * (wait + t) ** -gamma
        return x + epsilon / 2 * -g + gauss("step.e", t, x.shape) * sqrt(epsilon * temperature)

    return step


@rule
def random_coordinate(look, lr=0.1):
    def step(x, f, g, t):
        k = int(drawn("step.k", t)[0] * len(x))
        return x - lr * where(np.arange(len(x)) == k, g, 0)

    return step


@rule
def simulated_annealing(look, step=0.1, first=1, cool=0.99):
    def one(x, f, g, t):
        y = x + step * gauss("step.e", t, x.shape)
        worse = max(look(y)[0] - f, 0)
        return y if drawn("step.u", t)[0] < exp(-worse / (first * cool**t)) else x

    return one


@rule
def sophia(look, lr=1e-3, beta1=0.96, beta2=0.99, gamma=0.01, decay=0.1, every=10, eps=1e-12):
    s = rules.S(m=0.0, h=0.0)

    def step(x, f, g, t):
        s.m = beta1 * s.m + (1 - beta1) * g
        if t % every == 1:
            u = gauss("step.u", t, x.shape)
            s.h = beta2 * s.h + (1 - beta2) * u * (look.hessian(x) @ u)
        x = x - lr * decay * x
        return x - lr * np.clip(s.m / np.maximum(gamma * s.h, eps), -1, 1)

    return step


@rule
def adahessian(look, lr=0.15, beta1=0.9, beta2=0.999, eps=1e-4):
    s = rules.S(m=0.0, v=0.0)

    def step(x, f, g, t):
        z = where(drawn("step.heads", t, x.shape)[0] < 0.5, 1, -1)
        s.m = beta1 * s.m + (1 - beta1) * g
        s.v = beta2 * s.v + (1 - beta2) * (z * (look.hessian(x) @ z)) ** 2
        return x - lr * (s.m / (1 - beta1**t)) / (sqrt(s.v / (1 - beta2**t)) + eps)

    return step


# ---- what rules may do with draws: drawn.grad ----


def by_tensor(sizes, numbers):
    """One number for each tensor, for its coordinates."""
    return np.concatenate([np.full(n, a) for n, a in zip(sizes, numbers)])


def place(x, n, key):
    """The place of x in an order of n that the key decides: the swap-or-not shuffle of 24 rounds."""

    def mixed(z):
        z = z * 0x9E3779B97F4A7C15 & MASK
        return (z ^ z >> 32) * 0xD1B54A32D192ED03 & MASK

    for r in range(1, 25):
        word = mixed(key + r * 0xBF58476D1CE4E5B9 & MASK)
        other = ((word >> 32) * n >> 32) - x
        other += n if other < 0 else 0
        x = other if mixed(max(x, other) + word & MASK) >> 63 else x
    return x


@rule
def drawn_signs(look, lr=0.1, c=0.01):
    def step(x, f, g, t):
        s = sign(gauss("step.e", t, x.shape))
        return x - lr * (look(x + c * s)[0] - look(x - c * s)[0]) / (2 * c) * s

    return step


@rule
def drawn_noise(look, lr=0.1):
    return lambda x, f, g, t: x - lr * (g + 0.01 * gauss("step.e", t, x.shape))


@rule
def drawn_by_tensor(look, lr=0.1, sizes=None):
    def step(x, f, g, t):
        factors = []
        for k in range(len(sizes)):
            u = drawn("step.u", t, tensor=k)[0]
            v = -np.log1p(-drawn("step.v", t, (2, 3), tensor=k)[0]) / 2
            factors.append(u + v[0, 1] * v[1, 2] + np.floor(-1 + 3 * drawn("step.n", t, tensor=k)[0]))
        return x - lr * by_tensor(sizes, factors) * g

    return step


@rule
def drawn_in_turns(look, lr=0.01, sizes=None):
    def step(x, f, g, t):
        s = np.zeros(len(x))
        for i in range(2):
            for k in range(3):
                s += (i + 2 * k + 1) * gauss("step.e", t, x.shape, turn=3 * i + k)
        for k in range(30):
            if k % 7 == t % 7:
                u = [drawn("step.u", t, tensor=j, turn=k)[0] for j in range(len(sizes))]
                s += by_tensor(sizes, u) * (2 * drawn("step.2:e", t, x.shape, turn=k)[0] - 1)
        for k in range(min(t, 9)):
            s += 0.1 * (1 + 2 * gauss("step.3:e", t, x.shape, turn=k))
        return x - lr * (g + s)

    return step


@rule
def drawn_in_each(look, lr=0.1):
    h = [0]

    def step(x, f, g, t):
        h[0] = 0.5 * h[0] + gauss("step.e", t, (len(x), 2))
        keep = drawn("step.keep", t, x.shape)[0] < 0.7
        return x - lr * where(keep, g + h[0][:, 0] - h[0][:, 1], 0)

    return step


@rule
def drawn_about(look, lr=0.1, sizes=None):
    m = [0]

    def step(x, f, g, t):
        m[0] = 0.9 * m[0] + 0.1 * g
        e = m[0] + (0.1 + abs(g)) * gauss("step.e", t, x.shape)
        l = exp(log(0.5) + drawn("step.l", t, (len(x), 2))[0] * (log(2) - log(0.5)))
        w = [1 + 3 * drawn("step.w", t, (3,), tensor=k)[0][1] for k in range(len(sizes))]
        return x - lr * e * l[:, 0] / l[:, 1] * by_tensor(sizes, w)

    return step


@rule
def drawn_applied(look, lr=0.05):
    def step(x, f, g, t):
        x = x - lr * (g + 0.01 * gauss("step.drawn_noise1.e", t, x.shape))
        return x - lr / 2 * (g + 0.01 * gauss("step.drawn_noise2.e", t, x.shape))

    return step


@rule
def drawn_applied_in_turns(look, lr=0.02):
    def step(x, f, g, t):
        e = lambda name, turn=0: 0.01 * gauss("step.%s.e" % name, t, x.shape, turn=turn)
        for k in range(3):
            x = x - lr / (k + 1) * (g + e("drawn_noise1", k))
        for k in range(12):
            x = x - 0.1 * lr * (g + e("drawn_noise2", k))
        x = x - lr * (g + e("drawn_applied3.drawn_noise4"))
        return x - lr / 2 * (g + e("drawn_applied3.drawn_noise5"))

    return step


@rule
def drawn_together(look, lr=0.02):
    def step(x, f, g, t):
        n = len(x)
        order = [place(i, n, int(drawn("step.order", t)[0] * 2**53)) for i in range(n)]
        k = np.searchsorted([1, 4], 10 * drawn("step.k", t)[0], side="right")
        kinds = int(2 * drawn("step.each_kind", t, (2,))[0][0]) + 1
        u, v = drawn("step.t3", t, x.shape)
        t3 = sqrt(3 * ((1 - u) ** (-2 / 3) - 1)) * cos(2 * pi * v)
        return x - lr * ((np.array(order) + 1) * g + k + kinds + t3)

    return step


@rule
def drawn_by_axes(look, lr=0.05, shapes=None):
    def step(x, f, g, t):
        x = x.copy()
        at, w, e = 0, 2 * drawn("step.w", t, x.shape)[0] - 1, gauss("step.e", t, x.shape)
        for k, shape in enumerate(shapes):
            piece = slice(at, at + int(np.prod(shape)))
            if len(shape) == 2:
                r = np.repeat(gauss("step.r", t, shape[:1], tensor=k), shape[1])
                x[piece] -= lr * (g[piece] + r * w[piece])
            x[piece] -= lr * drawn("step.u", t, tensor=k)[0] * e[piece]
            at = piece.stop
        return x

    return step


def print_rules():
    for name, make in RULES.items():
        asks = make.__code__.co_varnames[: make.__code__.co_argcount]
        for objective in ("bent", "valley") + (("tensors",) if "shapes" in asks else ()):
            function, x, sizes = rules.OBJECTIVES[objective]
            function, shapes = function or rules.tensors, [(n,) for n in sizes] if sizes else rules.SHAPES
            arguments = ARGUMENTS.get(name, {}) if objective == "bent" else {}
            known = {"sizes": [int(np.prod(s)) for s in shapes], "shapes": shapes}
            step, seen = make(function, **arguments, **{k: known[k] for k in known if k in asks}), []
            for t in range(1, rules.AT[-1] + 1):
                f, g = function(x)
                x = step(x, f, g, t)
                seen += list(x) if t in rules.AT else []
            call = ", ".join("%s = %s" % (key, repr(value)) for key, value in arguments.items())
            print("%s(%s) | %s | %s" % (name, call, objective, " ".join("%.17g" % v for v in seen)))


# ---- families, on the batch of step 1 ----

FAMILIES = {}
ALSO = {
    "noisy_rosenbrock": dict(n=5, beta=0.7),
    "noisy_quadratic": dict(n=3, sd=0.5),
    "noisy": dict(base=families.Base("quadratic", n=3), sd=0.5),
    "noisy_gradient": dict(base=families.Base("logistic", n=7), sd=0.5),
    "dropout_net": dict(n=7, d=2, hidden=3, keep=0.5),
    "variational_autoencoder": dict(n=5, d=4, hidden=3, code=1),
    "denoising_autoencoder": dict(n=3, d=17, hidden=2, spoilt=0.6),
}


def family(function):
    FAMILIES[function.__name__] = function
    return function


@family
def noisy_rosenbrock(n=2, beta=0.1):
    factor = exp(beta * gauss("e", 1))
    clean = families.rosenbrock(n)
    return clean[0], lambda x: clean[1](x) * factor


@family
def noisy_quadratic(n=10, sd=1):
    middle = sd * gauss("middle", 1, (n,))
    return normal("x", (n,)), lambda x: 0.5 * np.dot(1 / np.arange(1, n + 1), (x - middle) ** 2)


@family
def noisy(base=families.Base("rosenbrock"), sd=0.1):
    x, f = base()
    e = sd * gauss("e", 1)
    return x, lambda z: f(z) + e


@family
def noisy_gradient(base=families.Base("rosenbrock"), sd=0.1):
    x, f = base()
    e = sd * gauss("e", 1, x.shape)
    return x, lambda z: f(z) + np.dot(e, z)


@family
def dropout_net(n=32, d=5, hidden=16, keep=0.8):
    X = normal("centre", (2, d))[np.arange(n) % 2] + normal("noise", (n, d))
    mask = (drawn("kept", 1, (n, hidden))[0] < keep) / keep
    label = np.arange(n) % 2

    def f(x):
        p = P(x)
        W, b, v, c = p(hidden, d), p(hidden), p(hidden), p()
        z = (relu(X @ W.T + b) * mask) @ v + c
        return -np.mean(log(where(label == 1, sigmoid(z), sigmoid(-z))))

    return flat(normal("W", (hidden, d), sd=1 / sqrt(d)), np.zeros(hidden), normal("v", (hidden,), sd=1 / sqrt(hidden)), 0), f


@family
def variational_autoencoder(n=16, d=8, hidden=6, code=2):
    chance = sigmoid(2 * normal("place", (n, code)) @ normal("way", (d, code)).T)
    X = (uniform("tossed", (n, d)) < chance).astype(float)
    e = gauss("e", 1, (n, code))

    def f(x):
        p = P(x)
        A, M, S, B, D = p(hidden, d), p(code, hidden), p(code, hidden), p(hidden, code), p(d, hidden)
        u = tanh(X @ A.T)
        mean, sd = u @ M.T, exp(u @ S.T)
        q = sigmoid(tanh((mean + sd * e) @ B.T) @ D.T)
        likelihood = np.sum(X * log(q) + (1 - X) * log(1 - q), axis=1)
        divergence = 0.5 * np.sum(sd**2 + mean**2 - 1 - 2 * log(sd), axis=1)
        return np.mean(divergence - likelihood)

    start = flat(
        normal("A", (hidden, d), sd=1 / sqrt(d)),
        normal("M", (code, hidden), sd=1 / sqrt(hidden)),
        normal("S", (code, hidden), sd=1 / sqrt(hidden)),
        normal("B", (hidden, code)),
        normal("D", (d, hidden), sd=1 / sqrt(hidden)),
    )
    return start, f


@family
def denoising_autoencoder(n=16, d=8, hidden=5, spoilt=0.25):
    X = sigmoid(2 * normal("place", (n, 2)) @ normal("way", (d, 2)).T)
    seen = where(drawn("lost", 1, (n, d))[0] < spoilt, 0, X)

    def f(x):
        p = P(x)
        W, b, c = p(hidden, d), p(hidden), p(d)
        q = sigmoid(sigmoid(seen @ W.T + b) @ W + c)
        return -np.mean(np.sum(X * log(q) + (1 - X) * log(1 - q), axis=1))

    return flat(normal("W", (hidden, d), sd=1 / sqrt(d)), np.zeros(hidden + d)), f


if __name__ == "__main__":
    if sys.argv[1] == "rules":
        print_rules()
    else:
        families.main(FAMILIES, ALSO)
