"""Guided policy search on one small problem, in numpy and by other ways than those of Gradus.

    python3 tests/library/policy_search.py > tests/library/policy_search.table

A line of the table: the arguments of policy_search, the score, and the two learned numbers after each outer step, for the program of
tests/unit/test_policy_search.c. The optimal controller of a step is here the conditional of a Gaussian over all moves to come (policy
times exp(-cost / weight), as the theory of control as inference has it), not dynamic programming; divergences are those of the joint
Gaussians of whole paths; derivatives are written out.
"""
import numpy as np
from numpy import cos, exp, log, pi, sin, sqrt
from numpy.linalg import cholesky, eigh, inv, slogdet, solve

from families import MASK, threefry

T, N, STEPS, LR = 3, 2, 8, 1e-4
START = np.array([1.0, -2.0])
SIGMA2, RIDGE, FIRST_WEIGHT = 0.01, 1e-3, 0.01
RATES = [1e-4 * 10 ** (k / 3) for k in range(16)]
DECAYS = [0.5, 0.8, 0.9, 0.97]


# ---- the objective, and the rule: m <- m / 2 + g, x <- x - exp(a) m - b x ----

def f(x):
    return 2 + x[0] ** 2 + 0.5 * x[0] * x[1] + 2 * x[1] ** 2 + 0.9 * sin(3 * x[0])


def df(x):
    return np.array([2 * x[0] + 0.5 * x[1] + 2.7 * cos(3 * x[0]), 0.5 * x[0] + 4 * x[1]])


def d2f(x):
    return np.array([[2 - 8.1 * sin(3 * x[0]), 0.5], [0.5, 4]])


def moves_along(theta, path):
    """Moves of the rule at the first T places, and their derivatives by a and b."""
    m, moves, slopes = np.zeros(N), [], []
    for x in path[:T]:
        m = 0.5 * m + df(x)
        moves.append(-exp(theta[0]) * m - theta[1] * x)
        slopes.append(np.array([-exp(theta[0]) * m, -x]))
    return np.array(moves), np.array(slopes)


SCORES = {
    "sum(f)": (lambda fs: sum(fs[1:]), lambda t, v, v0, g, H: (g, H)),
    "mean(log(f))": (lambda fs: sum(log(v) for v in fs[1:]) / T,
                     lambda t, v, v0, g, H: (g / v / T, (H / v - np.outer(g, g) / v**2) / T)),
    "final(f / f0)": (lambda fs: fs[T] / fs[0], lambda t, v, v0, g, H: (g / v0 * (t == T), H / v0 * (t == T))),
}


# ---- Gaussians over whole paths ----

class Path:
    """s[t] = A s + B u + c + noise, u = K s + k + noise, as affine functions of independent standard normal numbers."""

    def __init__(self, dynamics, start, K, k, P):
        A, B, c, D = dynamics
        m, count = len(start), T * (N + len(start))
        at, mean, one = np.zeros((m, count)), start, np.eye(count)
        self.rows, self.means = [], []  # of (u of the step, noise of the step)
        for t in range(T):
            first = t * (N + m)
            u = K[t] @ at + inv(cholesky(P[t])).T @ one[first : first + N]
            u_mean = K[t] @ mean + k[t]
            root = cholesky(D[t]) if D is not None else np.eye(m)  # exact dynamics: noise that nothing sees
            self.rows += [u, root @ one[first + N : first + N + m]]
            self.means += [u_mean, np.zeros(m)]
            at = A[t] @ at + B[t] @ u + (root @ one[first + N : first + N + m] if D is not None else 0)
            mean = A[t] @ mean + B[t] @ u_mean + c[t]

    def until(self, t):
        rows = np.vstack(self.rows[: 2 * t])
        return np.concatenate(self.means[: 2 * t]), rows @ rows.T


def divergence(q, p):
    """Of each step: the divergence of what leads up to its end, less that of what leads up to its start."""
    sums = [0.0]
    for t in range(1, T + 1):
        (mq, Cq), (mp, Cp) = q.until(t), p.until(t)
        d = mp - mq
        sums.append(0.5 * (np.trace(solve(Cp, Cq)) - len(d) + d @ solve(Cp, d) + slogdet(Cp)[1] - slogdet(Cq)[1]))
    return np.diff(sums)


def best(dynamics, cost, policy, S, weight, pull):
    """The conditional of u[t] given s[t] under policy * exp(-cost / weight), for a weight of each step: the path that is left has the
    energy cost / weight + 1/2 (u - policy)' S (u - policy), and what comes later is minimized out, step by step its own weight."""
    A, B, c, _ = dynamics
    m = A[0].shape[0]
    K, k, P = [None] * T, [None] * T, [None] * T
    for t in range(T):
        # Unknowns: u[t], then all that is left. s[i] = F[i] z + h[i], z = (s[t], u[t], u[t + 1], ...)
        left = T - t
        size = m + left * N
        F, h = np.eye(m, size), np.zeros(m)
        Q, q = np.zeros((size, size)), np.zeros(size)
        for i in range(t, T):
            U = np.zeros((N, size))
            U[:, m + (i - t) * N : m + (i - t + 1) * N] = np.eye(N)
            R, r = U - policy[0][i] @ F, -policy[1][i] - policy[0][i] @ h
            Q += weight[i] * R.T @ S @ R
            q += weight[i] * R.T @ S @ r - U.T @ pull[i]
            F, h = A[i] @ F + B[i] @ U, A[i] @ h + c[i]
            center, g, H = cost[0][i], cost[1][i], cost[2][i]
            Q += F[:N].T @ H @ F[:N]
            q += F[:N].T @ (g + H @ (h[:N] - center))
        # Later moves at their best: a Schur complement.
        keep, rest = slice(0, m + N), slice(m + N, size)
        if left > 1:
            inner = inv(Q[rest, rest])
            q_kept = q[keep] - Q[keep, rest] @ inner @ q[rest]
            Q_kept = Q[keep, keep] - Q[keep, rest] @ inner @ Q[rest, keep]
        else:
            Q_kept, q_kept = Q, q
        Quu = Q_kept[m:, m:]
        K[t] = -solve(Quu, Q_kept[m:, :m])
        k[t] = -solve(Quu, q_kept[m:])
        P[t] = Quu / weight[t]
    return K, k, P


# ---- fitted dynamics ----

def mixture(points, components):
    count, d = points.shape
    components = max(1, min(components, count // (d + 1)))
    shares = np.zeros((count, components))
    shares[np.arange(count), np.arange(count) * components // count] = 1
    regular = 1e-6 * points.var(axis=0).sum() / d + 1e-12
    before = -1e300
    for _ in range(20):
        total = shares.sum(axis=0)
        mass = total / count
        means = (shares.T @ points) / total[:, None]
        covariances = [((shares[:, k, None] * (points - means[k])).T @ (points - means[k])) / total[k] + regular * np.eye(d)
                       for k in range(components)]
        logs = densities(points, mass, means, covariances)
        top = logs.max(axis=1, keepdims=True)
        each = top[:, 0] + log(exp(logs - top).sum(axis=1))
        shares = exp(logs - each[:, None])
        if not each.mean() > before + 1e-6 * abs(before):
            break
        before = each.mean()
    return mass, means, covariances


def densities(points, mass, means, covariances):
    logs = []
    for share, mean, C in zip(mass, means, covariances):
        d = points - mean
        logs.append(log(share) - 0.5 * (len(mean) * log(2 * pi) + slogdet(C)[1] + np.sum(d * solve(C, d.T).T, axis=1)))
    return np.array(logs).T


def dynamics_of(prior, prior_count, samples, m):
    mass, means, covariances = prior
    count, d = samples.shape
    logs = densities(samples, mass, means, covariances)
    shares = exp(logs - logs.max(axis=1, keepdims=True))
    share = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
    mean0 = share @ means
    C = sum(w * (V + np.outer(mu - mean0, mu - mean0)) for w, mu, V in zip(share, means, covariances))
    mean = samples.mean(axis=0)
    C = C + (samples - mean).T @ (samples - mean) + count / (count + 1) * np.outer(mean - mean0, mean - mean0)
    C = C / (count + max(0, (prior_count - 2 - d) / prior_count))
    C = C + 1e-6 * np.trace(C) / d * np.eye(d)
    k = m + N
    M = solve(C[:k, :k], C[:k, k:]).T
    D = C[k:, k:] - M @ C[:k, k:]
    return M[:, :m], M[:, m:], mean[k:] - M @ mean[:k], 0.5 * (D + D.T)


# ---- the search ----

def noise(drawing, j):
    key, out = (0, 0x6E6F697365), []
    for i in range(T * N // 2):
        # families.threefry gives numbers in [0, 1); the first of a pair is moved to (0, 1]
        u, v = threefry(key, (drawing << 24 | j, i))
        radius = sqrt(-2 * log(u + 2.0**-53))
        out += [radius * cos(2 * pi * v), radius * sin(2 * pi * v)]
    return np.array(out).reshape(T, N)


class Search:
    def __init__(self, score, J=3, outer=2, inner=2, trust=0.2, components=0, alpha=0.0):
        self.score, self.cost_of = SCORES[score]
        self.J, self.outer, self.inner, self.trust, self.components, self.alpha = J, outer, inner, trust, components, alpha
        self.m = 2 * N if components else N
        least = np.inf
        for decay in DECAYS:
            for rate in RATES:
                x, v, fs, moves = START, np.zeros(N), [f(START)], []
                with np.errstate(all="ignore"):
                    for _ in range(T):
                        v = decay * v - rate * df(x)
                        x = x + v
                        moves.append(v)
                        fs.append(f(x))
                    score_here = self.score(fs)
                if score_here < least:
                    least, offsets = score_here, moves
        self.K = [np.zeros((N, self.m))] * T
        self.k, self.P = list(offsets), [np.eye(N) / SIGMA2] * T
        self.pull, self.weight = np.zeros((T, N)), np.full(T, FIRST_WEIGHT)
        self.S = np.mean(self.P, axis=0)
        self.draw(0)

    def state(self, x):
        return np.concatenate([x, df(x)])[: self.m]

    def controlled(self, t, x):
        return self.K[t] @ self.state(x) + self.k[t]

    def draw(self, number):
        self.drawing, self.paths = number, []
        for j in range(self.J):
            z, path = noise(number, j), [START]
            for t in range(T):
                path.append(path[-1] + self.controlled(t, path[-1]) + solve(cholesky(self.P[t]).T, z[t]))
            self.paths.append(np.array(path))
        x, centers, slopes, curves = START, [], [], []
        for t in range(T):
            x = x + self.controlled(t, x)
            g, H = self.cost_of(t + 1, f(x), f(START), df(x), d2f(x))
            values, vectors = eigh(H)
            centers.append(x), slopes.append(g)
            curves.append((vectors * np.maximum(values, 0)) @ vectors.T)
        self.cost = centers, slopes, curves
        if not self.components:
            self.dynamics = [np.eye(N)] * T, [np.eye(N)] * T, np.zeros((T, N)), None
            return
        samples = [np.array([np.concatenate([self.state(p[t]), p[t + 1] - p[t], self.state(p[t + 1])]) for p in self.paths])
                   for t in range(T)]
        prior = mixture(np.vstack(samples), self.components)
        self.dynamics = list(zip(*[dynamics_of(prior, T * self.J, s, self.m) for s in samples]))

    def linear_policy(self, theta):
        moves = np.array([moves_along(theta, p)[0] for p in self.paths])
        gains, offsets = [], []
        for t in range(T):
            s = np.array([self.state(p[t]) for p in self.paths])
            design = np.vstack([(s - s.mean(axis=0)) / sqrt(self.J), sqrt(RIDGE) * np.eye(self.m)])
            wanted = np.vstack([(moves[:, t] - moves[:, t].mean(axis=0)) / sqrt(self.J), np.zeros((self.m, N))])
            gain = np.linalg.lstsq(design, wanted, rcond=None)[0].T
            gains.append(gain), offsets.append(moves[:, t].mean(axis=0) - gain @ s.mean(axis=0))
        return gains, offsets

    def improve(self, theta):
        policy = self.linear_policy(theta)
        start = self.state(START)
        p = Path(self.dynamics, start, *policy, [self.S] * T)

        def try_weights(weight):
            K, k, P = best(self.dynamics, self.cost, policy, self.S, weight, self.pull)
            return (K, k, P), divergence(Path(self.dynamics, start, K, k, P), p)

        if self.alpha:
            (self.K, self.k, self.P), each = try_weights(self.weight)
            self.weight = self.weight * np.where(each > self.trust, 2, np.where(each < 0.5 * self.trust, 0.5, 1))
        else:
            low, high = -8.0, 16.0
            if sum(try_weights(np.full(T, 10**low))[1]) <= self.trust * T:
                high = low
            for _ in range(50):
                middle = 0.5 * (low + high)
                if sum(try_weights(np.full(T, 10**middle))[1]) <= self.trust * T:
                    high = middle
                else:
                    low = middle
            self.weight = np.full(T, 10**high)
            (self.K, self.k, self.P), _ = try_weights(self.weight)
        self.S = np.mean(self.P, axis=0)

    def settle(self, theta):
        for t in range(T):
            behind = [moves_along(theta, p)[0][t] - self.controlled(t, p[t]) for p in self.paths]
            self.pull[t] += self.alpha * self.weight[t] * np.mean(behind, axis=0)

    def gradient(self, theta, j):
        moves, slopes = moves_along(theta, self.paths[j])
        out = np.zeros(2)
        for t in range(T):
            off = self.P[t] @ (moves[t] - self.controlled(t, self.paths[j][t])) + self.pull[t] / self.weight[t]
            out += slopes[t] @ off
        return out

    def run(self):
        theta, last, out = np.array([-2.0, 0.1]), 0, []
        for step in range(STEPS):
            at = step * self.outer * self.inner // STEPS
            if at != last:
                if self.alpha:
                    self.settle(theta)
                if at // self.inner != self.drawing:
                    self.draw(at // self.inner)
                self.improve(theta)
                last = at
            theta = theta - LR * self.gradient(theta, step % self.J)
            out += [repr(float(v)) for v in theta]
        return out


if __name__ == "__main__":
    for arguments, options in [
        ("trajectories = 3, outer = 2, inner = 2", {}),
        ("trajectories = 5, outer = 4, inner = 1, trust = 0.02", dict(J=5, outer=4, inner=1, trust=0.02)),
        ("trajectories = 3, outer = 2, inner = 2, multipliers = 0.2", dict(alpha=0.2)),
        ("trajectories = 11, outer = 2, inner = 2, components = 2", dict(J=11, components=2)),
    ]:
        for score in SCORES:
            print(arguments, score, " ".join(Search(score, **options).run()), sep=";")
