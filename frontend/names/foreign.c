/* Words of other languages and libraries: what to write here in their place. */
#include "frontend/names/names.h"

#include <string.h>

typedef struct Foreign {
	const char *word, *here;
} Foreign;

static const char *find(const Foreign *table, size_t count, const char *word) {
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].word, word) == 0)
			return table[i].here;
	return NULL;
}

static const Foreign values[] = {
	{"True", "write `true`"},
	{"False", "write `false`"},
	{"None", "there is no missing value; `inf` and `if` expressions serve instead; an axis is added by an index, "
             "`let W[i, j] = u[i] * v[j]`"},
	{"Inf", "write `inf`"},
	{"infinity", "write `inf`"},
	{"Infinity", "write `inf`"},
	{"nan", "there is no name for NaN"},
	{"PI", "write `pi`"},
	{"eps", "the distance from 1 to the next number is `epsilon`"},
	{"len", "write `size(a)`, or `size(a, 0)` for one axis"},
	{"length", "write `size(a)`, or `size(a, 0)` for one axis"},
	{"shape", "write `size(a, 0)` for the first axis"},
	{"numel", "write `size(a)`"},
	{"range", "write `0..n`, as in `for k in 0..n`"},
	{"arange", "write `let a[i in n] = i`"},
	{"pow", "write `a^b`"},
	{"power", "write `a^b`"},
	{"square", "write `a^2`"},
	{"ln", "write `log(a)`"},
	{"fabs", "write `abs(a)`"},
	{"maximum", "write `max(a, b)`"},
	{"minimum", "write `min(a, b)`"},
	{"fmax", "write `max(a, b)`"},
	{"fmin", "write `min(a, b)`"},
	{"clamp", "write `clip(a, low, high)`"},
	{"ceiling", "write `ceil(a)`"},
	{"rint", "write `round(a)`"},
	{"fix", "write `trunc(a)`"},
	{"fract", "write `a % 1`"},
	{"mod", "write `a % b`"},
	{"isinf", "write `abs(a) == inf`"},
	{"swish", "write `silu(a)`"},
	{"expit", "write `sigmoid(a)`"},
	{"logit", "write `log(p / (1 - p))`"},
	{"stddev", "write `std(a)`"},
	{"percentile", "write `quantile(a, q)`, with a share q from 0 to 1"},
	{"diff", "write `let d[i in n - 1] = a[i + 1] - a[i]`"},
	{"matmul", "write `A @ B`"},
	{"einsum", "write the sum with its indices: `sum[k](A[i, k] * B[k, j])`"},
	{"cat", "write `concat(a, b)`"},
	{"concatenate", "write `concat(a, b)`"},
	{"grad", "derivatives are written `grad(E, v)`; in an optimizer the gradient at x is `g`"},
	{"gradient", "the gradient at x is `g`, in an optimizer"},
	{"learning_rate", "declare it as a hyperparameter: `optimizer r(lr = 0.1)`"},
	{"lr", "declare it as a hyperparameter: `optimizer r(lr = 0.1)`"},
	{"end", "the last position of an axis is `size(a, 0) - 1`"},
	{"T", "write `transpose(A)`"},
	{"Pi", "write `pi`"},
	{"π", "write `pi`"},
	{"newaxis", "an index names an axis: `let W[i, j] = u[i] * v[j]`"},
	{"select", "write `where(c, a, b)`"},
	{"cond", "write `if c then a else b`"},
	{"inv", "write `inverse(A)`, or `solve(A, b)`"},
	{"chol", "write `cholesky(A)`"},
	{"cho_solve", "two triangular systems: `triangular_solve_transposed(L, triangular_solve(L, b))`"},
	{"solve_triangular", "write `triangular_solve(L, b)`"},
	{"slogdet", "write `logdet(A)`"},
	{"determinant", "write `det(A)`"},
	{"tr", "write `trace(A)`"},
	{"identity", "write `eye(n)`"},
	{"I", "write `eye(n)`"},
	{"lstsq", "write `solve(transpose(A) @ A, transpose(A) @ b)`"},
	{"pinv", "write `solve(transpose(A) @ A, transpose(A))`"},
	{"kron", "write it with indices: `let K[i, k, j, l] = A[i, j] * B[k, l]`, then `reshape`"},
	{"eig", "there are cholesky, solve, triangular_solve, inverse, det and logdet"},
	{"eigh", "there are cholesky, solve, triangular_solve, inverse, det and logdet"},
	{"svd", "there are cholesky, solve, triangular_solve, inverse, det and logdet"},
	{"qr", "there are cholesky, solve, triangular_solve, inverse, det and logdet"},
	{"expm", "there are cholesky, solve, triangular_solve, inverse, det and logdet"},
	{"hessian", "write `jacobian(grad(E, v), v)`"},
	{"hvp", "write `jvp(grad(E, v), v, u)`"},
	{"vjp", "write `grad(dot(r, c), v)`"},
	{"deriv", "write `grad(E, v)`"},
	{"derivative", "write `grad(E, v)`"},
	{"backward", "write `grad(E, v)`"},
	{"detach", "write `stop_gradient(a)`"},
	{"rand", "what is drawn stands behind `~`: `given X : [n] ~ uniform(0, 1)`"},
	{"randn", "what is drawn stands behind `~`: `given X : [n] ~ normal(0, 1)`"},
	{"random", "what is drawn stands behind `~`: `given X : [n] ~ uniform(0, 1)`"},
	{"randint", "what is drawn stands behind `~`: `given k : int[n] ~ integer(0, 10)`"},
	{"choice", "what is drawn stands behind `~`: `batch pick : int[32] ~ integer(0, n)`"},
	{"shuffle", "an order is drawn by `~ permutation(n)`"},
	{"cross_entropy", "write `logsumexp[c](z[i, c]) - z[i, label[i]]`"},
	{"mse", "write `mean((a - b)^2)`"},
	{"mse_loss", "write `mean((a - b)^2)`"},
	{"read_csv", "write `data X : [n, d] from \"file.csv\"`"},
	{"load", "write `data X : [n, d] from \"file.npy\"`, in a rule `learn W : [n] from \"w.safetensors\"`"},
	{"loadtxt", "write `data X : [n, d] from \"file.csv\"`"},
	{"map", "an index says what runs over what: `let a[i] = f(w[i])`"},
	{"vmap", "an index says what runs over what: `let a[i] = f(w[i])`"},
	{"scan", "write a loop: `var h = ...`, `for k in 0..n { h <- ... }`"},
	{"zip", "an index runs over both: `sum[i](a[i] * b[i])`"},
	{"enumerate", "the index of an element is its position: `sum[i](i * a[i])`"},
	{"print", "`report name = e` in an objective gives a figure beside f"},
};

const char *foreign_value(const char *word) {
	return find(values, sizeof values / sizeof *values, word);
}

const char *foreign_distribution(const char *word) {
	static const Foreign table[] = {
		{"gaussian", "normal"},
		{"Gaussian", "normal"},
		{"gauss", "normal"},
		{"N", "normal"},
		{"randn", "normal"},
		{"rand", "uniform"},
		{"U", "uniform"},
		{"unif", "uniform"},
		{"randint", "integer"},
		{"int", "integer"},
		{"bernouli", "bernoulli"},
		{"binary", "bernoulli"},
		{"log_uniform", "loguniform"},
		{"shuffle", "permutation"},
		{"randperm", "permutation"},
		{"binom", "binomial"},
		{"Binomial", "binomial"},
		{"pois", "poisson"},
		{"Poisson", "poisson"},
	};
	return find(table, sizeof table / sizeof *table, word);
}

const char *foreign_rule(const char *word) {
	static const Foreign table[] = {
		{"sgd", "gradient_descent"},
		{"SGD", "gradient_descent"},
		{"gd", "gradient_descent"},
		{"GD", "gradient_descent"},
		{"Adam", "adam"},
		{"AdamW", "adamw"},
		{"RMSprop", "rmsprop"},
		{"RMSProp", "rmsprop"},
		{"Adagrad", "adagrad"},
		{"AdaGrad", "adagrad"},
		{"NAG", "nesterov"},
		{"nag", "nesterov"},
		{"heavy_ball", "momentum"},
		{"sgd_momentum", "momentum"},
		{"gradient", "gradient_descent"},
		{"steepest", "gradient_descent"},
		{"steepest_descent", "gradient_descent"},
		{"Lion", "lion"},
		{"NAdam", "nadam"},
		{"RAdam", "radam"},
		{"QHAdam", "qhadam"},
		{"AMSGrad", "amsgrad"},
		{"AdEMAMix", "ademamix"},
		{"Adafactor", "adafactor_vector"},
		{"adafactor", "adafactor_vector"},
		{"LAMB", "lamb"},
		{"LARS", "lars"},
		{"LBFGS", "lbfgs"},
		{"BFGS", "bfgs"},
		{"ASGD", "averaged"},
		{"SGDR", "warm_restarts"},
		{"EMA", "smoothed"},
		{"DoG", "distance_over_gradients"},
		{"WSD", "warm_up_stable_decay"},
	};
	return find(table, sizeof table / sizeof *table, word);
}

const char *foreign_param(const char *word) {
	static const Foreign table[] = {
		{"learning_rate", "lr"},
		{"learningRate", "lr"},
		{"rate", "lr"},
		{"step_size", "lr"},
		{"alpha", "lr"},
		{"eta", "lr"},
		{"momentum", "beta"},
		{"mu", "beta"},
		{"gamma", "beta"},
		{"epsilon", "eps"},
		{"weight_decay", "decay"},
		{"wd", "decay"},
		{"b1", "beta1"},
		{"b2", "beta2"},
		{"rho", "beta"},
	};
	return find(table, sizeof table / sizeof *table, word);
}
