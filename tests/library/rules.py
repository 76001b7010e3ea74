"""What the rules of the library do, written from the published algorithms in numpy, and nothing of Gradus.

    python3 tests/library/rules.py > tests/library/rules.table

A line of the table: a call of a rule, the objective (of test_std_rules.c), and x after 1, 2, 5 and 25 steps, or after as many as
stand behind the @: a search that has arrived decides by rounding. Steps count from 1. A rule here is a function of the starting
point and of the length of the run; it returns what makes a step from (x, f, g, t). Rules that treat tensors apart are marked, and so
are those that look at their axes, and those that read residuals, which go on an objective of their own; all others see one vector.
Learned numbers are
0.3 sin(1.7 k + 0.4) for number k.
"""
import numpy as np
from numpy import abs, clip, cos, cumsum, dot, exp, log, maximum, minimum, pi, sign, sqrt, tanh, where
from numpy.linalg import norm

AT = (1, 2, 5, 25)
LAST = {"backtracking": 12, "backtracking_warm": 12, "cg_wolfe": 9, "bfgs_wolfe": 9, "lbfgs_wolfe": 9}
LAST |= {"newton": 6, "newton_downhill": 7, "newton_cg": 9, "hessian_free": 12, "cubic_newton": 12}
LAST |= {"levenberg_marquardt": 9, "levenberg_marquardt_cg": 9}
RULES = {}  # name -> (function, per tensor)
ELSEWHERE = {}  # the same of rules that look at the objective: x -> f, g is their third argument


class S:
    """State."""

    def __init__(self, **values):
        self.__dict__.update(values)


def rule(function, apart=False):
    RULES[function.__name__] = (function, apart)
    return function


def per_tensor(function):
    return rule(function, True)


def elsewhere(function):
    ELSEWHERE[function.__name__] = function
    return rule(function)


BY_RESIDUALS = []


def by_residuals(function):
    BY_RESIDUALS.append(function.__name__)
    return elsewhere(function)


# ---- objectives ----


def bent(x):
    """Two tensors, of 3 and 2 numbers."""
    a = np.array([1.0, 2.0, 0.5, 1.5, 3.0])
    c = np.array([0.2, -0.4, 1.0, 0.6, -0.1])
    k = np.array([1.0, 2.0, -1.0, 1.0, -1.0])
    q = dot(k, x)
    f = sum(a * (x - c) ** 2) / 2 + 0.1 * sum(cos(3 * x)) + 0.05 * q**2 + 1
    return f, a * (x - c) - 0.3 * np.sin(3 * x) + 0.1 * q * k


def hessian_of_bent(x):
    k = np.array([1.0, 2.0, -1.0, 1.0, -1.0])
    return np.diag([1.0, 2.0, 0.5, 1.5, 3.0] - 0.9 * cos(3 * x)) + 0.1 * np.outer(k, k)


def valley(x):
    """One tensor of 4 numbers."""
    r = x[1:] - x[:-1] ** 2
    u = 1 + sum(2 * r**2 + (1 - x[:-1]) ** 2)
    g = np.zeros(4)
    g[1:] += 4 * r
    g[:-1] += -8 * r * x[:-1] - 2 * (1 - x[:-1])
    return log(u) + 0.05 * sum(x**2), g / u + 0.1 * x


def hessian_of_valley(x):
    u = exp(valley(x)[0] - 0.05 * sum(x**2))
    gu = u * (valley(x)[1] - 0.1 * x)
    H = np.zeros((4, 4))
    for i in range(3):
        H[i, i] += -8 * (x[i + 1] - x[i] ** 2) + 16 * x[i] ** 2 + 2
        H[i + 1, i + 1] += 4
        H[i, i + 1] = H[i + 1, i] = -8 * x[i]
    return H / u - np.outer(gu, gu) / u**2 + 0.1 * np.eye(4)


def residuals_of_fitted(x):
    """And their Jacobian."""
    p = 0.3 * np.arange(1.0, 8.0)
    y = np.array([1.2, 0.9, 0.5, 0.45, 0.2, -0.1, -0.35])
    e, w = exp(-x[1] * p), np.sin(x[3] * p)
    return x[0] * e + x[2] * w - y, np.column_stack([e, -x[0] * p * e, w, x[2] * p * cos(x[3] * p)])


def fitted(x):
    """Two tensors of two numbers, and the sum of squares of seven residuals."""
    r, J = residuals_of_fitted(x)
    return dot(r, r) / 2, J.T @ r


bent.hessian, valley.hessian, fitted.residuals = hessian_of_bent, hessian_of_valley, residuals_of_fitted

OBJECTIVES = {
    "bent": (bent, np.array([1.0, -2.0, 0.5, 0.3, -0.7]), [3, 2]),
    "valley": (valley, np.array([-0.5, 0.8, 1.2, -0.3]), [4]),
    "fitted": (fitted, np.array([1.0, 0.5, 0.6, 2.0]), [2, 2]),
    "tensors": (None, np.sin(np.arange(1.0, 51.0)), None),
}


# The tensors of a third objective, for rules that look at the axes of x: two of one shape are no neighbours.
SHAPES = [(4, 3), (3,), (2, 3, 2), (4, 3), (), (2, 5)]


def tensors(x):
    i = np.arange(len(x))
    a, c, k = 0.5 + i * 7 % 5 / 2, i * 3 % 7 / 5 - 0.5, i % 3 - 1.0
    q = dot(k, x)
    f = sum(a * (x - c) ** 2) / 2 + 0.1 * sum(cos(3 * x)) + 0.05 * q**2 + 1
    return f, a * (x - c) - 0.3 * np.sin(3 * x) + 0.1 * q * k


BY_AXES = []


def by_axes(function):
    BY_AXES.append(function.__name__)
    return rule(function, True)


def as_matrix(a):
    """Neighbouring axes merged, as near to a square as they allow."""
    splits = [(int(np.prod(a.shape[:k])), int(np.prod(a.shape[k:]))) for k in range(1, a.ndim)]
    return a.reshape(min(splits, key=max))


def together(function):
    """Sees all tensors at once, as lists."""
    function.together = True
    return by_axes(function)


# ---- what rules may do with axes: tests/library/axes.grad ----


@by_axes
def axes_in_branches(x0, T, lr=0.02):
    s = S(third=0 * x0, m=np.array(x0.T), h=np.ones(x0.shape + (2,)), v=0 * x0)
    adam = adam_of(x0, lr)

    def step(x, f, g, t):
        if x.ndim == 2:
            i, j = np.indices(x.shape)
            x = np.where((g > 0) & (i < j), x - lr, x - 2 * lr * g)
            x = x - 0.001 * np.where(i == j, g, s.third + 1) * np.sum(g**2)
            x[:, 0] *= 0.99
            x[0] -= 0.001 * g[0]
            x[0, 1:3] *= 0.5
            s.m = 0.5 * s.m + g.T
            x = x - 0.01 * s.m.T
        else:
            s.h = np.stack([g, s.h[..., 0]], axis=-1)
            x = np.where(g > 0, x - lr, x - 2 * lr * g * tanh(s.h[..., 1]))
        if x.size <= 8:
            return adam(x, g, t)
        s.v = 0.9 * s.v + g
        return x - lr * s.v

    return step


@together
def axes_together(x0, T, lr=0.02):
    m = [0.0 for x in x0]

    def step(x, f, g, t):
        most = max(b.ndim + norm(b) for b in g)
        seen = sum(np.sum(b) for b in g) / len(g) / most
        sizes = sum(b.size for b in g) / len(g)
        out = []
        for k, (a, b) in enumerate(zip(x, g)):
            if a.ndim >= 2:
                M = as_matrix(b)
                m[k] = 0.9 * m[k] + norm(M, axis=1)
                q = M / (1 + m[k])[:, None]
                out.append(a - lr * q.reshape(a.shape) * len(g) / 6 + 0.001 * seen)
            else:
                m[k] = 0.9 * m[k] + b
                out.append(a - lr / (1 + sizes) * m[k])
        return out

    return step


# ---- by the axes of tensors ----


@by_axes
def adafactor(x0, T, eps1=1e-30, eps2=1e-3, limit=1.0, power=0.8):
    rms = lambda a: sqrt(np.mean(a * a))
    s = S(v=0 * x0, row=0.0, col=0.0)

    def step(x, f, g, t):
        rho, beta = min(1e-2, 1 / sqrt(t)), 1 - t**-power
        alpha = max(eps2, rms(x)) * rho
        if x.ndim >= 2:
            q = as_matrix(g) ** 2 + eps1
            s.row = beta * s.row + (1 - beta) * q.sum(axis=1)
            s.col = beta * s.col + (1 - beta) * q.sum(axis=0)
            v = np.outer(s.row, s.col).reshape(x.shape) / s.row.sum()
        else:
            v = s.v = beta * s.v + (1 - beta) * (g**2 + eps1)
        u = g / sqrt(v)
        return x - alpha * u / max(1, rms(u) / limit)

    return step


def adam_of(x0, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    s = S(m=0 * x0, v=0 * x0)

    def step(x, g, t):
        s.m, s.v = beta1 * s.m + (1 - beta1) * g, beta2 * s.v + (1 - beta2) * g**2
        return x - lr * (s.m / (1 - beta1**t)) / (sqrt(s.v / (1 - beta2**t)) + eps)

    return step


@by_axes
def muon(x0, T, lr=0.02, beta=0.95, adam_lr=3e-4):
    s = S(m=0 * x0)
    other = adam_of(x0, adam_lr)

    def step(x, f, g, t):
        if x.ndim < 2:
            return other(x, g, t)
        s.m = beta * s.m + g
        M = as_matrix(g + beta * s.m)
        # The iteration works on singular values alone.
        U, sigma, V = np.linalg.svd(M / (norm(M) + 1e-7), full_matrices=False)
        for k in range(5):
            sigma = 3.4445 * sigma - 4.775 * sigma**3 + 2.0315 * sigma**5
        O = (U * sigma) @ V
        return x - lr * max(1, O.shape[0] / O.shape[1]) ** 0.5 * O.reshape(x.shape)

    return step


@by_axes
def shampoo(x0, T, lr=0.1, eps=1e-4):
    s = S(L=None, R=None, v=0 * x0)

    def root(A):
        w, V = np.linalg.eigh(A)
        return (V * w**-0.25) @ V.T

    def step(x, f, g, t):
        if x.ndim < 2:
            s.v = s.v + g**2
            return x - lr * g / (sqrt(s.v) + eps)
        G = as_matrix(g)
        if s.L is None:
            s.L, s.R = eps * np.eye(G.shape[0]), eps * np.eye(G.shape[1])
        s.L, s.R = s.L + G @ G.T, s.R + G.T @ G
        return x - lr * (root(s.L) @ G @ root(s.R)).reshape(x.shape)

    return step


@by_axes
def soap(x0, T, lr=3e-3, beta1=0.95, beta2=0.95, eps=1e-8, every=10):
    s = S(L=None)
    other = adam_of(x0, lr, beta1, beta2)

    def columns(A):
        Q, R = np.linalg.qr(A)
        return Q * sign(np.diag(R))

    def step(x, f, g, t):
        if x.ndim < 2:
            return other(x, g, t)
        G = as_matrix(g)
        if s.L is None:
            m, n = G.shape
            s.L, s.R, s.P, s.Q = np.zeros((m, m)), np.zeros((n, n)), np.eye(m), np.eye(n)
            s.M, s.V = 0 * G, 0 * G
        s.M = beta1 * s.M + (1 - beta1) * G
        s.V = beta2 * s.V + (1 - beta2) * (s.P.T @ G @ s.Q) ** 2
        N = (s.P.T @ s.M @ s.Q) / (1 - beta1**t) / (sqrt(s.V / (1 - beta2**t)) + eps)
        move = s.P @ N @ s.Q.T
        s.L, s.R = beta2 * s.L + (1 - beta2) * G @ G.T, beta2 * s.R + (1 - beta2) * G.T @ G
        if t % every == 0:
            s.P, s.Q = columns(s.L @ s.P), columns(s.R @ s.Q)
        return x - lr * move.reshape(x.shape)

    return step


# ---- descent and momentum ----


@rule
def gradient_descent(x0, T, lr=0.1):
    return lambda x, f, g, t: x - lr * g


@rule
def momentum(x0, T, lr=0.1, beta=0.9):
    s = S(old=x0)  # Polyak's form: x' = x - lr g + beta (x - x_old)

    def step(x, f, g, t):
        new = x - lr * g + beta * (x - s.old)
        s.old = x
        return new

    return step


@rule
def nesterov(x0, T, lr=0.1, beta=0.9):
    s = S(v=0 * x0)  # theta = x - beta v; theta' = theta + v', v' = beta v - lr g(theta + beta v)

    def step(x, f, g, t):
        theta = x - beta * s.v
        s.v = beta * s.v - lr * g
        return theta + s.v + beta * s.v

    return step


@rule
def nesterov_convex(x0, T, lr=0.1):
    s = S(point=x0, a=1.0)

    def step(y, f, g, t):
        new = y - lr * g
        a_next = (1 + sqrt(4 * s.a**2 + 1)) / 2
        y_next = new + (s.a - 1) * (new - s.point) / a_next
        s.point, s.a = new, a_next
        return y_next

    return step


@rule
def nesterov_restarted(x0, T, lr=0.1):
    s = S(point=x0, theta=1.0)  # theta = 1 / a of nesterov_convex

    def step(y, f, g, t):
        new = y - lr * g
        theta = 1.0 if dot(g, new - s.point) > 0 else s.theta
        # theta'^2 = (1 - theta') theta^2
        after = (-(theta**2) + sqrt(theta**4 + 4 * theta**2)) / 2
        beta = theta * (1 - theta) / (theta**2 + after)
        y_next = new + beta * (new - s.point)
        s.point, s.theta = new, after
        return y_next

    return step


@rule
def triple_momentum(x0, T, high=10.0, low=0.1):
    rho = 1 - 1 / sqrt(high / low)
    alpha, beta = (1 + rho) / high, rho**2 / (2 - rho)
    gamma = rho**2 / ((1 + rho) * (2 - rho))
    s = S(z=x0, old=x0)

    def step(y, f, g, t):
        s.z, s.old = (1 + beta) * s.z - beta * s.old - alpha * g, s.z
        return (1 + gamma) * s.z - gamma * s.old

    return step


@rule
def quasi_hyperbolic(x0, T, lr=1.0, nu=0.7, beta=0.999):
    s = S(g=0 * x0)

    def step(x, f, g, t):
        s.g = beta * s.g + (1 - beta) * g
        return x - lr * ((1 - nu) * g + nu * s.g)

    return step


@rule
def aggregated_momentum(x0, T, lr=0.1):
    damping = [1 - 0.1**k for k in range(3)]
    s = S(v=[0 * x0] * 3)

    def step(x, f, g, t):
        s.v = [d * v - g for d, v in zip(damping, s.v)]
        return x + lr / 3 * sum(s.v)

    return step


@rule
def demon(x0, T, lr=0.1, beta=0.9):
    s = S(v=0 * x0)

    def step(x, f, g, t):
        rest = 1 - t / T
        b = beta * rest / ((1 - beta) + beta * rest)
        s.v = b * s.v - lr * g
        return x + s.v

    return step


@rule
def sign_descent(x0, T, lr=1e-2):
    return lambda x, f, g, t: x - lr * sign(g)


@rule
def signum(x0, T, lr=1e-2, beta=0.9):
    s = S(m=0 * x0)

    def step(x, f, g, t):
        s.m = (1 - beta) * g + beta * s.m
        return x - lr * sign(s.m)

    return step


@rule
def normalized_descent(x0, T, lr=0.1):
    return lambda x, f, g, t: x - lr * g / norm(g)


@rule
def power_sign(x0, T, lr=0.1, beta=0.9):
    s = S(m=0 * x0)

    def step(x, f, g, t):
        s.m = beta * s.m + (1 - beta) * g
        return x - lr * np.e ** (sign(g) * sign(s.m)) * g

    return step


@rule
def add_sign(x0, T, lr=0.1, beta=0.9):
    s = S(m=0 * x0)

    def step(x, f, g, t):
        s.m = beta * s.m + (1 - beta) * g
        return x - lr * (1 + sign(g) * sign(s.m)) * g

    return step


@rule
def lion(x0, T, lr=1e-3, beta1=0.9, beta2=0.99, decay=0.0):
    s = S(m=0 * x0)

    def step(x, f, g, t):
        c = beta1 * s.m + (1 - beta1) * g
        new = x - lr * (sign(c) + decay * x)
        s.m = beta2 * s.m + (1 - beta2) * g
        return new

    return step


@per_tensor
def lars(w0, T, lr=1.0, trust=0.001, beta=0.9, decay=5e-4):
    s = S(v=0 * w0)

    def step(w, f, g, t):
        local = trust * norm(w) / (norm(g) + decay * norm(w))
        s.v = beta * s.v + lr * local * (g + decay * w)
        return w - s.v

    return step


@per_tensor
def fromage(w0, T, lr=0.01):
    return lambda w, f, g, t: 1 / sqrt(1 + lr**2) * (w - lr * norm(w) / norm(g) * g)


def rprops(x0, first, up, down, high, low, kind):
    """Igel, Huesken 2003, one weight after the other, as in their pseudocode."""
    n = len(x0)
    s = S(delta=np.full(n, first), g=np.zeros(n), move=np.zeros(n), f=None)

    def step(x, f, g, t):
        x, g = x.copy(), g.copy()
        for i in range(n):
            if s.g[i] * g[i] > 0:
                s.delta[i] = min(s.delta[i] * up, high)
                s.move[i] = -sign(g[i]) * s.delta[i]
                x[i] += s.move[i]
            elif s.g[i] * g[i] < 0:
                s.delta[i] = max(s.delta[i] * down, low)
                if kind == "rprop" or (kind == "irprop+" and f > s.f):
                    x[i] -= s.move[i]
                    s.move[i] = -s.move[i]
                else:
                    s.move[i] = 0
                g[i] = 0
            else:
                s.move[i] = -sign(g[i]) * s.delta[i]
                x[i] += s.move[i]
        s.g, s.f = g, f
        return x

    return step


@rule
def rprop(x0, T, first=0.1, up=1.2, down=0.5, high=50.0, low=1e-6):
    return rprops(x0, first, up, down, high, low, "rprop")


@rule
def irprop_minus(x0, T, first=0.0125, up=1.2, down=0.5, high=50.0, low=0.0):
    return rprops(x0, first, up, down, high, low, "irprop-")


@rule
def irprop_plus(x0, T, first=0.0125, up=1.2, down=0.5, high=50.0, low=0.0):
    return rprops(x0, first, up, down, high, low, "irprop+")


# ---- a rate per coordinate ----


@rule
def adagrad(x0, T, lr=0.1, eps=1e-10):
    seen = []

    def step(x, f, g, t):
        seen.append(g)
        return x - lr * g / (sqrt(sum(h * h for h in seen)) + eps)

    return step


@rule
def adadelta(x0, T, lr=1.0, rho=0.95, eps=1e-6):
    s = S(g2=0 * x0, d2=0 * x0)

    def step(x, f, g, t):
        s.g2 = rho * s.g2 + (1 - rho) * g**2
        d = -sqrt(s.d2 + eps) / sqrt(s.g2 + eps) * g
        s.d2 = rho * s.d2 + (1 - rho) * d**2
        return x + lr * d

    return step


@rule
def rmsprop(x0, T, lr=1e-2, beta=0.99, eps=1e-8):
    s = S(ms=0 * x0)

    def step(x, f, g, t):
        s.ms = beta * s.ms + (1 - beta) * g**2
        return x - lr * g / (sqrt(s.ms) + eps)

    return step


@rule
def rmsprop_centred(x0, T, lr=1e-4, beta=0.95, momentum=0.9, eps=1e-4):
    s = S(n=0 * x0, g=0 * x0, d=0 * x0)

    def step(x, f, g, t):
        s.n = beta * s.n + (1 - beta) * g**2
        s.g = beta * s.g + (1 - beta) * g
        s.d = momentum * s.d - lr * g / sqrt(s.n - s.g**2 + eps)
        return x + s.d

    return step


class Moments:
    """Sums over all gradients so far, weighted as exponential averages are."""

    def __init__(self):
        self.seen = []

    def average(self, beta, power=1):
        n = len(self.seen)
        return sum((1 - beta) * beta ** (n - 1 - k) * g**power for k, g in enumerate(self.seen))


@rule
def adam(x0, T, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    s = Moments()

    def step(x, f, g, t):
        s.seen.append(g)
        m, v = s.average(beta1) / (1 - beta1**t), s.average(beta2, 2) / (1 - beta2**t)
        return x - lr * m / (sqrt(v) + eps)

    return step


@rule
def adamax(x0, T, lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    s = Moments()

    def step(x, f, g, t):
        s.seen.append(g)
        u = np.max([beta2 ** (t - 1 - k) * abs(h) for k, h in enumerate(s.seen)], axis=0)
        return x - lr / (1 - beta1**t) * s.average(beta1) / (u + eps)

    return step


@rule
def adamw(x0, T, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, decay=1e-2):
    inner = adam(x0, T, lr, beta1, beta2, eps)
    return lambda x, f, g, t: inner(x, f, g, t) - lr * decay * x


@rule
def nadam(x0, T, lr=2e-3, beta1=0.975, beta2=0.999, eps=1e-8):
    s = S(m=0 * x0, n=0 * x0)
    mu = [None] + [beta1 * (1 - 0.5 * 0.96 ** (i / 250)) for i in range(1, T + 2)]

    def step(x, f, g, t):
        s.m = mu[t] * s.m + (1 - mu[t]) * g
        s.n = beta2 * s.n + (1 - beta2) * g**2
        m = mu[t + 1] * s.m / (1 - np.prod(mu[1 : t + 2])) + (1 - mu[t]) * g / (1 - np.prod(mu[1 : t + 1]))
        return x - lr * m / (sqrt(s.n / (1 - beta2**t)) + eps)

    return step


@rule
def amsgrad(x0, T, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    s, highs = Moments(), []

    def step(x, f, g, t):
        s.seen.append(g)
        highs.append(s.average(beta2, 2))
        return x - lr * s.average(beta1) / (sqrt(np.max(highs, axis=0)) + eps)

    return step


@rule
def radam(x0, T, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    s = Moments()
    limit = 2 / (1 - beta2) - 1

    def step(x, f, g, t):
        s.seen.append(g)
        m = s.average(beta1) / (1 - beta1**t)
        rho = limit - 2 * t * beta2**t / (1 - beta2**t)
        if rho <= 4:
            return x - lr * m
        r = sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
        return x - lr * r * m / (sqrt(s.average(beta2, 2) / (1 - beta2**t)) + eps)

    return step


@rule
def adabelief(x0, T, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    s = S(m=0 * x0, s=0 * x0)

    def step(x, f, g, t):
        s.m = beta1 * s.m + (1 - beta1) * g
        s.s = beta2 * s.s + (1 - beta2) * (g - s.m) ** 2 + eps
        return x - lr * s.m / (1 - beta1**t) / (sqrt(s.s / (1 - beta2**t)) + eps)

    return step


@rule
def adabound(x0, T, lr=1e-3, final=0.1, beta1=0.9, beta2=0.999):
    s = Moments()

    def step(x, f, g, t):
        s.seen.append(g)
        low = final * (1 - 1 / ((1 - beta2) * t + 1))
        high = final * (1 + 1 / ((1 - beta2) * t))
        rate = clip(lr / sqrt(s.average(beta2, 2)), low, high)
        return x - rate / sqrt(t) * s.average(beta1)

    return step


@rule
def yogi(x0, T, lr=1e-2, beta1=0.9, beta2=0.999, eps=1e-3):
    s = S(m=0 * x0, v=0 * x0)

    def step(x, f, g, t):
        s.m = beta1 * s.m + (1 - beta1) * g
        s.v = s.v - (1 - beta2) * sign(s.v - g**2) * g**2
        return x - lr * s.m / (sqrt(s.v) + eps)

    return step


@rule
def padam(x0, T, lr=0.1, p=0.125, beta1=0.9, beta2=0.999):
    s, highs = Moments(), []

    def step(x, f, g, t):
        s.seen.append(g)
        highs.append(s.average(beta2, 2))
        return x - lr * s.average(beta1) / np.max(highs, axis=0) ** p

    return step


@rule
def diffgrad(x0, T, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    s, old = Moments(), S(g=0 * x0)

    def step(x, f, g, t):
        s.seen.append(g)
        friction = 1 / (1 + exp(-abs(old.g - g)))
        old.g = g
        return x - lr * friction * s.average(beta1) / (1 - beta1**t) / (sqrt(s.average(beta2, 2) / (1 - beta2**t)) + eps)

    return step


@rule
def qhadam(x0, T, lr=1e-3, nu1=0.7, nu2=1.0, beta1=0.995, beta2=0.999, eps=1e-8):
    s = Moments()

    def step(x, f, g, t):
        s.seen.append(g)
        m, v = s.average(beta1) / (1 - beta1**t), s.average(beta2, 2) / (1 - beta2**t)
        return x - lr * ((1 - nu1) * g + nu1 * m) / (sqrt((1 - nu2) * g**2 + nu2 * v) + eps)

    return step


@rule
def adan(x0, T, lr=1e-3, beta1=0.02, beta2=0.08, beta3=0.01, eps=1e-8, decay=0.02):
    s = S(m=None, v=0 * x0, n=None, g=None)

    def step(x, f, g, t):
        if s.m is None:
            s.m, s.n = g, g**2
        else:
            d = g - s.g
            s.m = (1 - beta1) * s.m + beta1 * g
            s.v = (1 - beta2) * s.v + beta2 * d
            s.n = (1 - beta3) * s.n + beta3 * (g + (1 - beta2) * d) ** 2
        s.g = g
        eta = lr / (sqrt(s.n) + eps)
        return (x - eta * (s.m + (1 - beta2) * s.v)) / (1 + decay * lr)

    return step


@per_tensor
def lamb(x0, T, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-6, decay=0.01):
    s = Moments()

    def step(x, f, g, t):
        s.seen.append(g)
        r = s.average(beta1) / (1 - beta1**t) / (sqrt(s.average(beta2, 2) / (1 - beta2**t)) + eps)
        u = r + decay * x
        return x - lr * norm(x) / norm(u) * u

    return step


@per_tensor
def novograd(w0, T, lr=0.01, beta1=0.95, beta2=0.98, eps=1e-8, decay=1e-3):
    s = S(v=None, m=None)

    def step(w, f, g, t):
        s.v = dot(g, g) if s.v is None else beta2 * s.v + (1 - beta2) * dot(g, g)
        u = g / (sqrt(s.v) + eps) + decay * w
        s.m = u if s.m is None else beta1 * s.m + u
        return w - lr * s.m

    return step


@per_tensor
def adam_mini(x0, T, lr=1e-3, beta1=0.9, beta2=0.95, eps=1e-8):
    s = S(m=0 * x0, v=0.0)

    def step(x, f, g, t):
        s.m = (1 - beta1) * g + beta1 * s.m
        s.v = (1 - beta2) * np.mean(g * g) + beta2 * s.v
        return x - lr * s.m / (1 - beta1**t) / (sqrt(s.v / (1 - beta2**t)) + eps)

    return step


@rule
def ademamix(x0, T, lr=1e-3, beta1=0.9, beta2=0.999, beta3=0.9999, alpha=5.0, eps=1e-8, decay=0.0):
    s = S(m1=0 * x0, m2=0 * x0, nu=0 * x0)

    def step(x, f, g, t):
        a = min(t * alpha / T, alpha)
        b3 = min(exp(log(beta1) * log(beta3) / ((1 - t / T) * log(beta3) + t / T * log(beta1))), beta3)
        s.m1 = beta1 * s.m1 + (1 - beta1) * g
        s.m2 = b3 * s.m2 + (1 - b3) * g
        s.nu = beta2 * s.nu + (1 - beta2) * g**2
        return x - lr * ((s.m1 / (1 - beta1**t) + a * s.m2) / (sqrt(s.nu / (1 - beta2**t)) + eps) + decay * x)

    return step


@rule
def adopt(x0, T, lr=1e-3, beta1=0.9, beta2=0.9999, eps=1e-6):
    s = S(m=0 * x0, v=None)

    def step(x, f, g, t):
        if s.v is None:
            s.v = g**2
            return x
        c = (t - 1) ** 0.25
        s.m = beta1 * s.m + (1 - beta1) * clip(g / maximum(sqrt(s.v), eps), -c, c)
        s.v = beta2 * s.v + (1 - beta2) * g**2
        return x - lr * s.m

    return step


@rule
def schedule_free_adamw(x0, T, lr=2.5e-3, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.0, warmup=0):
    s = S(z=x0, x=x0, v=0 * x0, rates=[])

    def step(y, f, g, t):
        s.v = beta2 * s.v + (1 - beta2) * g**2
        rate = lr * sqrt(1 - beta2**t) * (min(1, t / warmup) if warmup else 1)
        s.rates.append(rate)
        s.z = s.z - rate * g / (sqrt(s.v) + eps) - rate * decay * y
        c = rate**2 / sum(r * r for r in s.rates)
        s.x = (1 - c) * s.x + c * s.z
        return s.x if t == T else (1 - beta1) * s.z + beta1 * s.x

    return step


@rule
def schedule_free_descent(x0, T, lr=0.1, beta=0.9):
    zs = [x0]  # x is the plain average of all z so far

    def step(y, f, g, t):
        zs.append(zs[-1] - lr * g)
        x = sum(zs) / len(zs)
        return x if t == T else (1 - beta) * zs[-1] + beta * x

    return step


# ---- no rate to choose ----


@rule
def polyak_step(x0, T, lowest=0.0):
    return lambda x, f, g, t: x - (f - lowest) / dot(g, g) * g


@rule
def polyak_step_limited(x0, T, lowest=0.0, c=0.5, limit=1.0):
    return lambda x, f, g, t: x - min((f - lowest) / (c * dot(g, g)), limit) * g


def l4(x0, share, gamma, tau, direction):
    s = S(low=None)

    def step(x, f, g, t):
        slope, v = direction(g, t)
        s.low = 0.75 * f if s.low is None else min(s.low, f)
        rate = share * (f - gamma * s.low) / (dot(slope, v) + 1e-12)
        s.low *= 1 + 1 / tau
        return x - rate * v

    return step


@rule
def l4_momentum(x0, T, share=0.15, gamma=0.9, tau=1000.0, tau_m=10.0):
    s = Moments()

    def direction(g, t):
        s.seen.append(g)
        m = s.average(1 - 1 / tau_m) / (1 - (1 - 1 / tau_m) ** t)
        return m, m

    return l4(x0, share, gamma, tau, direction)


@rule
def l4_adam(x0, T, share=0.15, gamma=0.9, tau=1000.0, tau_m=10.0, tau_v=1000.0, delta=1e-4):
    s = Moments()

    def direction(g, t):
        s.seen.append(g)
        m = s.average(1 - 1 / tau_m) / (1 - (1 - 1 / tau_m) ** t)
        return m, m / (sqrt(s.average(1 - 1 / tau_v, 2) / (1 - (1 - 1 / tau_v) ** t)) + delta)

    return l4(x0, share, gamma, tau, direction)


def barzilai_borwein(x0, lr, rate):
    s = S(x=None, g=None)

    def step(x, f, g, t):
        alpha = lr
        if s.x is not None:
            dx, dg = x - s.x, g - s.g
            if dot(dx, dg) > 0:
                alpha = rate(dx, dg)
        s.x, s.g = x, g
        return x - alpha * g

    return step


@rule
def barzilai_borwein_long(x0, T, lr=0.01):
    return barzilai_borwein(x0, lr, lambda dx, dg: dot(dx, dx) / dot(dx, dg))


@rule
def barzilai_borwein_short(x0, T, lr=0.01):
    return barzilai_borwein(x0, lr, lambda dx, dg: dot(dx, dg) / dot(dg, dg))


@rule
def adaptive_descent(x0, T, lr=1e-3):
    s = S(x=None, g=None, rate=lr, theta=np.inf)

    def step(x, f, g, t):
        if s.x is not None:
            rate = min(sqrt(1 + s.theta) * s.rate, norm(x - s.x) / (2 * norm(g - s.g)))
            s.theta, s.rate = rate / s.rate, rate
        s.x, s.g = x, g
        return x - s.rate * g

    return step


@rule
def hypergradient_descent(x0, T, lr=0.01, b=1e-4):
    gs, rates = [], [lr]

    def step(x, f, g, t):
        if gs:
            rates.append(rates[-1] + b * dot(g, gs[-1]))
        gs.append(g)
        return x - rates[-1] * g

    return step


@rule
def hypergradient_adam(x0, T, lr=1e-3, b=1e-7, beta1=0.9, beta2=0.999, eps=1e-8):
    s, state = Moments(), S(rate=lr, slope=None)

    def step(x, f, g, t):
        s.seen.append(g)
        if state.slope is not None:  # the derivative of the last step by its rate is -m / (sqrt(v) + eps)
            state.rate -= b * dot(g, state.slope)
        direction = s.average(beta1) / (1 - beta1**t) / (sqrt(s.average(beta2, 2) / (1 - beta2**t)) + eps)
        state.slope = -direction
        return x - state.rate * direction

    return step


@rule
def d_adaptation(x0, T, d0=1e-6):
    s = S(s=0 * x0, squares=[], d=d0, paid=0.0)

    def step(x, f, g, t):
        gamma = 1 / norm(g) if not s.squares else 1 / sqrt(sum(s.squares))
        s.paid += gamma * s.d**2 * dot(g, g)
        s.squares.append(dot(g, g))
        s.s = s.s + s.d * g
        gamma = 1 / sqrt(sum(s.squares))
        estimate = (gamma * dot(s.s, s.s) - s.paid) / (2 * norm(s.s))
        s.d = max(s.d, estimate)
        return x0 - gamma * s.s

    return step


@rule
def d_adaptation_adam(x0, T, lr=1.0, d0=1e-6, beta1=0.9, beta2=0.999, eps=1e-8):
    s = S(m=0 * x0, v=0 * x0, s=0 * x0, r=0.0, d=d0)
    root = beta2**0.5

    def step(x, f, g, t):
        s.m = beta1 * s.m + (1 - beta1) * s.d * lr * g
        s.v = beta2 * s.v + (1 - beta2) * g**2
        A = np.diag(sqrt(s.v) + eps)
        inverse = np.linalg.inv(A)
        s.r = root * s.r + (1 - root) * s.d * lr * (g @ inverse @ s.s)
        s.s = root * s.s + (1 - root) * s.d * lr * g
        new = x - inverse @ s.m
        s.d = max(s.d, s.r / ((1 - root) * norm(s.s, 1)))
        return new

    return step


@rule
def prodigy(x0, T, lr=1.0, d0=1e-6, beta1=0.9, beta2=0.999, eps=1e-8):
    s = S(m=0 * x0, v=0 * x0, s=0 * x0, r=0.0, d=d0)
    root = sqrt(beta2)

    def step(x, f, g, t):
        d = s.d
        s.m = beta1 * s.m + (1 - beta1) * d * g
        s.v = beta2 * s.v + (1 - beta2) * d**2 * g**2
        s.r = root * s.r + (1 - root) * lr * d**2 * dot(g, x0 - x)
        s.s = root * s.s + (1 - root) * lr * d**2 * g
        s.d = max(d, s.r / sum(abs(s.s)))
        return x - lr * d * s.m / (sqrt(s.v) + d * eps)

    return step


@rule
def distance_over_gradients(x0, T, first=1e-6, eps=1e-8):
    far, squares = [first * (1 + norm(x0))], []

    def step(x, f, g, t):
        far.append(norm(x - x0))
        squares.append(dot(g, g))
        return x - max(far) / sqrt(sum(squares) + eps) * g

    return step


@rule
def distance_weighted(x0, T, first=1e-4, eps=1e-8):
    s = S(r=first, v=0.0)

    def step(x, f, g, t):
        s.r = max(s.r, norm(x - x0))
        s.v += s.r**2 * norm(g) ** 2
        return x - s.r**2 / (sqrt(s.v) + eps) * g

    return step


@rule
def cocob(x0, T, alpha=100.0, eps=1e-8):
    s = S(L=np.full(len(x0), eps), G=0 * x0, reward=0 * x0, theta=0 * x0)

    def step(w, f, gradient, t):
        g = -gradient
        s.L = maximum(s.L, abs(g))
        s.G = s.G + abs(g)
        s.reward = maximum(s.reward + (w - x0) * g, 0)
        s.theta = s.theta + g
        return x0 + s.theta / (s.L * maximum(s.G + s.L, alpha * s.L)) * (s.L + s.reward)

    return step


# ---- by curvature ----


def conjugate(x0, lr, beta_of):
    s = S(d=None, g=None)

    def step(x, f, g, t):
        s.d = -g if s.d is None else -g + beta_of(g, s.g, s.d) * s.d
        s.g = g
        return x + lr * s.d

    return step


@rule
def cg_fletcher_reeves(x0, T, lr=0.01):
    return conjugate(x0, lr, lambda g, old, d: dot(g, g) / dot(old, old))


@rule
def cg_polak_ribiere(x0, T, lr=0.01):
    return conjugate(x0, lr, lambda g, old, d: max(0, dot(g, g - old) / dot(old, old)))


@rule
def conjugate_gradient(x0, T, lr=0.01):
    return conjugate(x0, lr, lambda g, old, d: max(0, dot(g, g - old) / dot(old, old)))


@rule
def cg_hestenes_stiefel(x0, T, lr=0.01):
    return conjugate(x0, lr, lambda g, old, d: max(0, dot(g, g - old) / dot(d, g - old)) if dot(d, g - old) > 0 else 0)


@rule
def cg_dai_yuan(x0, T, lr=0.01):
    return conjugate(x0, lr, lambda g, old, d: dot(g, g) / dot(d, g - old) if dot(d, g - old) > 0 else 0)


@rule
def lbfgs(x0, T, lr=0.1, memory=5):
    """The matrix itself instead of two loops: equation 7.19 of Nocedal, Wright 2006."""
    pairs, s = [], S(x=None, g=None)

    def step(x, f, g, t):
        if s.x is not None:
            dx, dg = x - s.x, g - s.g
            if dot(dx, dg) > 1e-10 * dot(dg, dg):
                pairs.append((dx, dg))
                del pairs[:-memory]
        s.x, s.g = x, g
        one = np.eye(len(x))
        H = one * (dot(*pairs[-1]) / dot(pairs[-1][1], pairs[-1][1]) if pairs else 1)
        for dx, dg in pairs:
            V = one - np.outer(dg, dx) / dot(dx, dg)
            H = V.T @ H @ V + np.outer(dx, dx) / dot(dx, dg)
        return x - lr * H @ g

    return step


def quasi_newton(x0, lr, update):
    s = S(H=np.eye(len(x0)), x=None, g=None)

    def step(x, f, g, t):
        if s.x is not None:
            s.H = update(s.H, x - s.x, g - s.g)
        s.x, s.g = x, g
        return x - lr * s.H @ g

    return step


@rule
def bfgs(x0, T, lr=0.1):
    def update(H, dx, dg):
        if dot(dx, dg) <= 0:
            return H
        V = np.eye(len(dx)) - np.outer(dx, dg) / dot(dx, dg)
        return V @ H @ V.T + np.outer(dx, dx) / dot(dx, dg)

    return quasi_newton(x0, lr, update)


@rule
def dfp(x0, T, lr=0.1):
    def update(H, dx, dg):
        if dot(dx, dg) <= 0 or dg @ H @ dg <= 0:
            return H
        return H - np.outer(H @ dg, H @ dg) / (dg @ H @ dg) + np.outer(dx, dx) / dot(dx, dg)

    return quasi_newton(x0, lr, update)


@rule
def natural_gradient(x0, T, lr=0.01, beta=0.95, damping=1.0):
    s = S(F=damping * np.eye(len(x0)))

    def step(x, f, g, t):
        s.F = beta * s.F + (1 - beta) * np.outer(g, g)
        return x - lr * np.linalg.solve(s.F, g)

    return step


@rule
def online_newton(x0, T, lr=0.1, eps=1.0):
    s = S(A=eps * np.eye(len(x0)))

    def step(x, f, g, t):
        s.A = s.A + np.outer(g, g)
        return x - lr * np.linalg.inv(s.A) @ g

    return step


# ---- schedules: a share of every move ----


def scheduled(base, share):
    def step(x, f, g, t):
        return x + share(t) * (base(x, f, g, t) - x)

    return step


@rule
def warm_up(x0, T, steps=10, base=None):
    return scheduled(base or adam(x0, T), lambda t: min(1, t / steps))


@rule
def cosine(x0, T, low=0.0, base=None):
    return scheduled(base or adam(x0, T), lambda t: low + (1 - low) / 2 * (1 + cos(pi * (t - 1) / T)))


@rule
def warm_restarts(x0, T, period=10, growth=2, low=0.0, base=None):
    shares = []
    length = period
    while len(shares) < T:
        shares += [low + (1 - low) / 2 * (1 + cos(pi * k / length)) for k in range(length)]
        length *= growth
    return scheduled(base or momentum_of(x0), lambda t: shares[t - 1])


def momentum_of(x0, lr=0.1, beta=0.9):
    """The velocity form, which does not look at where x came from."""
    s = S(v=0 * x0)

    def step(x, f, g, t):
        s.v = beta * s.v + g
        return x - lr * s.v

    return step


@rule
def warm_up_cosine(x0, T, steps=10, low=0.0, base=None):
    def share(t):
        return t / steps if t < steps else low + (1 - low) / 2 * (1 + cos(pi * (t - steps) / (T - steps)))

    return scheduled(base or adamw(x0, T), share)


@rule
def warm_up_stable_decay(x0, T, steps=10, share=0.2, base=None):
    begin = T - share * T

    def of(t):
        down = 1 if t < begin else 1 - sqrt((t - begin) / (T - begin))
        return min(1, t / steps) * down

    return scheduled(base or adamw(x0, T), of)


@rule
def inverse_sqrt(x0, T, steps=10, base=None):
    # d^-0.5 min(t^-0.5, t steps^-1.5), divided by its value at t = steps
    return scheduled(base or adam(x0, T), lambda t: min(t**-0.5, t * steps**-1.5) / steps**-0.5)


@rule
def robbins_monro(x0, T, k=0.1, p=1.0, base=None):
    return scheduled(base or gradient_descent(x0, T), lambda t: 1 / (1 + k * (t - 1)) ** p)


@rule
def exponential_decay(x0, T, factor=0.99, base=None):
    return scheduled(base or adam(x0, T), lambda t: np.prod([factor] * (t - 1)))


@rule
def step_decay(x0, T, every=30, factor=0.1, base=None):
    return scheduled(base or momentum_of(x0), lambda t: factor ** ((t - 1) // every))


@rule
def linear_decay(x0, T, power=1.0, base=None):
    return scheduled(base or adam(x0, T), lambda t: ((T - t + 1) / T) ** power)


@rule
def triangular(x0, T, low=0.1, half=10, base=None):
    def share(t):
        place = (t - 1) % (2 * half)
        return low + (1 - low) * (place if place <= half else 2 * half - place) / half

    return scheduled(base or momentum_of(x0), share)


@rule
def one_cycle(x0, T, low=0.1, last=1e-3, base=None):
    corners = [0, 0.45 * T, 0.9 * T, T]
    return scheduled(base or momentum_of(x0), lambda t: np.interp(t - 1, corners, [low, 1, low, last]))


# ---- wrappers ----


@rule
def clip_by_norm(x0, T, limit=1.0, base=None):
    base = base or adam(x0, T)
    return lambda x, f, g, t: base(x, f, g * min(1, limit / norm(g)), t)


@rule
def clip_by_value(x0, T, limit=1.0, base=None):
    base = base or adam(x0, T)
    return lambda x, f, g, t: base(x, f, minimum(maximum(g, -limit), limit), t)


@rule
def l2_penalty(x0, T, decay=1e-2, base=None):
    base = base or adam(x0, T)
    return lambda x, f, g, t: base(x, f, g + decay * x, t)


@rule
def weight_decay(x0, T, decay=1e-4, base=None):
    base = base or adam(x0, T)
    return lambda x, f, g, t: base(x, f, g, t) - decay * x


@rule
def lookahead(x0, T, k=5, alpha=0.5, base=None):
    base, s = base or adam(x0, T), S(slow=x0)

    def step(x, f, g, t):
        fast = base(x, f, g, t)
        if t % k:
            return fast
        s.slow = s.slow + alpha * (fast - s.slow)
        return s.slow

    return step


@rule
def averaged(x0, T, skip=0.0, base=None):
    base, points = base or gradient_descent(x0, T), []

    def step(x, f, g, t):
        new = base(x, f, g, t)
        if t > skip * T:
            points.append(new)
        return sum(points) / len(points) if t == T else new

    return step


@rule
def smoothed(x0, T, keep=0.99, base=None):
    base, points = base or adam(x0, T), []

    def step(x, f, g, t):
        points.append(base(x, f, g, t))
        weights = [keep ** (t - 1 - k) for k in range(t)]
        return sum(w * p for w, p in zip(weights, points)) / sum(weights) if t == T else points[-1]

    return step


@per_tensor
def cautious(x0, T, base=None):
    base = base or adamw(x0, T)

    def step(x, f, g, t):
        u = x - base(x, f, g, t)
        phi = (u * g > 0).astype(float)
        return x - u * phi * len(x) / (phi.sum() + 1)

    return step


@rule
def grokfast(x0, T, keep=0.98, gain=2.0, base=None):
    base, s = base or adam(x0, T), S(mu=0 * x0)

    def step(x, f, g, t):
        s.mu = keep * s.mu + (1 - keep) * g
        return base(x, f, g + gain * s.mu, t)

    return step


@per_tensor
def normalized(x0, T, eps=1e-12, base=None):
    base = base or momentum_of(x0)
    return lambda x, f, g, t: base(x, f, g / (norm(g) + eps), t)


@rule
def damped(x0, T, power=0.5, base=None):
    base, lengths = base or adam(x0, T), []

    def step(x, f, g, t):
        lengths.append(norm(g))
        share = (lengths[-1] / max(lengths)) ** power
        return (1 - share) * x + share * base(x, f, g, t)

    return step


# ---- learned ----


class Theta:
    """0.3 sin(1.7 k + 0.4), in the order of declaration, row after row."""

    def __init__(self):
        self.at = 0

    def take(self, *shape):
        n = int(np.prod(shape))
        k = np.arange(self.at, self.at + n)
        self.at += n
        values = 0.3 * np.sin(1.7 * k + 0.4)
        return values.reshape(shape) if shape else values[0]


sigmoid = lambda z: 1 / (1 + exp(-z))
relu = lambda z: maximum(z, 0)
TAU = np.array([1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000.0])
unit = lambda u: u / sqrt(1e-5 + np.mean(u**2, axis=0))  # over the coordinates of a tensor


@per_tensor
def mlp_lopt(x0, T, hidden=32):
    p = Theta()
    W1, b1 = p.take(hidden, 19), p.take(hidden)
    W2, b2 = p.take(hidden, hidden), p.take(hidden)
    W3, b3 = p.take(2, hidden), p.take(2)
    decay = np.array([0.1, 0.5, 0.9, 0.99, 0.999, 0.9999])
    s = S(m=np.zeros((len(x0), 6)))

    def step(x, f, g, t):
        s.m = s.m * decay + g[:, None] * (1 - decay)
        u = unit(np.column_stack([g, x, s.m]))
        u = np.column_stack([u, np.tile(tanh(t / TAU - 1), (len(x), 1))])
        out = relu(relu(u @ W1.T + b1) @ W2.T + b2) @ W3.T + b3
        return x - 0.001 * out[:, 0] * exp(0.001 * out[:, 1])

    return step


@by_axes
def adafac_mlp_lopt(x0, T, hidden=4):
    p = Theta()
    W1, b1 = p.take(hidden, 39), p.take(hidden)
    W2, b2 = p.take(hidden, hidden), p.take(hidden)
    W3, b3 = p.take(2, hidden), p.take(2)
    decays = lambda b, theta: 1 - exp(10 * (log(1 - b) / 10 + theta))
    b0 = np.array([0.9, 0.99, 0.999])
    bm, bv, bf = decays(b0, p.take(3)), decays(0.999, p.take()), decays(b0, p.take(3))
    three = np.zeros(x0.shape + (3,))
    s = S(m=three, v=0 * x0, d=three, row=0.0, col=0.0)

    def step(x, f, g, t):
        G = g[..., None]
        s.m, s.v = bm * s.m + (1 - bm) * G, bv * s.v + (1 - bv) * g**2
        if x.ndim == 2:
            d1, d0 = np.argsort(x.shape, kind="stable")  # d0 is the longest axis
            q = G**2 + 1e-30
            s.row = bf * s.row + (1 - bf) * np.mean(q, axis=d0, keepdims=True)
            s.col = bf * s.col + (1 - bf) * np.mean(q, axis=d1, keepdims=True)
            mean_row = np.mean(s.row, axis=d1, keepdims=True)
            F = maximum(s.row / (mean_row + 1e-9), 1e-9) ** -0.5 * maximum(s.col, 1e-9) ** -0.5
            row, col = s.row + three, s.col + three
        else:
            s.d = bf * s.d + (1 - bf) * G**2
            F, row, col = (s.d + 1e-9) ** -0.5, s.d, s.d
        r = (s.v + 1e-6)[..., None] ** -0.5
        parts = [G, x[..., None], s.m, s.v[..., None], s.m * r, r, G * F, row, col]
        parts += [(row + 1e-8) ** -0.5, (col + 1e-8) ** -0.5, s.m * F]
        u = unit(np.concatenate(parts, axis=-1).reshape(-1, 28))
        u = np.column_stack([u, np.tile(tanh(t / TAU - 1), (len(u), 1))])
        out = relu(relu(u @ W1.T + b1) @ W2.T + b2) @ W3.T + b3
        return x - 0.001 * (out[:, 0] * exp(0.001 * out[:, 1])).reshape(x.shape)

    return step


@together
def velo(x0, T, cells=32, bank=8, hidden=4):
    p = Theta()
    W, b = p.take(4 * cells, 32 + cells), p.take(4 * cells)
    say, mix, scale = p.take(10, cells), p.take(bank, cells), p.take(cells)
    B1, B2, B3 = p.take(bank, hidden, 30), p.take(bank, hidden, hidden), p.take(bank, 2, hidden)
    b1, b2, b3 = p.take(bank, hidden), p.take(bank, hidden), p.take(bank, 2)
    three = [np.zeros(x.shape + (3,)) for x in x0]
    s = [S(h=np.zeros(cells), c=np.zeros(cells), m=z, v=0 * x, row=z, col=z) for x, z in zip(x0, three)]
    all_of = S(heard=np.zeros(10), average=np.zeros(10), lowest=np.full(10, np.inf))
    keep = exp(-1 / (10 * (T / 10) ** (np.arange(10) / 9)))
    decay = np.array([0.9, 0.99, 0.999])

    def step(x, f, g, t):
        all_of.average = keep * all_of.average + (1 - keep) * f
        level = all_of.average / (1 - keep**t)
        all_of.lowest = low = minimum(all_of.lowest, level)
        trend = clip((level[:-1] - low[:-1]) / maximum(1e-8, level[1:] - low[:-1]) - 1, -1, 1)
        for k, (a, d) in enumerate(zip(x, g)):
            G = d[..., None]
            s[k].m = decay * s[k].m + (1 - decay) * G
            s[k].v = 0.999 * s[k].v + 0.001 * d**2
            u = np.concatenate([s[k].m, sqrt(s[k].v)[..., None], a[..., None]], axis=-1).reshape(-1, 5)
            square, centre = np.mean(u**2, axis=0), np.mean(u, axis=0)
            own = [t / T, log(a.size) / 10, a.ndim / 3]
            shape = [trend, log(square + 1e-12) / 10, tanh(centre / (sqrt(square) + 1e-12)), own, all_of.heard, s[k].h]
            i, o, j, q = np.split(W @ np.concatenate(shape) + b, 4)
            s[k].c = sigmoid(o) * s[k].c + sigmoid(i) * tanh(j)
            s[k].h = sigmoid(q) * tanh(s[k].c)
            n, q = a.ndim, G**2 + 1e-30
            s[k].row = decay * s[k].row + (1 - decay) * (q.mean(axis=1, keepdims=True) if n == 2 else q)
            s[k].col = decay * s[k].col + (1 - decay) * (q.mean(axis=0, keepdims=True) if n == 2 else q)
        all_of.heard = np.mean([say @ state.h for state in s], axis=0)
        out = []
        for a, d, z, state in zip(x, g, three, s):
            share = 100 * (mix @ state.h) / bank
            weights = [np.tensordot(share, B, axes=1) for B in (B1, b1, B2, b2, B3, b3)]
            G, r = d[..., None], ((state.v + 1e-6) ** -0.5)[..., None]
            row, col = state.row + z, state.col + z
            F = maximum(row, 1e-9) ** -0.5 * maximum(col, 1e-9) ** -0.5
            parts = [G, a[..., None], state.m, state.v[..., None], state.m * r, r, G * F, row, col]
            parts += [(row + 1e-8) ** -0.5, (col + 1e-8) ** -0.5, state.m * F, clip(G, -0.1, 0.1), G * r]
            u = unit(np.concatenate(parts, axis=-1).reshape(-1, 30))
            u = relu(u @ weights[0].T + weights[1])
            u = relu(u @ weights[2].T + weights[3]) @ weights[4].T + weights[5]
            length = exp(dot(scale, state.h)) * 0.001 * sqrt(np.mean(a**2) + 1e-9)
            out.append(a - length * (u[:, 0] * exp(0.001 * u[:, 1])).reshape(a.shape))
        return out

    return step


@together
def rnn_mlp_lopt(x0, T, cells=64, hidden=32):
    p = Theta()
    W, b = p.take(4 * cells, 51 + cells), p.take(4 * cells)
    to_all, to_all0, to_own, to_own0 = p.take(18, cells), p.take(18), p.take(17, cells), p.take(17)
    layers = [(p.take(n, k), p.take(n)) for n, k in ((hidden, 54), (hidden, hidden), (18, hidden))]
    from_lstm, from_mlp = p.take(18), p.take(16)
    decay = np.array([0.5, 0.9, 0.99, 0.999, 0.9999])
    fives = [np.zeros(x.shape + (5,)) for x in x0]
    s = [S(h=np.zeros(cells), c=np.zeros(cells), m=z, v=z, told=from_mlp) for z in fives]
    all_of = S(heard=from_lstm, usual=0.01, mean=0.0, var=0.0)
    clipped_log = lambda a: clip(log(1e-8 + abs(a)), -5, 5)

    def step(x, f, g, t):
        most = 10 * all_of.usual / (1 - 0.99**t)
        g = [clip(a, -most, most) for a in g]
        size = sqrt(1e-8 + sum(np.mean(a**2) for a in g) / len(g))
        all_of.usual = 0.99 * all_of.usual + (1 - 0.99) * size
        all_of.mean = 0.9 * all_of.mean + 0.1 * f
        all_of.var = 0.9 * all_of.var + 0.1 * (all_of.mean - f) ** 2
        correct = 1 / (1 - 0.9**t + 1e-8)
        loss = clip((f - all_of.mean * correct) / sqrt(all_of.var * correct + 1e-8), -5, 5)
        for k, (a, d) in enumerate(zip(x, g)):
            s[k].m = decay * s[k].m + (1 - decay) * d[..., None]
            s[k].v = decay * s[k].v + (1 - decay) * d[..., None] ** 2
            seen = [np.mean(s[k].m), np.mean(s[k].v), np.var(s[k].m), np.var(s[k].v), np.mean(a), np.var(a)]
            seen = [clipped_log(q) for q in seen + [norm(a), norm(d)]]
            seen += [sign(np.mean(s[k].m)), sign(np.mean(s[k].v)), sign(np.mean(a)), 1.0 if a.ndim == 0 else -1.0]
            seen += [log(n) - 1 for n in a.shape] + [-1.0] * (4 - a.ndim) + [loss]
            z = W @ np.concatenate([seen, s[k].told, all_of.heard, s[k].h]) + b
            i, o, j, q = np.split(z, 4)
            s[k].c = sigmoid(o) * s[k].c + sigmoid(i) * tanh(j)
            s[k].h = sigmoid(q) * tanh(s[k].c)
        all_of.heard = np.mean([to_all @ state.h + to_all0 for state in s], axis=0)
        out = []
        for a, d, state in zip(x, g, s):
            root = 1 / sqrt(state.v + 1e-6)
            parts = [d[..., None], a[..., None], log(abs(a) + 1e-8)[..., None], state.m, state.m * root, state.v, root]
            u = unit(np.concatenate(parts, axis=-1).reshape(-1, 23))
            alike = [np.sin((t - 1) / (TAU * pi)), [log(len(x)) - 1, log(norm(a) + 1e-8), log(a.size)]]
            alike = np.concatenate(alike + [to_own @ state.h + to_own0])
            u = np.column_stack([u, np.tile(alike, (len(u), 1))])
            for V, v in layers[:-1]:
                u = relu(u @ V.T + v)
            u = u @ layers[-1][0].T + layers[-1][1]
            state.told = np.mean(u[:, 2:], axis=0)
            out.append(a - 0.001 * (u[:, 0] * exp(0.001 * u[:, 1])).reshape(a.shape))
        return out

    return step


@by_axes
def celo2(x0, T, lr=1e-3, adam_lr=1e-3, decay=0.0, hidden=8):
    p = Theta()
    W1, b1, W2, b2 = p.take(hidden, 30), p.take(hidden), p.take(hidden, hidden), p.take(hidden)
    w3, b3 = p.take(hidden), p.take()
    decays = lambda b, theta: 1 - exp(10 * (log(1 - b) / 10 + theta))
    b0 = np.array([0.9, 0.99, 0.999])
    bm, bv, bf = decays(b0, p.take(3)), decays(0.95, p.take()), decays(b0, p.take(3))
    three = np.zeros(x0.shape + (3,))
    s = S(m=three, v=0 * x0, row=0.0, col=0.0)
    other = adam_of(x0, adam_lr, 0.9, 0.95)

    def step(x, f, g, t):
        if x.ndim != 2:
            return other(x, g, t) - adam_lr * decay * x
        G = g[..., None]
        s.m, s.v = bm * s.m + (1 - bm) * G, bv * s.v + (1 - bv) * g**2
        d1, d0 = np.argsort(x.shape, kind="stable")  # d0 is the longest axis
        s.row = bf * s.row + (1 - bf) * np.mean(G**2 + 1e-30, axis=d0, keepdims=True)
        s.col = bf * s.col + (1 - bf) * np.mean(G**2 + 1e-30, axis=d1, keepdims=True)
        F = maximum(s.row / (np.mean(s.row, axis=d1, keepdims=True) + 1e-9), 1e-9) ** -0.5 * maximum(s.col, 1e-9) ** -0.5
        row, col, r = s.row + three, s.col + three, (s.v + 1e-6)[..., None] ** -0.5
        parts = [G, x[..., None], s.m, s.v[..., None], s.m * r, r, G * F, row, col]
        parts += [(row + 1e-8) ** -0.5, (col + 1e-8) ** -0.5, s.m * F, clip(G, -0.1, 0.1), G * r]
        u = unit(np.concatenate(parts, axis=-1).reshape(-1, 30))
        M = (relu(relu(u @ W1.T + b1) @ W2.T + b2) @ w3 + b3).reshape(x.shape)
        U, sigma, V = np.linalg.svd(M / (norm(M) + 1e-7), full_matrices=False)
        for k in range(5):
            sigma = 3.4445 * sigma - 4.775 * sigma**3 + 2.0315 * sigma**5
        O = (U * sigma) @ V
        return x - lr * (O / (sqrt(np.mean(O**2)) + 1e-8) + decay * x)

    return step


def policy_features(x0):
    decay = np.array([0.5, 0.9, 0.97])
    s = S(m=np.zeros((len(x0), 3)), v=0 * x0, f=None, move=0 * x0)

    def features(f, g, t):
        s.m = decay * s.m + (1 - decay) * g[:, None]
        s.v = 0.95 * s.v + 0.05 * g**2
        root, size = sqrt(s.v / (1 - 0.95**t)) + 1e-8, sqrt(np.mean(g**2)) + 1e-8
        change = 0.0 if s.f is None else clip((f - s.f) / (s.f + 1e-3), -2, 2)
        s.f = f
        same = lambda value: np.full(len(x0), value)
        return np.column_stack(
            [g / size, g / root, s.m / (1 - decay**t) / root[:, None], log(root) / 5, same(log(size) / 5)]
            + [same(log(f + 1e-3)), same(change), 3 * s.move, same(1 - 20 / (t + 10))]
        )

    return s, features


@rule
def policy(x0, T, hidden=16, scale=0.3):
    p = Theta()
    W1, b1 = p.take(hidden, 11), p.take(hidden)
    W2, b2 = p.take(hidden, hidden), p.take(hidden)
    W3, b3 = p.take(2, hidden), p.take(2)
    s, features = policy_features(x0)

    def step(x, f, g, t):
        out = tanh(tanh(features(f, g, t) @ W1.T + b1) @ W2.T + b2) @ W3.T + b3
        s.move = scale * out[:, 0] * exp(out[:, 1])
        return x + s.move

    return step


@rule
def linear_policy(x0, T, scale=0.3):
    p = Theta()
    w, r = p.take(12), p.take(12)
    s, features = policy_features(x0)

    def step(x, f, g, t):
        u = np.column_stack([np.ones(len(x)), features(f, g, t)])
        s.move = scale * (u @ w) * exp(u @ r)
        return x + s.move

    return step


def lstm(W, b, cells, h, c, u):
    z = np.column_stack([u, h]) @ W.T + b
    i, j, o, q = z[:, :cells], z[:, cells : 2 * cells], z[:, 3 * cells :], z[:, 2 * cells : 3 * cells]
    c = sigmoid(j) * c + sigmoid(i) * tanh(q)  # gates: in, forget, candidate, out
    return sigmoid(o) * tanh(c), c


@rule
def lstm_optimizer(x0, T, hidden=20, scale=0.01):
    p, n = Theta(), len(x0)
    W1, b1 = p.take(4 * hidden, hidden + 2), p.take(4 * hidden)
    W2, b2 = p.take(4 * hidden, 2 * hidden), p.take(4 * hidden)
    V, c0 = p.take(hidden), p.take()
    zero = np.zeros((n, hidden))
    s = S(h1=zero, c1=zero, h2=zero, c2=zero)

    def step(x, f, g, t):
        u = np.column_stack([maximum(log(abs(g) + np.finfo(float).eps) / 5, -1), clip(np.e**5 * g, -1, 1)])
        s.h1, s.c1 = lstm(W1, b1, hidden, s.h1, s.c1, u)
        s.h2, s.c2 = lstm(W2, b2, hidden, s.h2, s.c2, s.h1)
        return x + scale * (s.h2 @ V + c0)

    return step


@rule
def rnnprop(x0, T, hidden=20, scale=0.01):
    p, n = Theta(), len(x0)
    W0, b0 = p.take(hidden, 2), p.take(hidden)
    W1, b1 = p.take(4 * hidden, 2 * hidden), p.take(4 * hidden)
    W2, b2 = p.take(4 * hidden, 2 * hidden), p.take(4 * hidden)
    V, c0 = p.take(hidden), p.take()
    zero = np.zeros((n, hidden))
    s = S(h1=zero, c1=zero, h2=zero, c2=zero, m=0 * x0, v=0 * x0)

    def step(x, f, g, t):
        s.m, s.v = 0.95 * s.m + 0.05 * g, 0.95 * s.v + 0.05 * g**2
        root = sqrt(s.v / (1 - 0.95**t)) + 1e-8
        u = np.column_stack([s.m / (1 - 0.95**t) / root, g / root]) @ W0.T + b0
        u = where(u > 0, u, exp(u) - 1)
        s.h1, s.c1 = lstm(W1, b1, hidden, s.h1, s.c1, u)
        s.h2, s.c2 = lstm(W2, b2, hidden, s.h2, s.c2, s.h1)
        return x + scale * tanh(s.h2 @ V + c0)

    return step


@rule
def history_policy(x0, T, history=25, hidden=50):
    p, n = Theta(), len(x0)
    W1, b1 = p.take(hidden, history * (1 + n)), p.take(hidden)
    W2, b2 = p.take(n, hidden), p.take(n)
    fs, gs = [], []

    def step(x, f, g, t):
        fs.append(f)
        gs.append(g)
        u = np.zeros(history * (1 + n))
        for k in range(min(t, history)):  # the newest first
            if k + 1 < t:
                u[k] = (fs[-1 - k] - fs[-2 - k]) / fs[-2 - k]
            u[history + n * k : history + n * (k + 1)] = gs[-1 - k]
        return x + W2 @ log(1 + exp(W1 @ u + b1)) + b2

    return step


@rule
def learned_schedule(x0, T):
    first, last = Theta().take(2)
    return lambda x, f, g, t: x - exp(first + (last - first) * (t - 1) / T) * g


@rule
def learned_rates(x0, T):
    p = Theta()
    rate, beta = exp(p.take(len(x0))), sigmoid(p.take())
    s = S(v=0 * x0)

    def step(x, f, g, t):
        s.v = beta * s.v - (1 - beta) * g
        return x + rate * s.v

    return step


# ---- the table ----

# ---- evaluations elsewhere ----


@elsewhere
def sam(x0, T, look, lr=0.1, radius=0.05, beta=0.9):
    s = S(m=0 * x0)

    def step(x, f, g, t):
        s.m = beta * s.m + look(x + radius * g / (norm(g) + 1e-12))[1]
        return x - lr * s.m

    return step


@elsewhere
def sharpness_aware(x0, T, look, radius=0.05):
    inner = adam(x0, T)
    return lambda x, f, g, t: inner(x, f, look(x + radius * g / (norm(g) + 1e-12))[1], t)


@elsewhere
def extragradient(x0, T, look, lr=0.1):
    return lambda x, f, g, t: x - lr * look(x - lr * g)[1]


@elsewhere
def gradient_flow(x0, T, look, h=0.1):
    def step(x, f, g, t):
        k1 = -g
        k2 = -look(x + h / 2 * k1)[1]
        k3 = -look(x + h / 2 * k2)[1]
        k4 = -look(x + h * k3)[1]
        return x + h * (k1 + 2 * k2 + 2 * k3 + k4) / 6

    return step


@elsewhere
def backtracking(x0, T, look, first=1.0, c=1e-4, shrink=0.5, evaluations=30):
    def step(x, f, g, t):
        a = first
        for _ in range(evaluations):
            if look(x - a * g)[0] <= f - c * a * dot(g, g):
                break
            a *= shrink
        return x - a * g

    return step


@elsewhere
def backtracking_warm(x0, T, look, first=1.0, c=1e-4, grow=2.0, shrink=0.5, evaluations=30):
    s = S(a=first / grow)

    def step(x, f, g, t):
        s.a *= grow
        for _ in range(evaluations):
            if look(x - s.a * g)[0] <= f - c * s.a * dot(g, g):
                break
            s.a *= shrink
        return x - s.a * g

    return step


def cubic_least(a, f_a, s_a, b, f_b, s_b):
    """Where the cubic with these values and slopes at a and b has a minimum: a root of its derivative with a positive second one."""
    w = b - a  # in u = (z - a) / w
    rows = [[0, 0, 0, 1], [0, 0, 1, 0], [1, 1, 1, 1], [3, 2, 1, 0]]
    c = np.linalg.solve(rows, [f_a, w * s_a, f_b, w * s_b])
    roots = np.roots(np.trim_zeros(np.polyder(c), "f"))
    least = [u.real for u in roots if u.imag == 0 and np.polyval(np.polyder(c, 2), u.real) > 0]
    return a + w * least[0] if least else None


def strong_wolfe(look, x, f, g, d, a, c1, c2, evaluations):
    """The best place of a bracketing search along d that begins with the step a: (y, f, g there, whether both conditions
    hold). Goes on beyond the last step until there is a bracket, then into it, by cubics."""
    slope = dot(g, d)
    low, best, high = (0.0, f, slope), (x, g), None
    for _ in range(evaluations):
        y = x + a * d
        f_y, g_y = look(y)
        here = (a, f_y, dot(g_y, d))
        if f_y > f + c1 * a * slope or (low[0] > 0 and f_y >= low[1]):
            high = here
        else:
            if abs(here[2]) <= -c2 * slope:
                return y, f_y, g_y, True
            stretch, last = a - low[0], low
            if here[2] * (1 if high is None else high[0] - low[0]) >= 0:
                high = low
            low, best = here, (y, g_y)
        if high is None:
            next_one = cubic_least(*last, *here)
            a = clip(a + 4 * stretch if next_one is None else next_one, a + 1.1 * stretch, a + 4 * stretch)
        else:
            width = high[0] - low[0]
            next_one = cubic_least(*low, *high)
            share = 0.5 if next_one is None else clip((next_one - low[0]) / width, 0.1, 0.9)
            a = low[0] + share * width
    return best[0], low[1], best[1], False


@elsewhere
def cg_wolfe(x0, T, look, c1=1e-4, c2=0.4, evaluations=20):
    s = S(d=0 * x0, old=0 * x0, change=0.0)

    def step(x, f, g, t):
        s.d = -g if t == 1 else -g + max(0, dot(g, g - s.old) / dot(s.old, s.old)) * s.d
        if dot(g, s.d) >= 0:
            s.d = -g
        a = 1 / norm(g) if t == 1 else 2.02 * s.change / dot(g, s.d)
        y, f_y, _, _ = strong_wolfe(look, x, f, g, s.d, a if a > 0 else 1 / norm(g), c1, c2, evaluations)
        s.change, s.old = f_y - f, g
        return y

    return step


@elsewhere
def bfgs_wolfe(x0, T, look, c1=1e-4, c2=0.9, evaluations=20):
    s = S(H=np.eye(len(x0)))

    def step(x, f, g, t):
        a = 1 / norm(g) if t == 1 else 1.0
        y, _, g_y, _ = strong_wolfe(look, x, f, g, -s.H @ g, a, c1, c2, evaluations)
        p, z = y - x, g_y - g
        pz = dot(p, z)
        if pz > 1e-10 * dot(z, z):
            if t == 1:
                s.H = pz / dot(z, z) * s.H
            V = np.eye(len(x)) - np.outer(p, z) / pz
            s.H = V @ s.H @ V.T + np.outer(p, p) / pz
        return y

    return step


@elsewhere
def lbfgs_wolfe(x0, T, look, memory=10, c1=1e-4, c2=0.9, evaluations=20):
    s = S(pairs=[], scale=1.0)

    def step(x, f, g, t):
        q, a = g, []
        for p, z in reversed(s.pairs):
            a.append(dot(p, q) / dot(p, z))
            q = q - a[-1] * z
        r = s.scale * q
        for (p, z), alpha in zip(s.pairs, reversed(a)):
            r = r + (alpha - dot(z, r) / dot(p, z)) * p
        first = 1 / norm(g) if t == 1 else 1.0
        y, _, g_y, _ = strong_wolfe(look, x, f, g, -r, first, c1, c2, evaluations)
        p, z = y - x, g_y - g
        if dot(p, z) > 1e-10 * dot(z, z):
            s.pairs = (s.pairs + [(p, z)])[-memory:]
            s.scale = dot(p, z) / dot(z, z)
        else:
            s.pairs, s.scale = [], 1.0
        return y

    return step


# ---- second derivatives and residuals ----


@elsewhere
def newton(x0, T, look, lr=1.0):
    return lambda x, f, g, t: x - lr * np.linalg.solve(look.hessian(x), g)


@elsewhere
def newton_downhill(x0, T, look, beta=1e-3, c=1e-4, evaluations=30):
    def step(x, f, g, t):
        H = look.hessian(x)
        tau = 0.0 if min(np.diag(H)) > 0 else beta - min(np.diag(H))
        while min(np.linalg.eigvalsh(H)) + tau <= 0:
            tau = max(2 * tau, beta)
        d, a = -np.linalg.solve(H + tau * np.eye(len(x)), g), 1.0
        for _ in range(evaluations):
            if look(x + a * d)[0] <= f + c * a * dot(g, d):
                break
            a /= 2
        return x + a * d

    return step


@elsewhere
def newton_cg(x0, T, look, first=1.0, largest=100.0, accept=0.1, turns=20):
    s = S(radius=first)

    def subproblem(B, g):
        """Algorithm 7.2 of Nocedal, Wright 2006; and whether the end is at the edge."""
        z, r, d = 0 * g, g, -g
        edge = lambda: max(np.roots([dot(d, d), 2 * dot(z, d), dot(z, z) - s.radius**2]).real)
        for _ in range(turns):
            if dot(d, B @ d) <= 0:
                return z + edge() * d, True
            a = dot(r, r) / dot(d, B @ d)
            if norm(z + a * d) >= s.radius:
                return z + edge() * d, True
            z, old, r = z + a * d, r, r + a * (B @ d)
            if norm(r) <= min(0.5, sqrt(norm(g))) * norm(g):
                break
            d = -r + dot(r, r) / dot(old, old) * d
        return z, False

    def step(x, f, g, t):
        B = look.hessian(x)
        p, at_edge = subproblem(B, g)
        ratio = (f - look(x + p)[0]) / -(dot(g, p) + dot(p, B @ p) / 2)
        if ratio < 0.25:
            s.radius /= 4
        elif ratio > 0.75 and at_edge:
            s.radius = min(2 * s.radius, largest)
        return x + p if ratio > accept else x

    return step


@elsewhere
def hessian_free(x0, T, look, damping=1.0, gain=5e-4, turns=50):
    s = S(damping=damping, p=0 * x0)

    def step(x, f, g, t):
        H = look.hessian(x)
        B = H + s.damping * np.eye(len(x))
        p, models = s.p, []
        r = g + B @ p
        d = -r
        for i in range(turns):
            curvature = dot(d, B @ d)
            if curvature <= 0:
                break
            a = dot(r, r) / curvature
            p, old, r = p + a * d, r, r + a * (B @ d)
            models.append(dot(g, p) + dot(p, B @ p) / 2)
            if i >= 10 and models[-1] < 0 and (models[-1] - models[-11]) / models[-1] < 10 * gain:
                break
            if norm(r) <= 2.0**-26 * norm(g):
                break
            d = -r + dot(r, r) / dot(old, old) * d
        expected, fall = -dot(g, p) - dot(p, H @ p) / 2, f - look(x + p)[0]
        ratio = fall / expected if expected > 0 else 0.0
        s.damping *= 3 / 2 if ratio < 0.25 else (2 / 3 if ratio > 0.75 else 1)
        s.p = p if fall > 0 else 0 * x
        return x + s.p

    return step


@elsewhere
def cubic_newton(x0, T, look, first=1.0, lowest=1e-8, halvings=30):
    s = S(M=first)

    def step(x, f, g, t):
        H = look.hessian(x)
        w, V = np.linalg.eigh(H)
        c = V.T @ g
        low, high = max(0.0, -2 * w[0] / s.M), 1e6
        for _ in range(200):  # the length of the minimizer
            r = (low + high) / 2
            low, high = (r, high) if norm(c / (w + s.M * r / 2)) > r else (low, r)
        h = -V @ (c / (w + s.M * high / 2))
        fits = look(x + h)[0] <= f + dot(g, h) + dot(h, H @ h) / 2 + s.M * norm(h) ** 3 / 6
        s.M = max(s.M / 2, lowest) if fits else 2 * s.M
        return x + h if fits else x

    return step


least_squares = lambda A, b: np.linalg.lstsq(A, b, rcond=None)[0]


@by_residuals
def gauss_newton(x0, T, look, lr=1.0):
    def step(x, f, g, t):
        r, J = look.residuals(x)
        return x - lr * least_squares(J, r)

    return step


def downhill(look, s, up, down, move):
    """Steps of Levenberg and Marquardt; move: from the residuals and their Jacobian."""

    def step(x, f, g, t):
        y = x + move(*look.residuals(x))
        better = look(y)[0] < f
        s.mu = max(s.mu / down, 1e-15) if better else min(s.mu * up, 1e15)
        return y if better else x

    return step


@by_residuals
def levenberg_marquardt(x0, T, look, damping=1e-3, up=4.0, down=5.0):
    s = S(mu=damping)

    def move(r, J):
        below = np.diag(sqrt(s.mu) * norm(J, axis=0))
        return -least_squares(np.vstack([J, below]), np.concatenate([r, 0 * x0]))

    return downhill(look, s, up, down, move)


@by_residuals
def levenberg_marquardt_cg(x0, T, look, damping=1.0, up=4.0, down=5.0, left=1e-3, turns=20):
    s = S(mu=damping)

    def move(r, J):
        A, b = J.T @ J + s.mu * np.eye(len(x0)), -J.T @ r
        d, p, rest = 0 * b, b, b
        for _ in range(turns):
            if norm(rest) <= left * norm(b):
                break
            d = d + dot(rest, rest) / dot(p, A @ p) * p
            new = b - A @ d
            p, rest = new + dot(new, new) / dot(rest, rest) * p, new
        return d

    return downhill(look, s, up, down, move)


# Arguments on the first objective; on the second one everything is as the sources have it.
ARGUMENTS = {
    "demon": dict(lr=0.05),
    "quasi_hyperbolic": dict(lr=0.3, nu=0.6, beta=0.9),
    "lion": dict(lr=0.02, decay=0.1),
    "lars": dict(lr=3.0, trust=0.01, decay=0.01),
    "triple_momentum": dict(high=5.0, low=0.5),
    "adadelta": dict(lr=3.0, eps=1e-3),
    "rmsprop_centred": dict(lr=0.01),
    "adamw": dict(lr=0.1, decay=0.1),
    "adabound": dict(lr=0.1, final=0.3),
    "padam": dict(p=0.3),
    "qhadam": dict(lr=0.1, nu2=0.9, beta1=0.9),
    "adan": dict(lr=0.1, beta1=0.1, decay=0.1),
    "lamb": dict(lr=0.05, decay=0.05),
    "novograd": dict(lr=0.05, decay=0.02),
    "adafactor": dict(eps2=0.3, limit=0.7),
    "ademamix": dict(lr=0.03, decay=0.01),
    "schedule_free_adamw": dict(lr=0.1, decay=0.05, warmup=5),
    "polyak_step": dict(lowest=0.3),
    "polyak_step_limited": dict(lowest=0.3, limit=0.3),
    "natural_gradient": dict(lr=0.1, damping=0.5),
    "lbfgs": dict(lr=0.7, memory=3),
    "history_policy": dict(hidden=3, history=4),
    "d_adaptation": dict(d0=0.01),
    "d_adaptation_adam": dict(d0=0.01),
    "prodigy": dict(d0=0.01),
    "distance_over_gradients": dict(first=0.01),
    "distance_weighted": dict(first=0.01),
    "hypergradient_descent": dict(b=1e-3),
    "hypergradient_adam": dict(lr=0.01, b=1e-3),
    "averaged": dict(skip=0.5),
    "smoothed": dict(keep=0.8),
    "warm_up_cosine": dict(steps=5, low=0.1),
    "warm_restarts": dict(period=4, low=0.05),
    "step_decay": dict(every=7, factor=0.5),
    "linear_decay": dict(power=2.0),
    "robbins_monro": dict(k=0.3, p=0.7),
    "triangular": dict(half=4, low=0.2),
    "clip_by_norm": dict(limit=0.5),
    "clip_by_value": dict(limit=0.5),
    "weight_decay": dict(decay=0.02),
    "l2_penalty": dict(decay=0.1),
    "lookahead": dict(k=3, alpha=0.7),
    "exponential_decay": dict(factor=0.9),
    "velo": dict(cells=3, bank=2, hidden=3),
    "rnn_mlp_lopt": dict(cells=3, hidden=3),
    "celo2": dict(lr=0.01, adam_lr=0.02, decay=0.1, hidden=3),
    "muon": dict(lr=0.05, adam_lr=0.03),
    "soap": dict(lr=0.05, every=4),
    "inverse_sqrt": dict(steps=4),
    "warm_up_stable_decay": dict(steps=4, share=0.4),
    "rprop": dict(first=0.3),
    "irprop_plus": dict(first=0.3),
    "irprop_minus": dict(first=0.3),
    "sam": dict(radius=0.3),
    "sharpness_aware": dict(radius=0.3),
    "backtracking": dict(first=2.0, c=0.3, shrink=0.7),
    "backtracking_warm": dict(c=0.4, grow=3.0),
    "lbfgs_wolfe": dict(memory=3),
    "cg_wolfe": dict(c2=0.3, evaluations=6),
    "newton": dict(lr=0.5),
    "newton_downhill": dict(beta=0.1, c=0.3),
    "newton_cg": dict(first=0.3, accept=0.2),
    "hessian_free": dict(damping=0.3),
    "cubic_newton": dict(first=3.0),
}
# The rates of these are too small to see anything in 25 steps.
for name in "adam adamax nadam amsgrad radam adabelief yogi diffgrad adam_mini adopt".split():
    ARGUMENTS[name] = dict(lr=0.1)
for name in "cg_fletcher_reeves cg_polak_ribiere conjugate_gradient cg_hestenes_stiefel cg_dai_yuan bfgs dfp".split():
    ARGUMENTS[name] = dict(lr=0.2)
for name in "mlp_lopt adafac_mlp_lopt policy lstm_optimizer rnnprop".split():
    ARGUMENTS[name] = dict(hidden=3)


def run(name, objective, arguments):
    function, x, sizes = OBJECTIVES[objective]
    make, apart = RULES[name]
    T = AT[-1]
    shapes = [(n,) for n in sizes] if sizes else SHAPES
    cuts = cumsum([0] + [int(np.prod(shape)) for shape in shapes]) if apart else [0, len(x)]
    shapes = shapes if apart else [(len(x),)]
    pieces = [slice(a, b) for a, b in zip(cuts[:-1], cuts[1:])]
    if name in ELSEWHERE:
        arguments = dict(arguments, look=function)
    tensors_of = lambda v: [v[piece].reshape(shape) for piece, shape in zip(pieces, shapes)]
    if hasattr(make, "together"):
        all_at_once = make(tensors_of(x), T, **arguments)
    else:
        steps = [make(start, T, **arguments) for start in tensors_of(x)]
        all_at_once = lambda x, f, g, t: [step(a, f, b, t) for step, a, b in zip(steps, x, g)]
    seen = []
    for t in range(1, T + 1):
        f, g = (function or tensors)(x)
        x = np.concatenate([np.ravel(part) for part in all_at_once(tensors_of(x), f, tensors_of(g), t)])
        if t in AT[:-1] or t == LAST.get(name, T):
            seen += list(x)
    return seen


def main():
    for name in RULES:
        for objective in OBJECTIVES:
            if objective == "tensors" and name not in BY_AXES or (objective == "fitted") != (name in BY_RESIDUALS):
                continue
            arguments = ARGUMENTS.get(name, {}) if objective != "valley" else {}
            call = ", ".join("%s = %s" % (key, repr(value)) for key, value in arguments.items())
            numbers = run(name, objective, arguments)
            if name in LAST:
                objective += " @%d" % LAST[name]
            print("%s(%s) | %s | %s" % (name, call, objective, " ".join("%.17g" % v for v in numbers)))


if __name__ == "__main__":
    main()
