#!/usr/bin/env python3
"""Prints the polynomial coefficients of ir/math/math.def; with --check says which of them that file does not have.

Needs mpmath (pip install mpmath); nothing else in the project does.

Each fit is a weighted least-squares problem at Chebyshev points, in 70 digits. Coefficients are rounded one after the
other, lowest first, and the rest fitted again, so that later ones make up for the rounding of earlier ones. The number
behind each name is the worst weighted error, as a power of 2: 2^-24 is one half in the last place of a result in f32
that is just below a power of two, 2^-53 in f64.
"""
import pathlib
import re
import sys

import mpmath as mp

mp.mp.dps = 70
LN2 = mp.log(2)
ZERO = mp.mpf(10) ** -20  # stands for 0 where the formula has 0/0


def rounded(x, bits):
    mantissa, exponent = mp.frexp(x)
    return mp.ldexp(mp.nint(mantissa * 2**bits), int(exponent) - bits)


def solve(columns, wanted):
    n = len(columns)
    matrix, right = mp.matrix(n, n), mp.matrix(n, 1)
    for i in range(n):
        for j in range(i, n):
            matrix[i, j] = matrix[j, i] = mp.fsum(a * b for a, b in zip(columns[i], columns[j]))
        right[i] = mp.fsum(a * t for a, t in zip(columns[i], wanted))
    return mp.lu_solve(matrix, right)


def fit(target, count, weight, low, high, bits, points=120):
    """`count` coefficients of target(x) ~ c0 + c1 x + ..., and the worst of weight * error at the points."""
    low, high = mp.mpf(low), mp.mpf(high)
    xs = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / points) for i in range(points)]
    weights = [weight(x) for x in xs]
    left = [w * target(x if abs(x) > ZERO else ZERO) for x, w in zip(xs, weights)]
    columns = [[w * x**k for x, w in zip(xs, weights)] for k in range(count)]
    coefficients = []
    while columns:
        c = rounded(solve(columns, left)[0], bits)
        coefficients.append(c)
        left = [a - c * b for a, b in zip(left, columns[0])]
        columns.pop(0)
    return coefficients, max(abs(v) for v in left)


def exp_rest(x):  # exp(x) = 1 + x + x^2 q(x)
    return (mp.expm1(x) - x) / x**2


def over_exp(x):
    return x**2 * mp.exp(-x)


def over_expm1(x):
    return x**2 / mp.expm1(x if abs(x) > ZERO else ZERO)


def atanh_rest(z):  # 2 atanh(s) = 2 s + s z q(z), z = s^2
    return (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z


def atanh_rest_2(z):  # 2 atanh(s) = 2 s + 2/3 s^3 + s z^2 q(z)
    if z < mp.mpf(10) ** -12:
        return mp.mpf(2) / 5 + z * 2 / 7
    return (atanh_rest(z) - mp.mpf(2) / 3) / z


def sin_rest(z):
    return (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z


def cos_rest(z):
    return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2


def erfc_shape(t):  # exp(x^2) erfc(x) = u Q(t), u = 1 / (x + 2.25), t = 1 - 4.5 u
    u = (1 - t) / mp.mpf("4.5")
    x = 1 / u - mp.mpf("2.25")
    if x <= 20:
        return mp.exp(x * x) * mp.erfc(x) / u
    total, term = mp.mpf(0), mp.mpf(1)
    for n in range(60):
        total += term
        term *= -(2 * n + 1) / (2 * x * x)
        if abs(term) < mp.mpf(10) ** -40:
            break
    return total / (x * mp.sqrt(mp.pi)) / u


def stirling_rest(w):  # w = 1 / x^2
    if w < mp.mpf(10) ** -16:
        return mp.mpf(1) / 12 - w / 360
    x = 1 / mp.sqrt(w)
    half = mp.mpf(1) / 2
    return (mp.loggamma(x) - ((x - half) * (mp.log(x) - 1) - half + mp.log(2 * mp.pi) / 2)) * x


def digamma_rest(w):
    if w < mp.mpf(10) ** -16:
        return mp.mpf(1) / 12
    x = 1 / mp.sqrt(w)
    return (mp.log(x) - 1 / (2 * x) - mp.digamma(x)) / w


def trigamma_rest(w):
    if w < mp.mpf(10) ** -16:
        return mp.mpf(1) / 6
    x = 1 / mp.sqrt(w)
    return (mp.psi(1, x) - 1 / x - 1 / (2 * x**2)) / w * x


def near_two(d):
    return mp.loggamma(2 + d) / d


def fits():
    wide, close, closer = LN2 * mp.mpf("1.002"), LN2 / 2 * mp.mpf("1.002"), LN2 / 2 * mp.mpf("1.005")
    root, slack = mp.sqrt(2), mp.mpf("1.001")
    square = ((root - 1) / (root + 1)) ** 2 * slack
    circle = (mp.pi / 4) ** 2 * mp.mpf("1.01")
    log_low, log_high = (mp.sqrt(mp.mpf(1) / 2) - 1) * slack, (root - 1) * slack
    yield "exp f32", fit(exp_rest, 6, over_exp, -wide, wide, 24)
    yield "exp_decay f32", fit(exp_rest, 5, over_exp, -close, close, 24)
    yield "exp f64", fit(exp_rest, 13, over_exp, -wide, wide, 53, 300)
    yield "exp_decay f64", fit(exp_rest, 11, over_exp, -close, close, 53)
    yield "expm1, tanh f32", fit(exp_rest, 5, over_expm1, -closer, closer, 24)
    yield "expm1, tanh f64", fit(exp_rest, 11, over_expm1, -closer, closer, 53, 300)
    yield "log f32", fit(lambda x: (mp.log1p(x) - x + x * x / 2) / x**3, 9, lambda x: x**3 / mp.log1p(x), log_low, log_high, 24)
    yield "log f64", fit(atanh_rest, 7, lambda z: z / 2, 0, square, 53, 300)
    yield "softplus f32", fit(lambda x: mp.log1p(x) / x, 10, lambda x: x / mp.log1p(x), 0, 1, 24)
    yield "softplus f64", fit(atanh_rest, 10, lambda z: z / 2, 0, mp.mpf(1) / 9, 53, 300)
    yield "sin f64", fit(sin_rest, 6, lambda z: z, 0, circle, 53, 300)
    yield "cos f64", fit(cos_rest, 6, lambda z: z**2, 0, circle, 53, 300)
    yield "sin f32", fit(sin_rest, 4, lambda z: z, 0, circle, 53, 300)
    yield "cos f32", fit(cos_rest, 4, lambda z: z**2, 0, circle, 53, 300)
    yield "sin_turn", fit(
        lambda z: (mp.sin(mp.pi * mp.sqrt(z)) / mp.sqrt(z) / mp.pi - 1) / z, 8, lambda z: z * mp.pi / 3, 0, mp.mpf(1) / 4, 53
    )
    yield "atan", fit(
        lambda z: (mp.atan(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, 11, lambda z: z, 0, (root - 1) ** 2 * slack, 53, 300
    )
    yield "erf_near", fit(lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z), 10, lambda z: mp.mpf(1), 0, mp.mpf("0.7") ** 2, 53)
    near, far, shift = mp.mpf("0.65"), mp.mpf("28.5"), mp.mpf("2.25")
    yield "erfc_scaled", fit(
        erfc_shape, 22, lambda t: 1 / erfc_shape(t), (near - shift) / (near + shift), (far - shift) / (far + shift), 53, 80
    )
    yield "lgamma near 2", fit(near_two, 18, lambda d: 1 / near_two(d), mp.mpf("-0.5"), mp.mpf("0.5"), 53, 80)
    yield "lgamma from 4.5", fit(stirling_rest, 8, mp.sqrt, 0, 1 / mp.mpf("4.5") ** 2, 53, 80)
    yield "digamma from 6", fit(digamma_rest, 7, lambda w: w, 0, mp.mpf(1) / 36, 53, 60)
    yield "trigamma from 6", fit(trigamma_rest, 8, lambda w: w, 0, mp.mpf(1) / 36, 53, 60)
    yield "log_pair", fit(atanh_rest_2, 7, lambda z: z**2 / 2, 0, square, 53)


def main():
    check = "--check" in sys.argv[1:]
    known = set()
    if check:
        text = (pathlib.Path(__file__).parent.parent / "ir" / "math" / "math.def").read_text()
        for piece in re.findall(r"\b0x[0-9a-f.]+p[+-]?\d+|\b\d+\.\d+", text):
            known.add(float.fromhex(piece) if piece.startswith("0x") else float(piece))
    missing = 0
    for name, (coefficients, error) in fits():
        values = [float(c) for c in coefficients]
        print(f"{name} (2^{float(mp.log(error, 2)):.1f}): " + ", ".join(v.hex() for v in values))
        for value in values:
            if check and abs(value) not in known:
                missing += 1
                print(f"  {value.hex()} is not in ir/math/math.def")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
