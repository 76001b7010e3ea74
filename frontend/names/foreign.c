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

const char *foreign_value(const char *word) {
	static const Foreign table[] = {
		{"True", "write `true`"},
		{"False", "write `false`"},
		{"None", "there is no missing value; `inf` and `if` expressions serve instead"},
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
		{"isinf", "write `abs(a) == inf`"},
		{"swish", "write `silu(a)`"},
		{"expit", "write `sigmoid(a)`"},
		{"logit", "write `log(p / (1 - p))`"},
		{"stddev", "write `std(a)`"},
		{"percentile", "write `quantile(a, q)`, with a share q from 0 to 1"},
		{"diff", "write `let d[i in n - 1] = a[i + 1] - a[i]`"},
		{"matmul", "write `A @ B`"},
		{"einsum", "write the sum with its indices: `sum[k](A[i, k] * B[k, j])`"},
		{"cat", "write `concat([a, b])`"},
		{"concatenate", "write `concat([a, b])`"},
		{"grad", "the gradient at x is `g`, in an optimizer"},
		{"gradient", "the gradient at x is `g`, in an optimizer"},
		{"learning_rate", "declare it as a hyperparameter: `optimizer r(lr = 0.1)`"},
		{"lr", "declare it as a hyperparameter: `optimizer r(lr = 0.1)`"},
		{"print", "`report name = e` in an objective gives a figure beside f"},
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
