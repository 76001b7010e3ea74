/* What the language says, one small objective each: its value at the start is known in closed form. */
#include "ir/eval/eval.h"
#include "lower_instances.h"

/* w = [1, 2, 3], A = [[1, 2, 3], [4, 5, 6]], s = 0.5 are parameters; n = 5, d = 3, k = 2, r = 0.5 are given. */
static const char *const frame = "const half = 1 / 2\n"
								 "const order : int[3] = [2, 0, 1]\n"
								 "fn unit(v) = v / norm(v)\n"
								 "fn power(a, e = 2) = a^e\n"
								 "fn both(a, b) {\n  let c = a + b\n  return c, a - b\n}\n"
								 "fn horner(x, n) {\n  var y = 0\n  for j in 0..n { y <- y * x + 1 }\n  return y\n}\n"
								 "fn larger(a, b) {\n  var m = a\n  if b > a { m <- b }\n  return m\n}\n"
								 "objective o(n = 5, d = 3, k = 2, r = 0.5) {\n"
								 "  param w : [d] = [1, 2, 3]\n"
								 "  param A : [2, 3] = [[1, 2, 3], [4, 5, 6]]\n"
								 "  param s : real = 0.5\n"
								 "  %s\n}\n";

static const struct {
	const char *body;
	double expected;
} cases[] = {
	/* whole numbers and real ones */
	{"minimize 7 / 2 + s * 0", 3.5},
	{"minimize 7 // 2 + 7 % 4 + -7 // 2 + -7 % 4 + s * 0", 3 + 3 - 4 + 1},
	{"minimize 2^3^2 + s", 512.5},
	{"minimize -s^2", -0.25},
	{"minimize (-2)^3 * s", -4},
	{"minimize s^-2", 4},
	{"minimize 4^s", 2},
	{"minimize sum[i in 4](2^i) + s", 15.5},
	{"minimize sum[i in 4]((3^i) // 2) + s", 0 + 1 + 4 + 13 + 0.5},
	{"minimize half + s", 1},
	{"minimize sum[i in n](i / 2) + s", 5.5},
	{"minimize sum[i in n](i // 2) + s", 4.5},
	{"minimize 5.5 // 2 + 5.5 % 2 + s", 2 + 1.5 + 0.5},
	{"minimize n * d * s", 7.5},
	{"minimize if 1 < 2 <= 2 < 3 then s else 0", 0.5},
	{"minimize where(w[0] < w[1] < w[2] and not (s > 1) or false, s, 2)", 0.5},
	{"minimize if 2 > 1 then s else w[17]", 0.5},
	/* index notation */
	{"let z[i] = sum[j](A[i, j] * w[j])\n minimize z[0] + 100 * z[1]", 14 + 3200},
	{"minimize sum[i, j](A[i, j] * w[j])", 46},
	{"minimize sum[i](w[i] * w[i])", 14},
	{"minimize sum[i in d - 1](w[i + 1] - w[i]^2)", (2 - 1) + (3 - 4)},
	{"minimize sum[i in 1..d](w[i] * w[i - 1])", 8},
	{"minimize sum[i](w[i + 1] * 2)", 12},
	{"minimize sum[i](w[2 - i] * i)", 2 + 2},
	{"let K = [1.0, 10.0]\n let c[y] = sum[p](w[y + p] * K[p])\n minimize c[0] + c[1] * 1000", 21 + 32000},
	{"minimize sum[y in 3, p in 3, 0 <= y + p - 1 < 3](w[y + p - 1])", 1 + 2 + 1 + 2 + 3 + 2 + 3},
	{"minimize sum[i, j, i < j](w[i] * w[j])", 2 + 3 + 6},
	{"minimize sum[i, j, i != j](w[i] * w[j])", 22},
	{"minimize sum[i, j, i == j](w[i] * w[j])", 14},
	{"minimize sum[i, w[i] > 1](w[i])", 5},
	{"minimize sum[i in 6, i % 2 == 1](i) * s", 4.5},
	{"minimize mean[i, i > 0](w[i])", 2.5},
	{"minimize max[i, i < 2](w[i])", 2},
	{"minimize sum[i in 3, j in 3, j <= i](w[j]) + s", 1 + 3 + 6 + 0.5},
	{"minimize sum[i in 3](if i > 0 then w[i - 1] else 10)", 13},
	{"minimize sum[i in 6](if i % 2 == 0 and i < 5 then w[i // 2] else 0)", 6},
	{"let T = [[1, 2], [3, 4], [5, 6]]\n minimize sum[i, j](T[i, j] * (i + 10 * j)) + s", 149.5},
	{"let T = [[[1, 2]], [[order[0], 4]]]\n minimize sum[i, j, h](T[i, j, h] * (i + 10 * h)) + s",
     2 + 4 + 10 * 6 + 0.5},
	{"minimize sum[i](w[order[i]] * i)", 1 + 2 * 2},
	{"let B[i, j] = A[j, i]\n minimize sum[i](B[i, 1] * i)", 5 + 12},
	{"minimize sum[j](A[1][j])", 15},
	{"minimize sum(A[:, 1]) + sum(A[1, 0..2]) + sum(A[0])", 7 + 9 + 6},
	{"minimize unit(w)[2] * norm(w)", 3},
	{"let U[i, m in 3] = unit(A[i, :])[m]\n minimize sum[i, m](U[i, m]^2)", 2},
	{"let y[i in n] = i\n minimize sum(y) * s", 5},
	{"let T[i in 2, j in 2] : [3] = w\n minimize sum(T)", 24},
	/* arrays of indices, slices that move */
	{"minimize sum(w[order] * [1, 10, 100])", 3 + 10 + 200},
	{"minimize sum(A[:, order] @ [1, 10, 100])", 3 + 10 + 200 + 6 + 40 + 500},
	{"let p : int[2, 2] = [[1, 0], [0, 0]]\n minimize sum(A[p][0, 0]) + 100 * sum(A[p, 2])",
     15 + 100 * (6 + 3 + 3 + 3)},
	{"let p : int[2, 2] = [[1, 0], [2, 0]]\n let z[i] = sum(w[p[i]] * [1, 10])\n minimize z[0] + 100 * z[1]",
     12 + 100 * 13},
	{"let z[i] = A[1][order][i]\n minimize z[0] + 10 * z[1] + 100 * z[2]", 6 + 40 + 500},
	{"minimize sum[i in 2](sum(w[i..i + 2]) * 10^i)", 3 + 50},
	{"minimize sum(w[order[1]..order[1] + 2])", 3},
	{"var t = 0\n for i in 0..2 { t <- t + sum(w[i..i + 2] * [1, 10]) }\n minimize t", 21 + 32},
	{"var h = zeros(7)\n for i in 0..5 { h[i..i + 3] <- h[i..i + 3] + i * w }\n minimize h[2] + 100 * h[4] + 1e4 * "
     "h[6]",
     2 * 1 + 1 * 2 + 100 * (4 * 1 + 3 * 2 + 2 * 3) + 1e4 * 4 * 3},
	/* reductions */
	{"minimize sum(A) + mean(A) + max(A) + min(A) + prod(w)", 21 + 3.5 + 6 + 1 + 6},
	{"minimize logsumexp[i](1000 * w[i]) + logsumexp(w) - 3", 3000 + 0.40760596444438 + 0},
	{"minimize argmax[i](-(w[i] - 2.2)^2) + argmin[i](w[i]) + s", 1.5},
	{"minimize argmax[i in 1..3](-w[i]) + s", 1.5},
	{"minimize if any(w > 2) and all(w > 0) and not all[i](w[i] > 1) then s else 9", 0.5},
	{"minimize sum(w > 1) + mean(w > 1) + s", 2 + 2.0 / 3 + 0.5},
	{"minimize max(w[0], s) + min(1, s, 3) + sum(max(w, 2)) + sum(clip(w, 1.5, 2.5))", 1 + 0.5 + 7 + 6},
	{"minimize dot(w, w) + norm(w)^2 + rms(w)^2 * 3", 42},
	{"minimize sum[i](max[j](A[i, j]))", 9},
	{"minimize sum[i](max[j](A[i, j]) * sum[j](A[i, j]))", 18 + 90},
	/* shapes */
	{"minimize sum((A @ w) * [1, 10])", 14 + 320},
	{"minimize sum(A @ transpose(A))", 14 + 32 + 32 + 77},
	{"minimize [1, 2] @ A @ w", 14 + 64},
	{"let B = stack(A, 2 * A)\n minimize sum(B @ w * [[1, 10], [100, 1000]])", 14 + 320 + 2800 + 64000},
	{"let B = stack(A, 2 * A)\n minimize sum((B @ transpose(A))[1]) + sum(([1, 2] @ B)[1])", 2 * 155 + 2 * 36},
	{"let B = stack(A, 2 * A)\n let C[l in 2, i in 3, j in 2] = A[j, i] * (l + 1)\n minimize sum((B @ C)[1])", 4 * 155},
	{"let C[l in 2, i in 3, j in 2] = A[j, i] * (l + 1)\n minimize sum((A @ C)[1]) + sum((w @ C)[0])", 2 * 155 + 46},
	{"minimize sum(concat(w, [10, 20], [s]))", 36.5},
	{"minimize concat(w, [10, 20])[3] + concat([7], w)[1]", 11},
	{"minimize sum(stack(w, w)[1])", 6},
	{"minimize reshape(A, 6)[4] + reshape(A, 3, 2)[1, 1] + reshape(w, 1, 3)[0, 2]", 5 + 4 + 3},
	{"minimize flip(w)[0] + cumsum(w)[2] + sum(cumsum(A)[1])", 3 + 6 + 21},
	{"minimize sum(eye(3) @ w) + sum(zeros(2, 2)) + sum(ones(n)) + sum(iota(n)) + sum(like(2, w))", 6 + 5 + 10 + 6},
	{"minimize size(A) + size(A, 1) + size(w) + s", 12.5},
	{"minimize sum(w^2) + sum(2 * w) + sum(w - 1) + sum(w / w)", 14 + 12 + 3 + 3},
	/* matrices */
	{"let M = A @ transpose(A)\n minimize cholesky(M)[1, 0] * cholesky(M)[0, 0]", 32},
	{"let M = A @ transpose(A)\n minimize det(M) + trace(M) + exp(logdet(M))", 54 + 91 + 54},
	{"minimize sum(solve(A @ transpose(A), [14, 32])) + sum(inverse(A @ transpose(A)) @ [32, 77])", 2},
	{"let L = [[2, 100], [1, 4]]\n minimize dot(triangular_solve(L, [2, 9]), [1, 10])", 21},
	{"let L = [[2, 100], [1, 4]]\n minimize dot(triangular_solve_transposed(L, [4, 8]), [1, 10])", 21},
	{"minimize det([[0, 2], [3, 0]]) + sum(solve([[0, 2], [4, 0]], [[2, 4], [4, 8]]))", -6 + 6},
	{"minimize sum(outer(w, [1, 10]) @ [1, 1]) + trace(diag(w)) + sum(diag(outer(w, w)))", 66 + 6 + 14},
	{"minimize sum[a](det(w[a] * eye(2) + A[:, 0..2]))", 4 + 13 + 24},
	{"minimize sum(cholesky(zeros(0 + 1, 1) + 4)) + logdet([[s]]) - log(s) + det([[s]])", 2.5},
	/* functions and statements */
	{"minimize power(s) + power(s, e = 3) + power(e = 1, a = 4)", 0.25 + 0.125 + 4},
	{"let p, q = both(s, 2)\n minimize p + 10 * q", 2.5 - 15},
	{"minimize horner(s, 3) + horner(2, 7) * s", 1.75 + 63.5},
	{"minimize sum[i](horner(w[i], 3))", 3 + 7 + 13},
	{"minimize sum[i](horner(w[i], 6))", 6 + 63 + 364},
	{"minimize larger(s, 2) + sum[i](larger(w[i], 2))", 2 + 2 + 2 + 3},
	{"var t = 0\n for i in 0..10 { t <- t + i * s }\n minimize t", 22.5},
	{"var t = 0\n for i in 0..10 by 3 { t <- 10 * t + i }\n minimize t + s", 369.5},
	{"var t = 0\n for i in 9..-1 by -1 { t <- 10 * t + i }\n minimize t + s", 9876543210.5},
	{"var t = 0\n for i in 9..0 by -3 { t <- 10 * t + i }\n minimize t + s", 963.5},
	{"var t = 0\n for i in d - 1..-1 by -1 { t <- 10 * t + w[i] }\n minimize t", 321},
	{"var t = 0\n for i in 0..8 { for j in i..8 by 3 { t <- t + j * s } }\n minimize t",
     0.5 * (0 + 3 + 6 + 1 + 4 + 7 + 2 + 5 + 3 + 6 + 4 + 7 + 5 + 6 + 7)},
	{"var t = 0\n for i in 0..8 { for j in i..0 by -2 { t <- t + j * s } }\n minimize t",
     0.5 * (1 + 2 + 4 + 6 + 9 + 12 + 16)},
	{"var t = 0\n for i in 0..8 { for j in i..i by -2 { t <- t + 1 } }\n minimize t + s", 0.5},
	{"var v = w\n for i in 0..8 {\n v <- concat(v[1..3], v[0..1])\n }\n minimize v[0]", 3},
	{"var h = zeros(3, 2)\n for i in 0..3 {\n h[i, j] <- w[i] * (j + 1)\n }\n h[0, :] <- h[1, :]\n minimize sum(h) + "
     "h[0, 1]",
     6 + 6 + 9 + 4},
	{"var h = zeros(6)\n for i in 0..6 {\n if i % 2 == 0 { h[i] <- i * s } else { h[i] <- 1 }\n }\n minimize sum(h)",
     3 + 3},
	{"var a = s\n var b = 2\n if a < b { a <- 10 } else { b <- 20 }\n minimize a + b", 12},
	{"var c : int = 0\n for i in 0..7 { c <- (c + 3) % 5 }\n minimize w[c]", 2},
	{"var v = w\n v[i in 2] <- v[i + 1]\n minimize v[0] + 10 * v[1] + 100 * v[2]", 2 + 30 + 300},
	/* where and if do not let the other arm through */
	{"minimize sum(where(w > 1.5, log(w - 1.5), 0))", -0.69314718055994531 + 0.40546510810816438},
	{"minimize if s > 1 then 1 / 0 else s", 0.5},
	/* elementwise functions */
	{"minimize exp(s) + log(s) + log1p(s) + expm1(s) + sqrt(s) + abs(-s) + sign(-s)",
     1.6487212707001282 - 0.69314718055994531 + 0.40546510810816438 + 0.64872127070012815 + 0.70710678118654752 + 0.5 -
         1},
	{"minimize sin(s)^2 + cos(s)^2 + tan(s) * cos(s) / sin(s) + atan(1) * 4 / pi + atan2(s, s) * 4 / pi + floor(2.5 + "
     "s * 0)",
     1 + 1 + 1 + 1 + 2},
	{"minimize tanh(s) + sigmoid(s) + softplus(s) + relu(-s) + elu(-s) + gelu(s) + erf(s) + lgamma(s)",
     0.46211715726000976 + 0.62245933120185459 + 0.97407698418010669 + 0 - 0.39346934028736658 + 0.34573123063700656 +
         0.52049987781304654 + 0.57236494292470008},
	{"minimize stop_gradient(s) + epsilon * 0", 0.5},
};

Test(lower_language, values) {
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		char text[8192];
		snprintf(text, sizeof text, frame, cases[k].body);
		Lower l = lower_new(text);
		FeCall call;
		FeObjective *o = fe_call_text(l.program, "o()", AST_OBJECTIVE, &call)
		                     ? fe_objective(l.program, l.module, &call, IR_F64)
		                     : NULL;
		if (!o) {
			diag_print_all(l.session, stderr, false);
			cr_expect(false, "%s", cases[k].body);
			lower_free(&l);
			continue;
		}
		lower_verified(o->setup);
		lower_verified(o->start);
		lower_verified(o->value);
		IrTensor values[16];
		lower_problem(&l, o, 1, 1, values);
		lower_close(lower_value(&l, o, values), cases[k].expected, 1e-13, cases[k].body);
		lower_free(&l);
	}
}
