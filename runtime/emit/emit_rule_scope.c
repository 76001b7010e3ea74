/* What the templates of a rule ask for: names, sizes, arguments of the compiled functions, and what kind of rule it is. */
#include <inttypes.h>

#include "runtime/emit/emit_rule.h"

/* Bytes of a value over n coordinates, as an expression that cannot overflow. */
static const char *bytes_of(const RulePack *r, const PackState *state, const char *n) {
	Text out = text_new(r->pack->arena);
	int64_t factor = 1;
	int opened = 0;
	for (int i = 0; i < state->shape.rank; i++) {
		factor *= state->shape.dims[i] >= 0 ? state->shape.dims[i] : 1;
		opened += state->shape.dims[i] < 0;
	}
	text_printf(&out, "@_round(");
	for (int i = 0; i < opened; i++)
		text_printf(&out, "@_times(");
	if (factor != 1)
		text_printf(&out, "%" PRId64 " * ", factor);
	text_printf(&out, "sizeof(%s)", state->type);
	for (int i = 0; i < opened; i++)
		text_printf(&out, ", %s)", n);
	text_printf(&out, ")");
	return pack_name(r->pack, text_cstr(&out));
}

/* ---- names ---- */

/* What the functions of rule_step.c.in and rule_next.c.in call their own variables. */
static const char *const own[] = {"h",       "n",      "x",       "g",      "t",         "at",      "loss",
                                  "horizon", "states", "scratch", "begin",  "end",       "count",   "most",
                                  "sums",    "share",  "new_x",   "memcpy", "elsewhere", "start",   "first",
                                  "tensor",  "data",   "batch",   "value",  "new_g",     "new_loss"};

enum { OWN = sizeof own / sizeof *own };

/* C names of the states, of what replaces them, and of what all coordinates share. */
static void name_locals(RulePack *r) {
	Arena *arena = r->pack->arena;
	uint32_t alike = r->once ? r->once->results.count : 0, count = OWN;
	const char **taken = ARENA_ARRAY(arena, const char *, OWN + 2 * r->states.count + alike + 1);
	for (uint32_t i = 0; i < OWN; i++)
		taken[i] = own[i];
	for (uint32_t i = 0; i < r->states.count; i++) {
		PackState *state = &r->states.data[i];
		state->c = taken[count] = jit_c_unique(arena, r->pack->prefix, state->name, taken, count);
		count++;
		const char *next = arena_printf(arena, "new_%s", state->name);
		state->new_c = taken[count] = jit_c_unique(arena, r->pack->prefix, next, taken, count);
		count++;
	}
	r->alike = ARENA_ARRAY(arena, const char *, alike + 1);
	for (uint32_t i = 0; i < alike; i++) {
		const char *name = session_text(r->pack->session, r->once->results.data[i].name);
		r->alike[i] = taken[count] = jit_c_unique(arena, r->pack->prefix, name, taken, count);
		count++;
	}
}

/* ---- arguments: each list ends in ", " ---- */

static const char **numbered_sums(const RulePack *r) {
	const char **names = ARENA_ARRAY(r->pack->arena, const char *, r->rule->collectives + 1);
	for (uint32_t i = 0; i < r->rule->collectives; i++)
		names[i] = arena_printf(r->pack->arena, "&sums[%u]", (unsigned)i);
	return names;
}

/* The states that a function takes: all of them, from coordinate `at` on where it is worked through in blocks; of `once` those
 * that no coordinate has of its own. */
static const char **state_arguments(const RulePack *r, const IrFunc *func, uint32_t *count) {
	Arena *arena = r->pack->arena;
	const char **names = ARENA_ARRAY(arena, const char *, r->states.count + 1);
	*count = 0;
	for (uint32_t i = 0; i < r->states.count; i++) {
		const PackState *state = &r->states.data[i];
		bool piece = r->blocks && func == r->move;
		if (func != r->once || pack_rule_is_fixed(state->shape)) {
			names[(*count)++] =
				piece ? arena_printf(arena, "%s + %s", state->c, pack_rule_count(r, state->shape, "at")) : state->c;
		}
	}
	return names;
}

/* The arguments of a compiled function, each with ", " behind it: what stands for its roles where it is called. */
static const char *arguments(const RulePack *r, const IrFunc *func) {
	Arena *arena = r->pack->arena;
	const FeRule *rule = r->rule;
	if (!func)
		return "";
	bool piece = r->blocks && func == r->move;
	const char *x = piece ? "x + at" : "x", *g = piece ? "g + at" : "g", *f = "&loss", *t = "&t";
	const char *horizon = "&horizon", *seed = "&h->hyper.seed", *instance = "&h->hyper.instance", *first = "&first";
	const char *tensor = "&tensor", *theta = pack_name(r->pack, "@_theta"), *new_x = "new_x", *share = "share";
	const char *new_loss = "&new_loss", *new_g = "new_g";
	const char **hypers = ARENA_ARRAY(arena, const char *, rule->hypers.count + 1);
	for (uint32_t i = 0; i < rule->hypers.count; i++)
		hypers[i] = arena_printf(arena, "&h->hyper.%s", r->hypers[i]);
	const char **next = ARENA_ARRAY(arena, const char *, r->states.count + 1);
	for (uint32_t i = 0; i < r->states.count; i++)
		next[i] = r->states.data[i].new_c;
	uint32_t states, alike = r->once ? r->once->results.count : 0;
	const char **own_states = state_arguments(r, func, &states);
	IrByRole given = {0}, places = {0};
	ir_give(&given, IR_ROLE_X, &x, 1);
	ir_give(&given, IR_ROLE_G, &g, 1);
	ir_give(&given, IR_ROLE_F, &f, 1);
	ir_give(&given, IR_ROLE_T, &t, 1);
	ir_give(&given, IR_ROLE_HORIZON, &horizon, 1);
	ir_give(&given, IR_ROLE_SEED, &seed, 1);
	ir_give(&given, IR_ROLE_INSTANCE, &instance, 1);
	ir_give(&given, IR_ROLE_FIRST, &first, 1);
	ir_give(&given, IR_ROLE_TENSOR, &tensor, 1);
	ir_give(&given, IR_ROLE_HYPER, hypers, rule->hypers.count);
	ir_give(&given, IR_ROLE_THETA, &theta, 1);
	ir_give(&given, IR_ROLE_STATE, own_states, states);
	ir_give(&given, IR_ROLE_SUM, numbered_sums(r), rule->collectives);
	ir_give(&given, IR_ROLE_ALIKE, r->alike, alike);
	ir_give(&places, IR_ROLE_X, &new_x, 1);
	ir_give(&places, IR_ROLE_STATE, func == r->init ? own_states : next, states);
	ir_give(&places, IR_ROLE_F, &new_loss, 1);
	ir_give(&places, IR_ROLE_G, &new_g, 1);
	ir_give(&places, IR_ROLE_SHARE, &share, 1);
	ir_give(&places, IR_ROLE_ALIKE, r->alike, alike);
	pack_rule_give_data(r, &given);
	const char **names = ARENA_ARRAY(arena, const char *, func->params.count + func->results.count + 1);
	ir_arguments(func, &given, sizeof *names, names);
	ir_places(func, &places, sizeof *names, names + func->params.count);
	Text out = text_new(arena);
	for (uint32_t i = 0; i < func->params.count + func->results.count; i++)
		text_printf(&out, "%s, ", names[i]);
	return text_cstr(&out);
}

/* The last argument of a compiled function over n coordinates, or nothing. */
static const char *size_arg(const RulePack *r, const IrFunc *func, const char *n) {
	return func && func->symbols.count > 0 ? arena_printf(r->pack->arena, ", (ptrdiff_t)%s", n) : "";
}

/* ---- lists ---- */

static const char *decimal(const RulePack *r, double value) {
	Text text = text_new(r->pack->arena);
	text_real(&text, value, r->pack->real == IR_F32);
	return text_cstr(&text);
}

static void add_hypers(const RulePack *r, PackScope *scope) {
	const Pack *pack = r->pack;
	for (uint32_t i = 0; i < r->rule->hypers.count; i++) {
		const FeHyper *hyper = &r->rule->hypers.data[i];
		PackScope *item = pack_item(pack, scope, "hypers");
		pack_set(pack, item, "field", r->hypers[i]);
		pack_set(pack, item, "default", decimal(r, hyper->value));
		pack_set(pack, item, "literal", pack_real(pack, hyper->value));
		pack_flag(pack, item, "range", hyper->has_range);
		pack_set(pack, item, "low", decimal(r, hyper->low));
		pack_set(pack, item, "high", decimal(r, hyper->high));
	}
}

static void add_states(const RulePack *r, PackScope *scope) {
	const Pack *pack = r->pack;
	for (uint32_t i = 0; i < r->states.count; i++) {
		const PackState *state = &r->states.data[i];
		PackScope *item = pack_item(pack, scope, "states");
		pack_set(pack, item, "name", state->name);
		pack_set(pack, item, "c", state->c);
		pack_set(pack, item, "new_c", state->new_c);
		pack_set(pack, item, "type", state->type);
		pack_set(pack, item, "dims", pack_dims(pack, state->shape));
		pack_set(pack, item, "bytes_n", bytes_of(r, state, "n"));
		pack_set(pack, item, "bytes_most", bytes_of(r, state, "most"));
		pack_set(pack, item, "bytes_made", bytes_of(r, state, r->blocks ? "most" : "n"));
		pack_set(pack, item, "count_n", pack_rule_count(r, state->shape, "n"));
		pack_set(pack, item, "count_at", pack_rule_count(r, state->shape, "at"));
		pack_set(pack, item, "count_count", pack_rule_count(r, state->shape, "count"));
		pack_flag(pack, item, "more", i + 1 < r->states.count);
	}
}

static void add_sums(const RulePack *r, PackScope *scope) {
	const Pack *pack = r->pack;
	for (uint32_t i = 0; i < r->rule->collectives; i++) {
		PackScope *item = pack_item(pack, scope, "sums");
		pack_number(pack, item, "index", i);
		pack_number(pack, item, "number", i + 1);
		pack_flag(pack, item, "largest", r->rule->largest.data[i]);
		pack_set(pack, item, "start", r->rule->largest.data[i] ? "-INFINITY" : "0");
		pack_set(pack, item, "share_args", arguments(r, r->shares[i]));
		pack_set(pack, item, "share_size", size_arg(r, r->shares[i], "n"));
	}
}

/* The tensors that a rule is for, as initializers of C. */
static void set_shape_lists(const RulePack *r, PackScope *scope) {
	enum { SIZES_IN_A_LINE = 8, SHAPES_IN_A_LINE = 4 };
	const Pack *pack = r->pack;
	Text sizes = text_new(pack->arena), shapes = text_new(pack->arena);
	for (uint32_t i = 0; r->by_shape && i < r->target.count; i++) {
		const IrType *type = &r->target.types[i];
		text_printf(&sizes, "%s%s%" PRId64, i ? "," : "", i % SIZES_IN_A_LINE ? " " : "\n\t\t", r->target.sizes[i]);
		text_printf(&shapes, "%s%s{%d, {", i ? "," : "", i % SHAPES_IN_A_LINE ? " " : "\n\t\t", type->rank);
		for (int k = 0; k < type->rank; k++)
			text_printf(&shapes, "%s%" PRId64, k ? ", " : "", type->dims[k]);
		text_printf(&shapes, "%s}}", type->rank ? "" : "0");
	}
	pack_set(pack, scope, "shape_sizes", text_cstr(&sizes));
	pack_set(pack, scope, "shape_list", text_cstr(&shapes));
}

/* How a caller says which tensors there are: by sizes, or by shapes. */
static void add_tensors_words(const RulePack *r, PackScope *scope) {
	const Pack *pack = r->pack;
	bool shapes = r->by_shape;
	pack_set(pack, scope, "tensors_param", shapes ? pack_name(pack, "const @_shape *shapes") : "const size_t *sizes");
	pack_set(pack, scope, "tensors_name", shapes ? "shapes" : "sizes");
	pack_set(pack, scope, "tensors_size", shapes ? pack_name(pack, "@_numbers(&shapes[i])") : "sizes[i]");
	pack_set(pack, scope, "tensors_words", shapes ? "shapes" : "sizes (in numbers)");
	pack_set(pack, scope, "tensors_other", shapes ? "tensors of other shapes" : "tensors of other sizes");
	pack_number(pack, scope, "most_axes", IR_USER_RANK);
}

/* Neighbours of one shape are one entry. */
static void add_tensors(const RulePack *r, PackScope *scope) {
	const Pack *pack = r->pack;
	for (uint32_t i = 0, count; r->by_shape && i < r->target.count; i += count) {
		for (count = 1; i + count < r->target.count && ir_type_equal(r->target.types[i], r->target.types[i + count]);)
			count++;
		PackScope *item = pack_item(pack, scope, "tensors");
		pack_number(pack, item, "count", count);
		pack_set(pack, item, "what", count == 1 ? "tensor" : "tensors");
		pack_set(pack, item, "shape", r->target.types[i].rank ? pack_dims(pack, r->target.types[i]) : "one number");
	}
	set_shape_lists(r, scope);
	add_tensors_words(r, scope);
	pack_flag(pack, scope, "shapes", r->by_shape);
	pack_flag(pack, scope, "no_shapes", !r->by_shape);
	pack_number(pack, scope, "shape_count", r->target.count);
}

static void add_alike(const RulePack *r, PackScope *scope) {
	const Pack *pack = r->pack;
	for (uint32_t i = 0; r->once && i < r->once->results.count; i++) {
		IrType type = ir_type(r->once, r->once->results.data[i].value);
		PackScope *item = pack_item(pack, scope, "alike");
		pack_set(pack, item, "c", r->alike[i]);
		pack_set(pack, item, "type", pack_type(pack, type.scalar));
		pack_number(pack, item, "count", ir_type_elements(type, NULL));
	}
}

/* ---- the whole ---- */

static void add_arguments(const RulePack *r, PackScope *scope) {
	const Pack *pack = r->pack;
	uint32_t sums = r->rule->collectives;
	bool batch = r->on && r->on->objective->batch.slots.count > 0;
	const char *with_data = batch ? ", &data, &batch" : r->on ? ", &data" : "";
	pack_set(pack, scope, "init_args", arguments(r, r->init));
	pack_set(pack, scope, "once_args", arguments(r, r->once));
	pack_set(pack, scope, "move_args", arguments(r, r->move));
	pack_set(pack, scope, "next_args", arguments(r, r->next));
	pack_set(pack, scope, "next_size", size_arg(r, r->next, "n"));
	pack_set(pack, scope, "sums_param", sums > 0 ? pack_name(pack, "const @_real *sums, ") : "");
	pack_set(pack, scope, "sums_arg", sums > 0 ? "sums, " : "");
	bool places = r->rule->draws && !r->joint;
	pack_set(pack, scope, "place_param",
	         !places     ? ""
	         : r->blocks ? "int64_t start, int64_t tensor, "
	                     : "int64_t first, int64_t tensor, ");
	pack_set(pack, scope, "place_arg", places ? pack_name(pack, "@_start(h, i), (int64_t)i, ") : "");
	pack_set(pack, scope, "place_of_range", places ? pack_name(pack, "@_start(h, tensor), (int64_t)tensor, ") : "");
	pack_set(pack, scope, "elsewhere_param", r->evaluates ? pack_name(pack, "const @_elsewhere *elsewhere, ") : "");
	pack_set(pack, scope, "elsewhere_arg", r->evaluates ? ", elsewhere" : "");
	pack_set(pack, scope, "asks", r->evaluates ? ", ask, &asked" : with_data);
	pack_set(pack, scope, "asks_none", r->evaluates ? ", ask, NULL" : with_data);
	pack_set(pack, scope, "asks_plainly", r->evaluates ? ", elsewhere, NULL" : "");
	pack_set(pack, scope, "asks_readme", r->evaluates ? ", evaluate, context" : with_data);
	pack_set(pack, scope, "init_size", size_arg(r, r->init, "n"));
	pack_set(pack, scope, "move_size", size_arg(r, r->move, r->blocks ? "count" : "n"));
	pack_set(pack, scope, "horizon_value", r->rule->reads_horizon ? "h->hyper.horizon" : "1");
	pack_set(pack, scope, "most", r->blocks ? "most" : "n");
}

static void add_kind(const RulePack *r, PackScope *scope) {
	const Pack *pack = r->pack;
	const FeRule *rule = r->rule;
	bool choice = rule->hypers.count > 0 || rule->reads_horizon || rule->draws;
	pack_flag(pack, scope, "joint", r->joint);
	pack_flag(pack, scope, "evaluates", r->evaluates);
	pack_flag(pack, scope, "hands_on", r->next != NULL);
	pack_flag(pack, scope, "draws", rule->draws);
	pack_flag(pack, scope, "places", rule->draws && !r->joint);
	pack_flag(pack, scope, "places_in_pieces", rule->draws && !r->joint && r->blocks);
	pack_flag(pack, scope, "blocks", r->blocks);
	pack_flag(pack, scope, "init", r->init != NULL);
	pack_flag(pack, scope, "once", r->once != NULL);
	pack_flag(pack, scope, "no_states", r->states.count == 0);
	pack_flag(pack, scope, "states", r->states.count > 0);
	pack_flag(pack, scope, "reads_g", rule->reads_g);
	pack_flag(pack, scope, "reads_f", rule->reads_f);
	pack_flag(pack, scope, "reads_horizon", rule->reads_horizon);
	pack_flag(pack, scope, "choice", choice);
	pack_flag(pack, scope, "no_choice", !choice);
	pack_flag(pack, scope, "saves_numbers", rule->hypers.count > 0 || r->states.count > 0);
	pack_set(pack, scope, "tied", r->tied > 0 ? arena_printf(pack->arena, "%" PRId64, r->tied) : NULL);
	pack_set(pack, scope, "sum_count",
	         rule->collectives > 0 ? arena_printf(pack->arena, "%u", (unsigned)rule->collectives) : NULL);
}

static const char *sizes_text(const RulePack *r) {
	if (r->by_shape)
		return "This rule looks at the axes of its tensors, and so is for these, in this order, row-major";
	if (r->tied == 0) {
		return r->joint ? "Any number of tensors of any sizes (this rule sees them as one vector, in the order given)"
		                : "Any number of tensors of any sizes";
	}
	return arena_printf(r->pack->arena,
	                    r->joint ? "This rule is tied to %" PRId64
	                               " numbers: any number of tensors that have so many together, seen as one vector"
	                             : "This rule is tied to tensors of %" PRId64 " numbers, any number of them",
	                    r->tied);
}

static const char *sizes_example(const RulePack *r) {
	Arena *arena = r->pack->arena;
	if (r->by_shape)
		return pack_name(r->pack, "@_shape shapes[] = {...};                /* of the tensors, as below */");
	if (r->tied > 0 && r->joint) {
		return arena_printf(arena,
		                    "size_t sizes[2] = {%" PRId64 ", %" PRId64 "};  /* two tensors, %" PRId64 " in all */",
		                    r->tied - r->tied / 2, r->tied / 2, r->tied);
	}
	if (r->tied > 0) {
		return arena_printf(arena, "size_t sizes[2] = {%" PRId64 ", %" PRId64 "};  /* two tensors */", r->tied,
		                    r->tied);
	}
	return "size_t sizes[2] = {128, 10};             /* two tensors */";
}

/* "trained for 20 to 60 steps", or NULL where nothing is known. */
static const char *horizon_text(const RulePack *r) {
	const PackOptions *options = r->pack->options;
	if (options->horizon_high == 0)
		return NULL;
	return options->horizon_low == options->horizon_high
	           ? arena_printf(r->pack->arena, "trained for %d steps", options->horizon_high)
	           : arena_printf(r->pack->arena, "trained for %d to %d steps", options->horizon_low,
	                          options->horizon_high);
}

static void add_texts(const RulePack *r, PackScope *scope) {
	const Pack *pack = r->pack;
	const FeRule *rule = r->rule;
	const char *trained = horizon_text(r);
	pack_set(pack, scope, "name", session_text(pack->session, rule->decl->name.name));
	pack_set(pack, scope, "real", pack->real == IR_F32 ? "float" : "double");
	pack_set(pack, scope, "bits", pack->real == IR_F32 ? "uint32_t" : "uint64_t");
	pack_set(pack, scope, "sizes_text", sizes_text(r));
	pack_set(pack, scope, "sizes_end", r->by_shape ? ":" : ".");
	pack_set(pack, scope, "sizes_example", sizes_example(r));
	pack_number(pack, scope, "horizon", r->horizon);
	pack_set(pack, scope, "trained", trained ? arena_printf(pack->arena, "; %s", trained) : NULL);
	pack_set(pack, scope, "as_trained", trained ? arena_printf(pack->arena, ", as it was %s", trained) : NULL);
	pack_set(pack, scope, "model", arena_printf(pack->arena, "0x%016" PRIx64, r->model));
	pack_set(pack, scope, "learned_count",
	         rule->learned_count > 0 ? arena_printf(pack->arena, "%" PRId64, rule->learned_count) : NULL);
	pack_set(pack, scope, "weights_place", r->weights_apart ? pack_name(pack, " (`@_weights.c`)") : NULL);
	pack_number(pack, scope, "hyper_count", rule->hypers.count);
	pack_number(pack, scope, "horizon_bytes", (rule->reads_horizon ? 8 : 0) + (rule->draws ? 16 : 0));
	pack_number(pack, scope, "seed", (int64_t)pack->rt->options.seed);
	pack_set(pack, scope, "units", r->joint ? "1" : "h->tensors");
	pack_set(pack, scope, "unit_size", r->joint ? "h->total" : "sizes[i]");
}

void pack_rule_scope(RulePack *r) {
	name_locals(r);
	r->scope = pack_scope(r->pack, r->pack->scope);
	add_texts(r, r->scope);
	add_kind(r, r->scope);
	add_arguments(r, r->scope);
	add_hypers(r, r->scope);
	add_states(r, r->scope);
	add_sums(r, r->scope);
	add_alike(r, r->scope);
	add_tensors(r, r->scope);
	pack_rule_add_on(r, r->scope);
}
