"""What the families of the library are, written from the published formulas in numpy, and nothing of Gradus.

    python3 tests/library/families.py > tests/library/families.table

Needs numpy and xxhash. A line of the table: a call of an objective, and f of problem 3 with seed 7 at its start x0, at
x0 + 0.1 sin(1.3 k + 0.7) and at x0 + 0.3 cos(2.1 k), k being the number of the coordinate. Draws are made here once more:
Threefry-2x64-20 keyed by seed and XXH3 of the name, counting problem and element (docs/language.md).
"""
import math

import numpy as np
import xxhash
from numpy import abs, arctan2, clip, cos, cumsum, exp, log, log1p, maximum, minimum, pi, sin, sqrt, tanh
from numpy.linalg import norm

SEED, INSTANCE = 7, 3
MASK = 2**64 - 1
FAMILIES = {}  # name -> function


def family(function):
    FAMILIES[function.__name__] = function
    return function


# ---- draws ----


def threefry(key, counter):
    keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDAA9FC1A22]
    x, y = (counter[0] + keys[0]) & MASK, (counter[1] + keys[1]) & MASK
    for r in range(20):
        x = (x + y) & MASK
        bits = (16, 42, 12, 31, 16, 32, 24, 21)[r % 8]
        y = ((y << bits | y >> (64 - bits)) & MASK) ^ x
        if r % 4 == 3:
            k = r // 4 + 1
            x, y = (x + keys[k % 3]) & MASK, (y + keys[(k + 1) % 3] + k) & MASK
    return (x >> 11) * 2.0**-53, (y >> 11) * 2.0**-53


def pairs(name, shape):
    key = (SEED, xxhash.xxh3_64_intdigest(name.encode()))
    count = int(np.prod(shape)) if shape else 1
    return np.array([threefry(key, (INSTANCE, i)) for i in range(count)]).T


def shaped(values, shape):
    return values.reshape(shape) if shape else values[0]


def normal(name, shape=(), mean=0.0, sd=1.0):
    u = pairs(name, shape)
    return mean + sd * shaped(sqrt(-2 * log(1 - u[0])) * cos(2 * pi * u[1]), shape)


def uniform(name, shape=(), low=0.0, high=1.0):
    return shaped(low + pairs(name, shape)[0] * (high - low), shape)


def exponential(name, shape=(), rate=1.0):
    return shaped(-log1p(-pairs(name, shape)[0]) / rate, shape)


def loguniform(name, shape, low, high):
    return exp(uniform(name, shape, log(low), log(high)))


def integer(name, shape, low, high):
    return shaped((low + np.floor(pairs(name, shape)[0] * (high - low))).astype(int), shape)


def bernoulli(name, shape, p):
    return shaped(pairs(name, shape)[0] < p, shape)


# ---- what formulas share ----


def lse(a, axis=None):
    high = np.max(a, axis=axis, keepdims=True)
    return np.squeeze(high, axis=axis) + log(np.sum(exp(a - high), axis=axis)) if axis is not None else high.max() + log(np.sum(exp(a - high)))


sigmoid = lambda z: 1 / (1 + exp(-z))
softplus = lambda z: np.logaddexp(0, z)
relu = lambda z: maximum(z, 0)
erf = np.vectorize(math.erf)
lgamma = np.vectorize(math.lgamma)
cross_entropy = lambda z, label: np.mean(lse(z, 1) - z[np.arange(len(label)), label])


class P:
    """Reads tensors off the vector x."""

    def __init__(self, x):
        self.x, self.at = x, 0

    def __call__(self, *shape):
        n = int(np.prod(shape)) if shape else 1
        self.at += n
        return shaped(self.x[self.at - n : self.at], shape)


def flat(*tensors):
    return np.concatenate([np.ravel(np.asarray(t, float)) for t in tensors])


# A family is a function of its parameters; it returns the start and f.

# ---- test functions ----


@family
def rosenbrock(n=2):
    return np.array([-1.2 if i % 2 == 0 else 1.0 for i in range(n)]), lambda x: sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@family
def ackley(n=2):
    f = lambda x: -20 * exp(-0.2 * sqrt(sum(x**2) / n)) - exp(sum(cos(2 * pi * x)) / n) + 20 + np.e
    return uniform("x", (n,), -5, 5), f


@family
def beale():
    return uniform("x", (2,), -2, 2), lambda x: sum((c - x[0] * (1 - x[1] ** k)) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625)))


@family
def booth():
    return uniform("x", (2,), -10, 10), lambda x: (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2


@family
def branin():
    def f(x):
        a, b, c, r, s, t = 1, 5.1 / (4 * pi**2), 5 / pi, 6, 10, 1 / (8 * pi)
        return a * (x[1] - b * x[0] ** 2 + c * x[0] - r) ** 2 + s * (1 - t) * cos(x[0]) + s

    return uniform("start", (2,), 0, 10), f


@family
def matyas():
    return uniform("x", (2,), -10, 10), lambda x: 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1]


@family
def michalewicz(n=2, m=10):
    return uniform("x", (n,), 0, 3), lambda x: -sum(sin(x[i]) * sin((i + 1) * x[i] ** 2 / pi) ** (2 * m) for i in range(n))


@family
def styblinski_tang(n=2):
    return uniform("x", (n,), -5, 5), lambda x: 0.5 * sum(x**4 - 16 * x**2 + 5 * x)


@family
def rastrigin(n=2):
    return uniform("x", (n,), -5, 5), lambda x: 10 * n + sum(x**2 - 10 * cos(2 * pi * x))


@family
def rastrigin_family(n=10, height=10):
    A, b, c = normal("A", (n, n)), normal("b", (n,)), normal("c", (n,))
    return normal("x", (n,)), lambda x: norm(A @ x - b) ** 2 / 2 - height * c @ cos(2 * pi * x) + height * n


@family
def bowl(n=10, condition=100):
    return normal("x", (n,)), lambda x: 0.5 * sum(np.logspace(0, 1, n, base=condition) * x**2)


@family
def log_sum_exp(n=10, m=50):
    A, b = normal("A", (m, n)), normal("b", (m,))
    return normal("x", (n,)), lambda x: log(sum(exp(A @ x + b)))


@family
def griewank(n=2):
    return uniform("x", (n,), -10, 10), lambda x: 1 + sum(x**2) / 4000 - np.prod(cos(x / sqrt(np.arange(1, n + 1))))


@family
def schwefel(n=2):
    return uniform("x", (n,), -500, 500), lambda x: 418.9828872724339 * n - sum(x * sin(sqrt(abs(x))))


@family
def levy(n=3):
    def f(x):
        w = 1 + (x - 1) / 4
        inner = (w[:-1] - 1) ** 2 * (1 + 10 * sin(pi * w[:-1] + 1) ** 2)
        return sin(pi * w[0]) ** 2 + sum(inner) + (w[-1] - 1) ** 2 * (1 + sin(2 * pi * w[-1]) ** 2)

    return uniform("x", (n,), -10, 10), f


@family
def zakharov(n=3):
    weight = 0.5 * np.arange(1, n + 1)
    return uniform("x", (n,), -5, 10), lambda x: x @ x + (weight @ x) ** 2 + (weight @ x) ** 4


@family
def dixon_price(n=4):
    return uniform("x", (n,), -10, 10), lambda x: (x[0] - 1) ** 2 + sum((i + 1) * (2 * x[i] ** 2 - x[i - 1]) ** 2 for i in range(1, n))


@family
def himmelblau():
    return uniform("x", (2,), -5, 5), lambda x: (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


@family
def three_hump_camel():
    return uniform("x", (2,), -5, 5), lambda x: 2 * x[0] ** 2 - 1.05 * x[0] ** 4 + x[0] ** 6 / 6 + x[0] * x[1] + x[1] ** 2


@family
def six_hump_camel():
    f = lambda x: 4 * x[0] ** 2 - 2.1 * x[0] ** 4 + x[0] ** 6 / 3 + x[0] * x[1] - 4 * x[1] ** 2 + 4 * x[1] ** 4
    return uniform("x", (2,), -2, 2), f


@family
def goldstein_price():
    def f(p):
        x, y = p
        a = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
        b = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
        return a * b

    return uniform("x", (2,), -2, 2), f


@family
def easom():
    return uniform("start", (2,), 1, 6), lambda x: -cos(x[0]) * cos(x[1]) * exp(-((x[0] - pi) ** 2 + (x[1] - pi) ** 2))


@family
def hartmann():
    A = np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]])
    Q = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]])
    return uniform("x", (3,)), lambda x: -sum(a * exp(-sum(A[k] * (x - Q[k]) ** 2)) for k, a in enumerate((1.0, 1.2, 3.0, 3.2)))


@family
def trid(n=4):
    return uniform("x", (n,), -1, 1), lambda x: sum((x - 1) ** 2) - sum(x[1:] * x[:-1])


@family
def bohachevsky():
    return uniform("x", (2,), -10, 10), lambda x: x[0] ** 2 + 2 * x[1] ** 2 - 0.3 * cos(3 * pi * x[0]) - 0.4 * cos(4 * pi * x[1]) + 0.7


@family
def quadratic(n=10):
    W, y = normal("W", (n, n)), normal("y", (n,))
    return normal("x", (n,), 0, 0.01), lambda x: norm(W @ x - y) ** 2


@family
def worst_chain(n=20):
    H = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    return np.zeros(n), lambda x: x @ H @ x / 2 - x[0]


# ---- More, Garbow, Hillstrom ----


def squares(start, residuals):
    return np.array(start, float), lambda x: sum(np.asarray(residuals(x)) ** 2)


@family
def freudenstein_roth():
    return squares([0.5, -2], lambda x: [-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]])


@family
def powell_badly_scaled():
    return squares([0, 1], lambda x: [1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001])


@family
def brown_badly_scaled():
    return squares([1, 1], lambda x: [x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


@family
def jennrich_sampson(m=10):
    i = np.arange(1, m + 1)
    return squares([0.3, 0.4], lambda x: 2 + 2 * i - (exp(i * x[0]) + exp(i * x[1])))


@family
def helical_valley():
    def residuals(x):
        theta = np.arctan(x[1] / x[0]) / (2 * pi) + (0.5 if x[0] < 0 else 0)
        return [10 * (x[2] - 10 * theta), 10 * (sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]]

    return squares([-1, 0, 0], residuals)


@family
def bard():
    y = np.array("0.14 0.18 0.22 0.25 0.29 0.32 0.35 0.39 0.37 0.58 0.73 0.96 1.34 2.10 4.39".split(), float)
    u = np.arange(1, 16)
    v, w = 16 - u, minimum(u, 16 - u)
    return squares([1, 1, 1], lambda x: y - (x[0] + u / (v * x[1] + w * x[2])))


@family
def gaussian():
    half = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521]
    y, t = np.array(half + [0.3989] + half[::-1]), (8 - np.arange(1, 16)) / 2
    return squares([0.4, 1, 0], lambda x: x[0] * exp(-x[1] * (t - x[2]) ** 2 / 2) - y)


@family
def meyer():
    y = np.array("34780 28610 23650 19630 16370 13720 11540 9744 8261 7030 6005 5147 4427 3820 3307 2872".split(), float)
    t = 45 + 5 * np.arange(1, 17)
    return squares([0.02, 4000, 250], lambda x: x[0] * exp(x[1] / (t + x[2])) - y)


@family
def box_three(m=10):
    t = 0.1 * np.arange(1, m + 1)
    return squares([0, 10, 20], lambda x: exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (exp(-t) - exp(-10 * t)))


@family
def powell_singular(blocks=1):
    def residuals(x):
        a, b, c, d = x.reshape(blocks, 4).T
        return flat(a + 10 * b, sqrt(5) * (c - d), (b - 2 * c) ** 2, sqrt(10) * (a - d) ** 2)

    return squares([3, -1, 0, 1] * blocks, residuals)


@family
def wood():
    def residuals(x):
        a = [10 * (x[1] - x[0] ** 2), 1 - x[0], sqrt(90) * (x[3] - x[2] ** 2), 1 - x[2]]
        return a + [sqrt(10) * (x[1] + x[3] - 2), (x[1] - x[3]) / sqrt(10)]

    return squares([-3, -1, -3, -1], residuals)


@family
def gulf_research(m=99):
    t = np.arange(1, m + 1) / 100
    y = 25 + np.cbrt(-50 * log(t)) ** 2
    return squares([5, 2.5, 0.15], lambda x: exp(-(abs(y - x[1]) ** x[2]) / x[0]) - t)


@family
def osborne_exponentials():
    y = "844 908 932 936 925 908 881 850 818 784 751 718 685 658 628 603 580 558 538 522 506 490 478 467 457 448 438 431 424"
    y = np.array((y + " 420 414 411 406").split(), float) / 1000
    t = 10 * np.arange(33)
    return squares([0.5, 1.5, -1, 0.01, 0.02], lambda x: y - x[0] - x[1] * exp(-t * x[3]) - x[2] * exp(-t * x[4]))


@family
def osborne_bells():
    y = "1366 1191 1112 1013 991 885 831 847 786 725 746 679 608 655 616 606 602 626 651 724 649 649 694 644 624 661 612 558"
    y += " 533 495 500 423 395 375 372 391 396 405 428 429 523 562 607 653 672 708 633 668 645 632 591 559 597 625 739 710"
    y = np.array((y + " 729 720 636 581 428 292 162 98 54").split(), float) / 1000
    t = np.arange(65) / 10

    def residuals(x):
        bell = lambda size, narrow, middle: size * exp(-((t - middle) ** 2) * narrow)
        return y - x[0] * exp(-t * x[4]) - bell(x[1], x[5], x[8]) - bell(x[2], x[6], x[9]) - bell(x[3], x[7], x[10])

    return squares([1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5], residuals)


@family
def watson(n=6):
    t = np.arange(1, 30) / 29

    def residuals(x):
        p = np.polynomial.Polynomial(x)
        return flat(p.deriv()(t) - p(t) ** 2 - 1, x[0], x[1] - x[0] ** 2 - 1)

    return squares(np.zeros(n), residuals)


@family
def penalty_exponentials(n=4):
    def residuals(x):
        e, k = exp(x / 10), np.arange(1, n + 1)
        up = e[1:] + e[:-1] - exp(k[1:] / 10) - exp(k[:-1] / 10)
        return flat(x[0] - 0.2, sqrt(1e-5) * up, sqrt(1e-5) * (e[1:] - exp(-0.1)), (n - k + 1) @ x**2 - 1)

    return squares(np.full(n, 0.5), residuals)


@family
def brown_almost_linear(n=5):
    return squares(np.full(n, 0.5), lambda x: flat(x[:-1] + sum(x) - (n + 1), np.prod(x) - 1))


@family
def discrete_integral(n=8):
    h = 1 / (n + 1)
    t = h * np.arange(1, n + 1)
    kernel = minimum.outer(t, t) * (1 - maximum.outer(t, t))
    return squares(t * (t - 1), lambda x: x + h / 2 * kernel @ (x + t + 1) ** 3)


@family
def kowalik_osborne():
    y = np.array("0.1957 0.1947 0.1735 0.1600 0.0844 0.0627 0.0456 0.0342 0.0323 0.0235 0.0246".split(), float)
    u = np.array("4 2 1 0.5 0.25 0.167 0.125 0.1 0.0833 0.0714 0.0625".split(), float)
    return squares([0.25, 0.39, 0.415, 0.39], lambda x: y - x[0] * u * (u + x[1]) / (u * (u + x[2]) + x[3]))


@family
def brown_dennis(m=20):
    t = np.arange(1, m + 1) / 5
    return squares([25, 5, -5, -1], lambda x: (x[0] + t * x[1] - exp(t)) ** 2 + (x[2] + x[3] * sin(t) - cos(t)) ** 2)


@family
def biggs_exponentials(m=13):
    t = 0.1 * np.arange(1, m + 1)
    y = exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t)
    return squares([1, 2, 1, 1, 1, 1], lambda x: x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4]) - y)


@family
def penalty_function(n=4):
    return squares(np.arange(1, n + 1), lambda x: flat(sqrt(1e-5) * (x - 1), x @ x - 0.25))


@family
def variably_dimensioned(n=6):
    j = np.arange(1, n + 1)
    return squares(1 - j / n, lambda x: flat(x - 1, j @ (x - 1), (j @ (x - 1)) ** 2))


@family
def trigonometric(n=5):
    i = np.arange(1, n + 1)
    return squares(np.ones(n) / n, lambda x: n - sum(cos(x)) + i * (1 - cos(x)) - sin(x))


@family
def discrete_boundary(n=8):
    h = 1 / (n + 1)
    t = h * np.arange(1, n + 1)

    def residuals(x):
        full = flat(0, x, 0)
        return 2 * x - full[:-2] - full[2:] + h**2 * (x + t + 1) ** 3 / 2

    return squares(t * (t - 1), residuals)


@family
def broyden_tridiagonal(n=8):
    def residuals(x):
        full = flat(0, x, 0)
        return (3 - 2 * x) * x - full[:-2] - 2 * full[2:] + 1

    return squares(-np.ones(n), residuals)


@family
def broyden_banded(n=8):
    def residuals(x):
        sums = [sum(x[j] * (1 + x[j]) for j in range(max(0, i - 5), min(n - 1, i + 1) + 1) if j != i) for i in range(n)]
        return x * (2 + 5 * x**2) + 1 - np.array(sums)

    return squares(-np.ones(n), residuals)


@family
def chebyquad(n=6):
    def residuals(x):  # shifted Chebyshev polynomials by the cosine, or hyperbolic outside of [0, 1]
        T = lambda k: np.polynomial.chebyshev.Chebyshev.basis(k)(2 * x - 1)
        return [np.mean(T(k)) - (0 if k % 2 else -1 / (k**2 - 1)) for k in range(1, n + 1)]

    return squares(np.arange(1, n + 1) / (n + 1), residuals)


# ---- regression and classification ----


@family
def logistic(n=100, d=3, weight=5e-4):
    centre, mix, noise = normal("centre", (2, d)), normal("mix", (2, d, d)), normal("noise", (n, d))
    label = np.arange(n) % 2
    X = np.array([centre[c] + mix[c] @ e for c, e in zip(label, noise)])

    def f(x):
        p = P(x)
        w, b = p(d), p()
        prob = sigmoid(X @ w + b)
        return -np.mean(label * log(prob) + (1 - label) * log(1 - prob)) + weight / 2 * w @ w

    return flat(normal("w", (d,)), normal("b")), f


@family
def robust_regression(n=100, d=3, c=1):
    X = normal("centre", (4, d))[np.arange(n) % 4] + normal("noise", (n, d))
    y = X @ normal("truth", (d,)) + normal("offset") + normal("error", (n,), 0, 0.1)

    def f(x):
        r2 = (X @ x[:d] + x[d] - y) ** 2
        return np.mean(r2 / (c**2 + r2))

    return flat(normal("w", (d,)), normal("b")), f


@family
def softmax_regression(n=60, d=4, classes=3, weight=1e-3):
    label = np.arange(n) % classes
    X = normal("centre", (classes, d))[label] + normal("noise", (n, d))

    def f(x):
        p = P(x)
        W, b = p(classes, d), p(classes)
        return cross_entropy(X @ W.T + b, label) + weight / 2 * np.sum(W**2)

    return np.zeros(classes * (d + 1)), f


@family
def lasso(m=25, n=50, weight=5e-3):
    A = normal("A", (m, n))
    y = A @ (normal("truth", (n,)) * bernoulli("used", (n,), 0.1))
    return normal("x", (n,)), lambda x: norm(A @ x - y) ** 2 / 2 + weight * norm(x, 1)


@family
def ridge_regression(n=40, d=8, shared=0.9, weight=0.1):
    X = shared * normal("common", (n,))[:, None] + sqrt(1 - shared**2) * normal("own", (n, d))
    y = X @ normal("truth", (d,)) + normal("noise", (n,), 0, 0.1)
    return np.zeros(d), lambda w: norm(X @ w - y) ** 2 / n + weight * norm(w) ** 2


@family
def poisson_regression(n=50, d=3):
    X = normal("X", (n, d), 0, 0.5)
    y = np.floor(2 * uniform("u", (n,)) * exp(X @ normal("truth", (d,))))

    def f(x):
        rate = exp(X @ x[:d] + x[d])
        return -np.mean(log(rate**y * exp(-rate) / [math.factorial(int(k)) for k in y]))

    return np.zeros(d + 1), f


@family
def probit_regression(n=60, d=3, weight=1e-2):
    X = normal("X", (n, d))
    side = np.where(X @ normal("truth", (d,)) + normal("noise", (n,)) > 0, 1, -1)
    return np.zeros(d), lambda w: -np.mean(log(0.5 + erf(side * (X @ w) / sqrt(2)) / 2 + 1e-12)) + weight / 2 * w @ w


@family
def huber_regression(n=50, d=3, k=1.345):
    X = normal("X", (n, d))
    y = X @ normal("truth", (d,)) + normal("noise", (n,), 0, 0.5) * np.where(bernoulli("wild", (n,), 0.1), 21, 1)

    def f(x):
        r = abs(X @ x[:d] + x[d] - y)
        return np.mean([a**2 / 2 if a <= k else k * (a - k / 2) for a in r])

    return np.zeros(d + 1), f


@family
def quantile_regression(n=50, d=2, q=0.9):
    X = normal("X", (n, d))
    y = X.sum(axis=1) + exponential("noise", (n,))

    def f(x):
        r = y - X @ x[:d] - x[d]
        return np.mean([q * a if a > 0 else (q - 1) * a for a in r])

    return np.zeros(d + 1), f


@family
def support_vectors(n=60, d=3, cost=1):
    kind = np.arange(n) % 2
    X = normal("centre", (2, d))[kind] + normal("noise", (n, d))
    return np.zeros(d + 1), lambda x: x[:d] @ x[:d] / 2 + cost * np.mean(relu(1 - (2 * kind - 1) * (X @ x[:d] + x[d])) ** 2)


@family
def exponential_decays(n=24, terms=2):
    time = 0.1 * np.arange(n)
    rate, size = loguniform("rate", (terms,), 0.3, 5), uniform("size", (terms,), 0.5, 2)
    y = exp(-np.outer(time, rate)) @ size + normal("noise", (n,), 0, 0.01)

    def f(x):
        return np.mean((exp(-np.outer(time, exp(x[:terms]))) @ x[terms:] - y) ** 2)

    return flat(0.5 * np.arange(terms), np.ones(terms)), f


@family
def michaelis_menten(n=12):
    dose = np.linspace(0, 4, n + 1)[1:]
    speed = uniform("highest", (), 1, 3) * dose / (loguniform("half", (), 0.1, 2) + dose) + normal("noise", (n,), 0, 0.02)
    return np.zeros(2), lambda x: sum((exp(x[0]) * dose / (exp(x[1]) + dose) - speed) ** 2)


@family
def logistic_growth(n=20):
    time = np.linspace(0, 8, n)
    curve = lambda k: k[0] / (1 + exp(-k[1] * (time - k[2])))
    truth = uniform("capacity", (), 2, 5), uniform("speed", (), 0.5, 2), uniform("middle", (), 2, 5)
    y = curve(truth) + normal("noise", (n,), 0, 0.05)
    return np.array([3.0, 1, 4]), lambda x: np.mean((curve(x) - y) ** 2)


@family
def sensor_calibration(n=40):
    d = normal("direction", (n, 3))
    scale, offset = uniform("scale", (3,), 0.8, 1.2), normal("offset", (3,), 0, 0.3)
    reading = scale * d / norm(d, axis=1)[:, None] + offset + normal("noise", (n, 3), 0, 0.01)
    return flat([0] * 3, [1] * 3), lambda x: np.mean((norm((reading - x[:3]) / x[3:], axis=1) ** 2 - 1) ** 2)


@family
def matrix_factorization(rows=12, columns=10, k=2, weight=0.01):
    Y, seen = normal("U", (rows, k)) @ normal("V", (columns, k)).T, bernoulli("seen", (rows, columns), 0.5)

    def f(x):
        p = P(x)
        A, B = p(rows, k), p(columns, k)
        return np.mean(np.where(seen, A @ B.T - Y, 0) ** 2) + weight * (np.mean(A**2) + np.mean(B**2))

    return flat(normal("P", (rows, k), 0, 0.3), normal("Q", (columns, k), 0, 0.3)), f


@family
def phase_retrieval(m=40, n=6):
    A, truth = normal("A", (m, n)), normal("truth", (n,))
    return normal("x", (n,)), lambda x: np.mean(((A @ x) ** 2 - (A @ truth) ** 2) ** 2) / 4


# ---- statistics and time series ----


@family
def gaussian_mixture(n=60, d=2, k=3):
    X = normal("centre", (k, d), 0, 3)[np.arange(n) % k] + normal("noise", (n, d))

    def f(x):
        p = P(x)
        logit, mu, sd = p(k), p(k, d), exp(p(k, d))
        weight = exp(logit) / sum(exp(logit))
        density = [sum(w * np.prod(exp(-(((a - m) / s) ** 2) / 2) / (sqrt(2 * pi) * s)) for w, m, s in zip(weight, mu, sd)) for a in X]
        return -np.mean(log(density))

    return flat(np.zeros(k), normal("mu", (k, d)), np.zeros((k, d))), f


@family
def cox_survival(n=40, d=3, weight=1e-2):
    X = normal("X", (n, d))
    life, limit = exponential("chance", (n,)) * exp(-X @ normal("truth", (d,))), exponential("limit", (n,), 0.5)
    time, died = minimum(life, limit), life <= limit

    def f(w):
        score = exp(X @ w)
        terms = [log(score[i] / sum(score[time >= time[i]])) for i in range(n) if died[i]]
        return -sum(terms) / n + weight / 2 * w @ w

    return np.zeros(d), f


@family
def student_t_fit(n=60):
    y = normal("centre", (), 0, 2) + normal("z", (n,)) * np.where(bernoulli("wild", (n,), 0.15), 5, 1)

    def f(x):
        mu, s, nu = x[0], exp(x[1]), exp(x[2])
        density = math.gamma((nu + 1) / 2) / (math.gamma(nu / 2) * sqrt(nu * pi) * s) * (1 + ((y - mu) / s) ** 2 / nu) ** (-(nu + 1) / 2)
        return -np.mean(log(density))

    return np.array([0.0, 0, 1]), f


@family
def local_level(n=40):
    y = cumsum(normal("drift", (n,), 0, 0.5)) + normal("noise", (n,))

    def f(x):
        """The likelihood of all y but the first, given the first, with the whole covariance instead of a filter."""
        q, h = exp(2 * x)
        # level at time 0 is y[0] with variance h; y[t] = level + wanderings + noise
        t = np.arange(1, n)
        S = h + q * np.minimum.outer(t, t) + h * np.eye(n - 1)
        r = y[1:] - y[0]
        return (np.linalg.slogdet(2 * pi * S)[1] + r @ np.linalg.solve(S, r)) / 2 / n

    return np.zeros(2), f


@family
def garch(n=60):
    z, y, v = normal("z", (n,)), np.zeros(n), 1.0
    for t in range(n):
        y[t] = z[t] * sqrt(v)
        v = 0.1 + 0.2 * y[t] ** 2 + 0.7 * v

    def f(x):
        omega, alpha = exp(x[0]), sigmoid(x[1])
        beta = (1 - alpha) * sigmoid(x[2])
        v = [1.0]
        for t in range(n - 1):
            v.append(omega + alpha * y[t] ** 2 + beta * v[-1])
        return -np.mean(log(exp(-(y**2) / (2 * np.array(v))) / sqrt(2 * pi * np.array(v))))

    return np.array([-1.0, -1, 0]), f


@family
def moving_average(n=50):
    e = normal("e", (n,))
    y = e + 0.6 * flat(0, e[:-1])

    def f(x):
        theta = tanh(x[0])
        # y = (1 + theta B) u, solved for u
        u = np.linalg.solve(np.eye(n) + theta * np.eye(n, k=-1), y)
        return u @ u / n

    return np.zeros(1), f


@family
def hidden_markov(n=40):
    state = np.cumprod(np.where(bernoulli("change", (n,), 0.1), -1, 1))
    y = 1.5 * state + normal("noise", (n,))

    def f(x):
        mu, p = x[:2], sigmoid(x[2:])
        move = np.array([[p[0], 1 - p[0]], [1 - p[1], p[1]]])
        a = np.array([0.5, 0.5]) * exp(-((y[0] - mu) ** 2) / 2) / sqrt(2 * pi)
        for t in range(1, n):
            a = (a @ move) * exp(-((y[t] - mu) ** 2) / 2) / sqrt(2 * pi)
        return -log(sum(a))

    return np.array([-0.5, 0.5, 1, 1]), f


@family
def chain_crf(n=20, labels=3, d=4, weight=1e-2):
    label = np.arange(n) // 3 % labels
    X = normal("centre", (labels, d))[label] + normal("noise", (n, d))

    def f(x):
        p = P(x)
        W, A = p(labels, d), p(labels, labels)
        s = X @ W.T
        product = np.ones(labels) @ np.diag(exp(s[0]))
        for t in range(1, n):
            product = product @ exp(A) @ np.diag(exp(s[t]))
        path = sum(s[np.arange(n), label]) + sum(A[label[:-1], label[1:]])
        return (log(sum(product)) - path) / n + weight / 2 * (np.sum(W**2) + np.sum(A**2))

    return np.zeros(labels * (d + labels)), f


@family
def paired_comparison(players=8, games=60, weight=0.05):
    strength, a, b = normal("strength", (players,)), integer("first", (games,), 0, players), integer("second", (games,), 0, players)
    won = uniform("u", (games,)) < sigmoid(strength[a] - strength[b])

    def f(s):
        chance = exp(s[a]) / (exp(s[a]) + exp(s[b]))
        return -np.mean(log(np.where(won, chance, 1 - chance))) + weight / 2 * s @ s

    return np.zeros(players), f


@family
def item_response(people=20, items=6):
    right = uniform("u", (people, items)) < sigmoid(normal("ability", (people,))[:, None] - normal("difficulty", (items,)))

    def f(x):
        p = P(x)
        theta, b, a = p(people), p(items), p(items)
        chance = sigmoid(exp(a) * (theta[:, None] - b))
        return -np.mean(log(np.where(right, chance, 1 - chance))) + 0.01 * x @ x

    return np.zeros(people + 2 * items), f


@family
def portfolio(days=60, shares=6, aversion=5):
    r = normal("gain", (shares,), 0.05, 0.05) + 0.3 * np.outer(normal("market", (days,)), uniform("exposure", (shares,), 0.5, 1.5))
    r = r + 0.2 * normal("own", (days, shares))
    average, S = r.mean(axis=0), np.cov(r.T, bias=True)

    def f(u):
        w = exp(u) / sum(exp(u))
        return aversion / 2 * w @ S @ w - w @ average

    return np.zeros(shares), f


@family
def risk_parity(shares=6):
    L = normal("L", (shares, shares))
    S = L @ L.T / shares + 0.1 * np.eye(shares)
    return np.zeros(shares), lambda u: exp(u) @ S @ exp(u) / 2 - np.mean(u)


# ---- robots, control, vision, physics ----


@family
def inverse_kinematics(joints=5, stiff=1e-3):
    target = uniform("target", (2,), -2, 2)

    def f(a):
        hand = sum(4 / joints * exp(1j * sum(a[: k + 1])) for k in range(joints))
        return abs(hand - (target[0] + 1j * target[1])) ** 2 + stiff * a @ a

    return normal("a", (joints,), 0, 0.5), f


@family
def double_integrator(horizon=20, limit=1):
    begin = uniform("begin", (2,), -2, 2)
    A, B = np.array([[1, 0.2], [0, 1]]), np.array([0.02, 0.2])

    def f(u):
        s, cost = begin, 0
        for k in u:
            s = A @ s + B * k
            cost += s @ np.diag([1, 0.1]) @ s + 0.1 * k**2 + 10 * max(0, abs(k) - limit) ** 2
        return cost / horizon + 10 * s @ s

    return np.zeros(horizon), f


@family
def pendulum_swing_up(horizon=40, step=0.1):
    angle = normal("angle", (), 0, 0.1)

    def f(u):
        a, w = angle, 0.0
        for k in u:
            w += step * (k - 9.81 * sin(a) - 0.1 * w)
            a += step * w
        return 0.001 * np.mean(u**2) + (1 + cos(a)) ** 2 + sin(a) ** 2 + 0.1 * w**2

    return normal("u", (horizon,), 0, 0.1), f


@family
def path_planning(points=12, obstacles=4):
    centre = uniform("centre", (obstacles, 2), 0.2, 0.8)

    def f(x):
        p = x.reshape(points, 2)
        q = np.vstack([[0, 0], p, [1, 1]])
        long, rough = np.sum(np.diff(q, axis=0) ** 2), np.sum(np.diff(q, n=2, axis=0) ** 2)
        d = sqrt(((p[:, None, :] - centre) ** 2).sum(axis=2) + 1e-6)
        return (points + 1) * (long + 10 * rough) + 100 * np.sum(relu(0.2 - d) ** 2) / points

    return np.repeat(np.arange(1, points + 1) / (points + 1), 2), f


@family
def trilateration(beacons=6):
    beacon, place = uniform("beacon", (beacons, 2), -5, 5), uniform("place", (2,), -3, 3)
    seen = norm(beacon - place, axis=1) + normal("noise", (beacons,), 0, 0.05)
    return np.zeros(2), lambda p: np.mean((norm(beacon - p, axis=1) - seen) ** 2)


@family
def pose_graph(n=8):
    e = normal("noise", (n, 3), 0, 0.05)

    def f(x):
        p, loss = x.reshape(n, 3), 0
        for i in range(n):
            a, b = p[i], p[(i + 1) % n]
            c, s = cos(a[2]), sin(a[2])
            ahead, side = np.array([[c, s], [-s, c]]) @ (b - a)[:2]
            loss += (ahead - 1 - e[i, 0]) ** 2 + (side - e[i, 1]) ** 2
            loss += abs(exp(1j * (b[2] - a[2])) - exp(1j * (2 * pi / n + e[i, 2]))) ** 2
        return loss / n + p[0] @ p[0]

    return flat([[0, 0, 2 * pi / n * i] for i in range(n)]), f


@family
def bundle_adjustment(points=8, cameras=3):
    place, turn = uniform("place", (points, 3), -1, 1), normal("turn", (cameras, 3), 0, 0.1)
    noise = normal("noise", (cameras, points, 2), 0, 0.002)
    base = [[c - (cameras - 1) / 2, 0, 4] for c in range(cameras)]

    def pictures(p, r, t):
        moved = [p + np.cross(r[c], p) + t[c] for c in range(cameras)]
        return np.array([v[:, :2] / v[:, 2:] for v in moved])

    seen = pictures(place, turn, base) + noise

    def f(x):
        take = P(x)
        r, t, p = take(cameras, 3), take(cameras, 3), take(points, 3)
        return np.mean((pictures(p, r, t) - seen) ** 2) + 1e-4 * (np.sum(r**2) + np.mean(p**2))

    return flat(np.zeros(3 * cameras), base, uniform("p", (points, 3), -1, 1)), f


@family
def lennard_jones(atoms=6):
    def f(x):
        p = x.reshape(atoms, 3)
        r = [norm(p[i] - p[j]) for i in range(atoms) for j in range(i)]
        return sum(4 * (a**-12 - a**-6) for a in r)

    lattice = np.array([[i % 2, i // 2 % 2, i // 4] for i in range(atoms)])
    return flat(1.2 * lattice + normal("jitter", (atoms, 3), 0, 0.1)), f


@family
def thomson(charges=6):
    def f(x):
        p = x.reshape(charges, 3)
        u = p / norm(p, axis=1)[:, None]
        return sum(1 / norm(u[i] - u[j]) for i in range(charges) for j in range(i))

    return flat(normal("p", (charges, 3))), f


@family
def hanging_chain(links=12, stiff=100):
    def f(x):
        q = np.vstack([[0, 0], x.reshape(links, 2), [1, 0]])
        length = sqrt(np.sum(np.diff(q, axis=0) ** 2, axis=1) + 1e-9)
        return np.mean(q[1:-1, 1]) + stiff / 2 * (links + 1) * sum((length - 2 / (links + 1)) ** 2)

    return flat([[(i + 1) / (links + 1), 0] for i in range(links)]), f


@family
def minimal_surface(n=5):
    t = np.linspace(0, 1, n + 2)

    def f(x):
        s = np.zeros((n + 2, n + 2))
        s[:, 0] = s[:, -1] = -sin(pi * t)
        s[0, :] = s[-1, :] = sin(pi * t)
        s[1:-1, 1:-1] = x.reshape(n, n)
        area, h = 0, 1 / (n + 1)
        for i in range(n + 1):
            for j in range(n + 1):
                p = lambda a, b: np.array([(i + a) * h, (j + b) * h, s[i + a, j + b]])
                for corner, one, other in (((0, 0), (1, 0), (0, 1)), ((1, 1), (0, 1), (1, 0))):
                    area += norm(np.cross(p(*one) - p(*corner), p(*other) - p(*corner))) / 2
        return area

    return np.zeros(n * n), f


@family
def spin_glass(spins=12):
    J = normal("J", (spins, spins))
    f = lambda a: -sum(J[i, j] * cos(a[i] - a[j]) for i in range(spins) for j in range(i + 1, spins)) / spins**1.5
    return uniform("a", (spins,), -pi, pi), f


@family
def predator_prey(points=20, step=0.25):
    noise = normal("noise", (points, 2), 0, 0.05)

    def path(log_rate):
        a, b, c, d = exp(log_rate)
        field = lambda u: np.array([a * u[0] - b * u[0] * u[1], c * u[0] * u[1] - d * u[1]])
        u, out = np.array([1.5, 1]), []
        for _ in range(points):
            k1 = field(u)
            k2 = field(u + step / 2 * k1)
            k3 = field(u + step / 2 * k2)
            k4 = field(u + step * k3)
            u = u + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            out.append(u)
        return np.array(out)

    seen = path(np.array([0.1, -0.2, 0.2, -0.1])) + noise
    return np.zeros(4), lambda x: np.sum((path(x) - seen) ** 2) / points


# ---- networks ----


@family
def small_net(n=100, weight=5e-4):
    centre, mix, noise, code = normal("centre", (4, 2)), normal("mix", (4, 2, 2)), normal("noise", (n, 2)), integer("code", (), 1, 15)
    kind = np.arange(n) % 4
    label = (code >> kind) & 1
    X = centre[kind] + np.einsum("ijk,ik->ij", mix[kind], noise)

    def f(x):
        p = P(x)
        W, b, U, c = p(2, 2), p(2), p(2, 2), p(2)
        return cross_entropy(relu(X @ W.T + b) @ U.T + c, label) + weight / 2 * (np.sum(W**2) + np.sum(U**2))

    return flat(normal("W", (2, 2)), normal("b", (2,)), normal("U", (2, 2)), normal("c", (2,))), f


@family
def image_mlp(n=32, pixels=16, hidden=8, classes=4):
    label = np.arange(n) % classes
    X = normal("pattern", (classes, pixels))[label] + normal("noise", (n, pixels))

    def f(x):
        p = P(x)
        W, b, V, c = p(hidden, pixels), p(hidden), p(classes, hidden), p(classes)
        return cross_entropy(relu(X @ W.T + b) @ V.T + c, label)

    start = flat(normal("W", (hidden, pixels), 0, pixels**-0.5), np.zeros(hidden), normal("V", (classes, hidden), 0, hidden**-0.5))
    return flat(start, np.zeros(classes)), f


@family
def convolution_net(n=16, size=8, filters=2):
    image, row = normal("noise", (n, size, size), 0, 0.3), integer("row", (n,), 0, size)
    for i in range(n):
        if i % 2 == 0:
            image[i, row[i], :] += 1
        else:
            image[i, :, row[i]] += 1

    def f(x):
        p = P(x)
        K, b, V, c = p(filters, 3, 3), p(filters), p(2, filters), p(2)
        padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        a = relu(np.einsum("iyxpq,fpq->ifyx", windows, K) + b[:, None, None])
        pooled = a.reshape(n, filters, size // 2, 2, size // 2, 2).max(axis=(3, 5)).mean(axis=(2, 3))
        return cross_entropy(pooled @ V.T + c, np.arange(n) % 2)

    return flat(normal("K", (filters, 3, 3), 0, 0.3), np.zeros(filters), normal("V", (2, filters)), np.zeros(2)), f


@family
def autoencoder(n=24, d=8, hidden=6, code=2):
    X = tanh(normal("place", (n, code)) @ normal("way", (d, code)).T)

    def f(x):
        p = P(x)
        A, B, C, D = p(hidden, d), p(code, hidden), p(hidden, code), p(d, hidden)
        return np.mean((tanh(tanh(X @ A.T) @ B.T @ C.T) @ D.T - X) ** 2)

    start = normal("A", (hidden, d), 0, d**-0.5), normal("B", (code, hidden), 0, hidden**-0.5)
    return flat(*start, normal("C", (hidden, code)), normal("D", (d, hidden), 0, hidden**-0.5)), f


@family
def deep_linear(d=4, layers=3):
    target = normal("target", (d, d))

    def f(x):
        return norm(np.linalg.multi_dot(list(x.reshape(layers, d, d)[::-1])) - target) ** 2 / 2

    return flat(normal("W", (layers, d, d), 0, d**-0.5)), f


@family
def character_gru(length=16, letters=5, hidden=6):
    noise, wild = integer("noise", (length + 1,), 0, letters), bernoulli("wild", (length + 1,), 0.1)
    text = [0]
    for t in range(1, length + 1):
        text.append(noise[t] if wild[t] else (2 * text[-1] + 1) % letters)

    def f(x):
        p = P(x)
        E, R, U, V = p(letters, hidden), p(3, hidden, hidden), p(3, hidden, hidden), p(letters, hidden)
        h, loss = np.zeros(hidden), 0
        for a, b in zip(text[:-1], text[1:]):
            z, r = (sigmoid(R[k] @ E[a] + U[k] @ h) for k in range(2))
            h = (1 - z) * h + z * tanh(R[2] @ E[a] + U[2] @ (r * h))
            y = V @ h
            loss -= log(exp(y[b]) / sum(exp(y)))
        return loss / length

    start = normal("E", (letters, hidden)), normal("R", (3, hidden, hidden), 0, 0.4)
    return flat(*start, normal("U", (3, hidden, hidden), 0, 0.4), normal("V", (letters, hidden), 0, 0.4)), f


@family
def tiny_transformer(length=8, letters=4, width=6):
    text = integer("text", (length + 1,), 0, letters)

    def f(x):
        p = P(x)
        E, place = p(letters, width), p(length, width)
        Q, K, V, A, B = p(width, width), p(width, width), p(width, width), p(2 * width, width), p(width, 2 * width)
        u = E[text[:-1]] + place
        n = (u - u.mean(axis=1, keepdims=True)) / sqrt(u.var(axis=1, keepdims=True) + 1e-5)
        s = (n @ Q.T) @ (n @ K.T).T / sqrt(width)
        a = exp(s) * np.tri(length)
        o = u + a / a.sum(axis=1, keepdims=True) @ (n @ V.T)
        h = o @ A.T
        w = o + (h * (1 + erf(h / sqrt(2))) / 2) @ B.T
        return cross_entropy(w @ E.T, text[1:])

    shapes = dict(E=(letters, width, 0.5), P=(length, width, 0.5), Q=(width, width, 0.4), K=(width, width, 0.4), V=(width, width, 0.4))
    shapes.update(A=(2 * width, width, 0.4), B=(width, 2 * width, 0.3))
    return flat(*(normal(name, (a, b), 0, sd) for name, (a, b, sd) in shapes.items())), f


@family
def word_vectors(words=8, d=2):
    count = loguniform("count", (words, words), 1, 200)

    def f(x):
        p = P(x)
        W, C, b, c = p(words, d), p(words, d), p(words), p(words)
        weight = np.where(count < 100, (count / 100) ** 0.75, 1)
        return np.mean(weight * (W @ C.T + b[:, None] + c - log(count)) ** 2)

    return flat(normal("W", (words, d), 0, 0.5), normal("C", (words, d), 0, 0.5), np.zeros(2 * words)), f


@family
def neural_ode(points=16, hidden=6):
    start = uniform("first", (2,), 0.5, 1.5)

    def euler(field):
        u, out = start, []
        for _ in range(points):
            u = u + 0.2 * field(u)
            out.append(u)
        return np.array(out)

    path = euler(lambda u: np.array([[-0.1, -1], [1, -0.1]]) @ u)

    def f(x):
        p = P(x)
        A, a, B = p(hidden, 2), p(hidden), p(2, hidden)
        return np.sum((euler(lambda u: B @ tanh(A @ u + a)) - path) ** 2) / points

    return flat(normal("A", (hidden, 2), 0, 0.7), np.zeros(hidden), normal("B", (2, hidden), 0, 0.3)), f


@family
def poisson_network(points=9, hidden=5):
    p = np.linspace(0, 1, points)

    def f(x):
        w, b, v = x.reshape(3, hidden)
        z = np.outer(p, w) + b
        bend = (-2 * w**2 * np.sinh(z) / np.cosh(z) ** 3) @ v  # the second derivative of tanh
        return np.mean((bend + sin(pi * p)) ** 2) + 10 * ((tanh(b) @ v) ** 2 + (tanh(w + b) @ v) ** 2)

    return flat(normal("w", (hidden,), 0, 2), normal("b", (hidden,)), normal("v", (hidden,), 0, 0.3)), f


# ---- the table ----

# Other sizes than by default.
# ---- matrices ----


@family
def gaussian_process(n=30):
    time = uniform("time", (n,))
    y = sin(6 * time) + normal("noise", (n,), 0, 0.2)

    def f(x):
        scale, height, sd = exp(x)
        K = height**2 * exp(-(np.subtract.outer(time, time) ** 2) / (2 * scale**2)) + sd**2 * np.eye(n)
        return (np.linalg.slogdet(2 * pi * K)[1] + y @ np.linalg.solve(K, y)) / 2 / n

    return np.array([-1.0, 0, -1]), f


@family
def kalman_filter(n=20, d=3, k=2):
    y, C, A0 = normal("y", (n, k)), normal("C", (k, d)), normal("A", (d, d), 0, 0.3)

    def f(x):
        """The density of all observations at once, by their covariance, and no filter."""
        A = x[: d * d].reshape(d, d)
        drift, sd = exp(x[d * d :])
        states = [np.eye(d)]
        for t in range(n - 1):
            states.append(A @ states[-1] @ A.T + drift**2 * np.eye(d))
        S = np.zeros((n * k, n * k))
        for s in range(n):
            across = states[s]
            for t in range(s, n):
                block = C @ across @ C.T + (sd**2 * np.eye(k) if s == t else 0)
                S[t * k : (t + 1) * k, s * k : (s + 1) * k] = block
                S[s * k : (s + 1) * k, t * k : (t + 1) * k] = block.T
                across = A @ across
        r = y.ravel()
        return (np.linalg.slogdet(2 * pi * S)[1] + r @ np.linalg.solve(S, r)) / 2 / n

    return flat(A0, 0, 0), f


@family
def optimal_design(more=9, d=3):
    n = d + more
    v = normal("v", (n, d))

    def f(x):
        w = exp(x) / sum(exp(x))
        return -np.linalg.slogdet(v.T @ np.diag(w) @ v)[1]

    return np.zeros(n), f


@family
def covariance_selection(n=30, d=4, weight=0.1):
    y = normal("z", (n, d)) @ (np.eye(d) + normal("mix", (d, d), 0, 0.5))
    S = y.T @ y / n

    def f(x):
        B = x.reshape(d, d)
        T = B @ B.T + 0.01 * np.eye(d)
        return np.trace(S @ T) - np.linalg.slogdet(T)[1] + weight * np.sum(sqrt(T**2 + 1e-4))

    return flat(np.eye(d)), f


# ---- made of another ----


class Base:
    """A family with its arguments, as one is given for a parameter; `repr` is how that is written."""

    def __init__(self, name, **arguments):
        self.name, self.arguments = name, arguments

    def __call__(self):
        return FAMILIES[self.name](**self.arguments)

    def __repr__(self):
        written = ", ".join("%s = %s" % (key, repr(value)) for key, value in self.arguments.items())
        return "%s(%s)" % (self.name, written)


def gram_schmidt(A):
    Q = np.array(A)
    for k in range(Q.shape[1]):
        for j in range(k):
            Q[:, k] -= (Q[:, j] @ Q[:, k]) * Q[:, j]
        Q[:, k] /= norm(Q[:, k])
    return Q


@family
def scaled(base=Base("rosenbrock"), spread=10):
    x, f = base()
    s = loguniform("s", x.shape, 1 / spread, spread)
    return x / s, lambda z: f(s * z)


@family
def rotated(base=Base("rosenbrock"), key="A"):
    x, f = base()
    Q = gram_schmidt(normal(key, (len(x), len(x))))
    return Q.T @ x, lambda z: f(Q @ z)


@family
def shifted(base=Base("rosenbrock"), sd=1):
    x, f = base()
    c = normal("c", x.shape, 0, sd)
    return x, lambda z: f(z - c)


@family
def log_transformed(base=Base("rosenbrock"), lowest=0, eps=1e-8):
    x, f = base()
    return x, lambda z: log(f(z) - lowest + eps)


@family
def regularized(base=Base("logistic"), decay=1e-2):
    x, f = base()
    return x, lambda z: f(z) + decay / 2 * z @ z


@family
def relative(base=Base("rosenbrock"), lowest=0):
    x, f = base()
    return x, lambda z: (f(z) - lowest) / (f(x) - lowest)


@family
def summed(first=Base("rosenbrock"), second=Base("quadratic")):
    (x, f), (y, g) = first(), second()
    return np.concatenate([x, y]), lambda z: f(z[: len(x)]) + g(z[len(x) :])


ALSO = {
    "scaled": dict(base=Base("small_net", n=9), spread=3),
    "rotated": dict(base=Base("quadratic", n=4)),
    "shifted": dict(base=Base("scaled", base=Base("logistic", n=7))),
    "log_transformed": dict(base=Base("summed"), lowest=-0.5, eps=1e-3),
    "relative": dict(base=Base("regularized", decay=0.1)),
    "rosenbrock": dict(n=7),
    "watson": dict(n=9),
    "rastrigin_family": dict(n=2),
    "penalty_exponentials": dict(n=7),
    "brown_almost_linear": dict(n=3),
    "michalewicz": dict(n=4, m=3),
    "levy": dict(n=5),
    "trid": dict(n=7),
    "broyden_banded": dict(n=20),
    "chebyquad": dict(n=9),
    "powell_singular": dict(blocks=3),
    "deep_linear": dict(d=3, layers=5),
    "lennard_jones": dict(atoms=9),
    "tiny_transformer": dict(length=5, letters=3, width=4),
    "image_mlp": dict(n=20, hidden=5, classes=3),
    "gaussian_mixture": dict(n=20, d=3, k=2),
    "chain_crf": dict(n=9, labels=2),
    "double_integrator": dict(horizon=7, limit=0.2),
    "convolution_net": dict(n=5, size=6, filters=3),
    "ridge_regression": dict(d=3, shared=0.5),
    "minimal_surface": dict(n=3),
    "gaussian_process": dict(n=9),
    "kalman_filter": dict(n=7, d=2, k=3),
    "optimal_design": dict(more=5, d=4),
    "covariance_selection": dict(d=2),
}


def main(made=FAMILIES, also=ALSO):
    for name, make in made.items():
        for arguments in [{}] + ([also[name]] if name in also else []):
            x, f = make(**arguments)
            k = np.arange(len(x))
            values = [f(x), f(x + 0.1 * sin(1.3 * k + 0.7)), f(x + 0.3 * cos(2.1 * k))]
            call = ", ".join("%s = %s" % (key, repr(value)) for key, value in arguments.items())
            print("%s(%s) | %s" % (name, call, " ".join("%.17g" % v for v in values)))


if __name__ == "__main__":
    main()
