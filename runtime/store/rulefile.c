/* A trained rule as source: the text that was written, with the learned numbers where their starting values stood. What
 * is a scalar can be read in place, what is a tensor lies in a safetensors file beside it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/store/store.h"

typedef struct Edit {
	uint32_t start, end;
	const char *text;
} Edit;

typedef struct Edits {
	Arena *arena;
	VEC(Edit) list;
} Edits;

static void edit(Edits *edits, uint32_t start, uint32_t end, const char *text) {
	Edit one = {start, end, text};
	vec_push(edits->arena, &edits->list, one);
}

static int by_start(const void *a, const void *b) {
	const Edit *x = a, *y = b;
	return (x->start > y->start) - (x->start < y->start);
}

static void print_edited(const Source *source, Span span, const Edits *edits, Text *out) {
	uint32_t at = span.start;
	for (uint32_t i = 0; i < edits->list.count; i++) {
		const Edit *one = &edits->list.data[i];
		text_bytes(out, source->text + at, one->start - at);
		text_printf(out, "%s", one->text);
		at = one->end;
	}
	text_bytes(out, source->text + at, span.end - at);
}

/* The fewest digits that read back as this number of the rule's precision. Where they would name a number on a limit or
 * beyond it, all digits of the number itself, which lies inside. */
static const char *learned_text(Arena *arena, double value, const FeLearned *learned, IrScalar real) {
	Text text = text_new(arena);
	text_real(&text, value, real == IR_F32);
	double read = strtod(text_cstr(&text), NULL);
	if (isfinite(value) && !(read > learned->slot.limits.low && read < learned->slot.limits.high)) {
		text = text_new(arena);
		text_real(&text, value, false);
	}
	return text_cstr(&text);
}

/* An extent as the file says it: what follows from the size of x says so, so that the rule stays tied to it, and for other sizes
 * the tensor in the file is refused. Where no axis is as long as x, the first one is said relative to it. */
static void put_extent(Text *text, const FeLearned *learned, uint32_t axis, int64_t n) {
	long long extent = (long long)learned->slot.type.dims[axis], more = extent - (long long)n;
	if (learned->like_x >> axis & 1)
		text_printf(text, "size(x)");
	else if (axis == 0 && learned->by_size && !learned->like_x && n > 0)
		text_printf(text, "size(x) %c %lld", more < 0 ? '-' : '+', more < 0 ? -more : more);
	else
		text_printf(text, "%lld", extent);
}

/* n: the size of x. */
static void edit_learned(Edits *edits, const FeLearned *learned, IrScalar real, int64_t n, const double *values,
                         const char *weights) {
	const FeSlot *slot = &learned->slot;
	const AstDeclare *declare = learned->declare;
	uint32_t start = declare->source.start;
	Text text = text_new(edits->arena);
	if (slot->type.rank == 0) {
		if (declare->value)
			start = declare->value->span.start; /* comments between `=` and the value stay */
		text_printf(&text, "%s%s", declare->value ? "" : "= ",
		            learned_text(edits->arena, values[slot->offset], learned, real));
	} else {
		/* A file is read in the shape of a type: one that was not written, or is the whole of it only with a head, is put. */
		bool typed = declare->type.span.file != 0 && !declare->has_head;
		if (declare->has_head)
			start = declare->names.data[0].span.end;
		text_printf(&text, "%s", typed ? "" : declare->has_head ? " : [" : ": [");
		for (uint32_t i = 0; !typed && i < slot->type.rank; i++) {
			put_extent(&text, learned, i, n);
			text_printf(&text, "%s", i + 1 < slot->type.rank ? ", " : "] ");
		}
		text_printf(&text, "from \"%s\"", weights);
	}
	edit(edits, start, declare->source.end, text_cstr(&text));
}

/* ---- rules that the rule applies ----
 *
 * What a rule learns that is applied stands in a copy of its declaration, in front: `base = inner` of a trained rule is `inner` with its
 * numbers. Where two parameters are one rule, the second copy is called `inner_2`, also where it is applied. Its tensors lie beside
 * those of the rule as `inner_2.W`. */

typedef struct RuleCopy {
	const char *key; /* what it is called by the trained rule: "base.inner" */
	const AstDecl *decl;
	const char *name;
} RuleCopy;

typedef struct RuleFile {
	const Rt *rt;
	Arena *arena;
	const FeCall *call; /* of the trained rule */
	const FeRule *rule;
	const double *natural;
	const char *weights; /* the file of its tensors */
	int64_t n;           /* the size of x */
	Text *out;
	Safetensors *tensors;
	VEC(RuleCopy) copies;
	VEC(RuleCopy) renamed; /* what has a name in the file that it does not have in its own: key unused */
} RuleFile;

static const char *text_of(const RuleFile *f, Name name) {
	return name ? session_text(f->rt->session, name) : "";
}

/* ---- declarations of one name, from several files ---- */

static const char *name_in_file(const RuleFile *f, const AstDecl *decl) {
	for (uint32_t i = 0; i < f->renamed.count; i++)
		if (f->renamed.data[i].decl == decl)
			return f->renamed.data[i].name;
	return NULL;
}

typedef struct Renaming {
	const RuleFile *f;
	Edits *edits;
} Renaming;

static void rename_mention(const AstDecl *mentioned, Span span, void *context) {
	const Renaming *r = context;
	const char *name = name_in_file(r->f, mentioned);
	for (uint32_t i = 0; name && i < r->edits->list.count; i++) {
		const Edit *other = &r->edits->list.data[i];
		if (other->start <= span.start && span.end <= other->end) /* that is written anew */
			return;
	}
	if (name)
		edit(r->edits, span.start, span.end, name);
}

static const char *excerpt(const RuleFile *f, const AstExpr *x) {
	Edits edits = {.arena = f->arena};
	Text text = text_new(f->arena);
	fe_mentions_in(f->rt->program, x, rename_mention, &(Renaming){f, &edits});
	if (edits.list.count > 0)
		qsort(edits.list.data, edits.list.count, sizeof(Edit), by_start);
	print_edited(f->rt->session->sources.data[x->span.file], x->span, &edits, &text);
	return text_cstr(&text);
}

static void print_decl(const RuleFile *f, const AstDecl *decl, Edits *edits) {
	const char *name = name_in_file(f, decl);
	if (name)
		edit(edits, decl->name.span.start, decl->name.span.end, name);
	fe_mentions(f->rt->program, decl, rename_mention, &(Renaming){f, edits});
	if (edits->list.count > 0)
		qsort(edits->list.data, edits->list.count, sizeof(Edit), by_start);
	print_edited(f->rt->session->sources.data[decl->span.file], decl->span, edits, f->out);
	text_char(f->out, '\n');
}

/* What the rule needs has a name of its own in the file. */
static void rename_alike(RuleFile *f, const bool *needed, uint32_t count) {
	for (uint32_t i = 0; i < count; i++) {
		const AstDecl *decl = fe_decl(f->rt->program, i);
		unsigned number = 1;
		if (needed[i] && decl != f->rule->decl && decl->name.name == f->rule->decl->name.name)
			number++;
		for (uint32_t k = 0; k < i && needed[i]; k++)
			if (needed[k] && fe_decl(f->rt->program, k)->name.name == decl->name.name)
				number++;
		if (number == 1)
			continue;
		RuleCopy one = {.decl = decl};
		do
			one.name = arena_printf(f->arena, "%s_%u", text_of(f, decl->name.name), number++);
		while (fe_find(f->rt->program, session_name(f->rt->session, one.name)));
		vec_push(f->arena, &f->renamed, one);
	}
}

/* ---- what it learns of others ---- */

static bool begins_with(const char *text, const char *key) {
	size_t length = strlen(key);
	return strncmp(text, key, length) == 0 && (text[length] == '.' || text[length] == '\0');
}

/* Is something declared by the rule of this key, or by one that it applies, learned? */
static bool learns(const RuleFile *f, const char *key) {
	for (uint32_t i = 0; i < f->rule->learned.count; i++) {
		const FeLearned *l = &f->rule->learned.data[i];
		if (l->within && !l->from_hyper && begins_with(text_of(f, l->within), key))
			return true;
	}
	return false;
}

static const char *key_within(const RuleFile *f, const char *key, const char *name) {
	return key[0] ? arena_printf(f->arena, "%s.%s", key, name) : name;
}

static const char *copy_name(const RuleFile *f, const char *key, const AstDecl *decl) {
	for (uint32_t i = 0; i < f->copies.count; i++)
		if (strcmp(f->copies.data[i].key, key) == 0)
			return f->copies.data[i].name;
	const char *name = name_in_file(f, decl);
	return name ? name : text_of(f, decl->name.name);
}

/* The rule that an expression names, or calls; NULL: none. */
static const AstDecl *rule_named(const RuleFile *f, const AstExpr *x) {
	Name name = !x ? 0 : x->kind == AST_NAME ? x->name : x->kind == AST_CALL ? x->call.callee.name : 0;
	const AstDecl *decl = name ? fe_find_in(f->rt->program, x->span.file, name) : NULL;
	return decl && decl->kind == AST_OPTIMIZER ? decl : NULL;
}

/* What was learned under this name for a hyperparameter that was opened; NULL: nothing. */
static const char *opened_text(const RuleFile *f, const char *name) {
	for (uint32_t i = 0; i < f->rule->learned.count; i++) {
		const FeLearned *l = &f->rule->learned.data[i];
		if (l->from_hyper && strcmp(text_of(f, l->slot.name), name) == 0)
			return learned_text(f->arena, f->natural[l->slot.offset], l, f->rule->real);
	}
	return NULL;
}

static const char *given_text(const RuleFile *f, const AstExpr *x, const char *key);

/* `base = adam(lr = 0.1)` as it is written, but for what was learned of it and what the copy is called. */
static const char *rule_text(const RuleFile *f, const AstDecl *decl, const AstExpr *x, const char *key) {
	Text text = text_new(f->arena);
	uint32_t given = x->kind == AST_CALL ? x->call.args.count : 0;
	const char *between = "(";
	text_printf(&text, "%s", copy_name(f, key, decl));
	for (uint32_t k = 0; k < decl->params.count; k++) {
		Name name = decl->params.data[k].name.name;
		const char *inner = key_within(f, key, text_of(f, name)), *value = opened_text(f, inner);
		for (uint32_t i = 0; i < given && !value; i++) {
			const AstArg *arg = &x->call.args.data[i];
			if (arg->name.name ? arg->name.name == name : i == k)
				value = given_text(f, arg->value, inner);
		}
		if (!value)
			continue;
		text_printf(&text, "%s%s = %s", between, text_of(f, name), value);
		between = ", ";
	}
	text_printf(&text, "%s", between[0] == ',' ? ")" : "");
	return text_cstr(&text);
}

static bool opens(const RuleFile *f, const char *key) {
	for (uint32_t i = 0; i < f->rule->learned.count; i++)
		if (f->rule->learned.data[i].within && begins_with(text_of(f, f->rule->learned.data[i].within), key))
			return true;
	return false;
}

/* What is given for a parameter that the trained rule calls by this key. */
static const char *given_text(const RuleFile *f, const AstExpr *x, const char *key) {
	const AstDecl *decl = rule_named(f, x);
	return decl && opens(f, key) ? rule_text(f, decl, x, key) : excerpt(f, x);
}

/* Hyperparameters: what the call gave becomes the default, and what was opened gets its learned value. */
static void edit_params(const RuleFile *f, Edits *edits, const AstDecl *decl, const FeCall *call, const char *key) {
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *param = &decl->params.data[i];
		const char *inner = key_within(f, key, text_of(f, param->name.name)), *value = NULL;
		if (param->value && rule_named(f, param->value) && opens(f, inner))
			value = given_text(f, param->value, inner);
		for (uint32_t k = 0; call && k < call->names.count; k++)
			if (call->names.data[k] == param->name.name)
				value = given_text(f, call->values.data[k], inner);
		const char *opened = call ? opened_text(f, inner) : NULL;
		value = opened ? opened : value;
		if (value && param->value) {
			edit(edits, param->value->span.start, param->value->span.end, value);
		} else if (value) {
			uint32_t end = param->name.span.end;
			edit(edits, end, end, arena_printf(edits->arena, " = %s", value));
		}
	}
}

/* Where a rule is applied by its own name, that of its copy. */
static void edit_applied(const RuleFile *f, Edits *edits, const AstBlock *block, const char *key) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		if (s->kind == AST_WHEN) {
			edit_applied(f, edits, &s->when.yes, key);
			edit_applied(f, edits, &s->when.no, key);
		} else if (s->kind == AST_FOR || s->kind == AST_WHILE)
			edit_applied(f, edits, s->kind == AST_FOR ? &s->loop.body : &s->repeat.body, key);
		if (s->kind != AST_APPLY || !rule_named(f, s->apply))
			continue;
		AstName callee = s->apply->call.callee;
		const char *name = copy_name(f, key_within(f, key, text_of(f, callee.name)), rule_named(f, s->apply));
		if (strcmp(name, text_of(f, callee.name)) != 0)
			edit(edits, callee.span.start, callee.span.end, name);
	}
}

static void add_tensor(RuleFile *f, const FeSlot *slot, const char *name) {
	Safetensor *tensor = &f->tensors->items[f->tensors->count++];
	*tensor = (Safetensor){.name = name, .scalar = f->rule->real, .rank = slot->type.rank};
	memcpy(tensor->dims, slot->type.dims, sizeof tensor->dims);
	tensor->values = arena_copy(f->arena, f->natural + slot->offset, sizeof(double) * (size_t)slot->count);
}

static void edit_all_learned(RuleFile *f, Edits *edits, const char *key, const char *rule) {
	for (uint32_t i = 0; i < f->rule->learned.count; i++) {
		const FeLearned *learned = &f->rule->learned.data[i];
		if (learned->from_hyper || strcmp(text_of(f, learned->within), key) != 0)
			continue;
		if (learned->declare->source.file != 0)
			edit_learned(edits, learned, f->rule->real, f->n, f->natural, f->weights);
		const char *name = text_of(f, learned->declare->names.data[0].name);
		if (learned->slot.type.rank > 0)
			add_tensor(f, &learned->slot, key[0] ? arena_printf(f->arena, "%s.%s", rule, name) : name);
	}
}

/* Each rule that this one applies, and that learns, by the key of this one. Those that it names come before it. */
static void print_copies(RuleFile *f, const AstDecl *decl, const FeCall *call, const char *key);

static const char *free_name(const RuleFile *f, const AstDecl *decl) {
	const char *text = copy_name(f, "", decl);
	unsigned number = 1;
	for (uint32_t i = 0; i < f->copies.count; i++)
		number += f->copies.data[i].decl == decl;
	const char *name = text;
	for (; number > 1; number++) {
		name = arena_printf(f->arena, "%s_%u", text, number);
		if (!fe_find(f->rt->program, session_name(f->rt->session, name)))
			break;
	}
	return name;
}

static void print_copy(RuleFile *f, const AstDecl *decl, const AstExpr *named, const char *key) {
	if (!decl || !learns(f, key))
		return;
	for (uint32_t i = 0; i < f->copies.count; i++)
		if (strcmp(f->copies.data[i].key, key) == 0)
			return;
	FeCall call = {.decl = decl};
	for (uint32_t i = 0; named && named->kind == AST_CALL && i < named->call.args.count; i++) {
		const AstArg *arg = &named->call.args.data[i];
		if (!arg->name.name && i >= decl->params.count)
			break;
		vec_push(f->arena, &call.names, arg->name.name ? arg->name.name : decl->params.data[i].name.name);
		vec_push(f->arena, &call.values, (const AstExpr *)arg->value);
	}
	print_copies(f, decl, &call, key);
	RuleCopy copy = {.key = key, .decl = decl, .name = free_name(f, decl)};
	vec_push(f->arena, &f->copies, copy);
	Edits edits = {.arena = f->arena};
	if (strcmp(copy.name, copy_name(f, "", decl)) != 0)
		edit(&edits, decl->name.span.start, decl->name.span.end, copy.name);
	edit_all_learned(f, &edits, key, copy.name);
	edit_params(f, &edits, decl, NULL, key);
	edit_applied(f, &edits, &decl->body, key);
	print_decl(f, decl, &edits);
	text_char(f->out, '\n');
}

static void print_applied(RuleFile *f, const AstBlock *block, const char *key) {
	for (uint32_t i = 0; i < block->count; i++) {
		const AstStmt *s = block->data[i];
		if (s->kind == AST_WHEN) {
			print_applied(f, &s->when.yes, key);
			print_applied(f, &s->when.no, key);
		} else if (s->kind == AST_FOR || s->kind == AST_WHILE)
			print_applied(f, s->kind == AST_FOR ? &s->loop.body : &s->repeat.body, key);
		else if (s->kind == AST_APPLY && s->apply->kind == AST_CALL)
			print_copy(f, rule_named(f, s->apply), NULL, key_within(f, key, text_of(f, s->apply->call.callee.name)));
	}
}

static void print_copies(RuleFile *f, const AstDecl *decl, const FeCall *call, const char *key) {
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *param = &decl->params.data[i];
		const AstExpr *x = param->value;
		for (uint32_t k = 0; k < call->names.count; k++)
			x = call->names.data[k] == param->name.name ? call->values.data[k] : x;
		print_copy(f, rule_named(f, x), x, key_within(f, key, text_of(f, param->name.name)));
	}
	print_applied(f, &decl->body, key);
}

/* What the rule uses stands in front of it, so that the file can be used alone. */
static void print_needed(RuleFile *f, const bool *needed) {
	for (uint32_t i = 0; i < fe_decl_count(f->rt->program); i++) {
		const AstDecl *decl = fe_decl(f->rt->program, i);
		bool copied = false;
		for (uint32_t k = 0; k < f->copies.count; k++)
			copied = copied || f->copies.data[k].decl == decl;
		if (!needed[i] || copied)
			continue;
		print_decl(f, decl, &(Edits){.arena = f->arena});
		text_char(f->out, '\n');
	}
}

void store_rule_source(Rt *rt, const FeCall *call, const FeRule *rule, const double *natural, const char *weights,
                       Text *out, Safetensors *tensors) {
	RuleFile f = {.rt = rt,
	              .arena = out->arena,
	              .call = call,
	              .rule = rule,
	              .natural = natural,
	              .weights = weights,
	              .n = ir_type(rule->init, rule->init->params.data[0].value).dims[0],
	              .out = out,
	              .tensors = tensors};
	tensors->items = ARENA_ARRAY(f.arena, Safetensor, rule->learned.count + 1);
	tensors->count = 0;
	uint32_t count = fe_decl_count(rt->program);
	bool *needed = ARENA_ARRAY(f.arena, bool, count + 1);
	fe_needed(rt->program, call, needed);
	rename_alike(&f, needed, count);
	Text copies = text_new(f.arena);
	Edits edits = {.arena = f.arena};
	f.out = &copies;
	edit_all_learned(&f, &edits, "", "");
	print_copies(&f, rule->decl, call, "");
	f.out = out;
	print_needed(&f, needed);
	text_bytes(out, text_cstr(&copies), copies.length);
	edit_params(&f, &edits, rule->decl, call, "");
	edit_applied(&f, &edits, &rule->decl->body, "");
	print_decl(&f, rule->decl, &edits);
}

void store_filled_source(const Rt *rt, const FeCall *call, const FeRule *rule, const StoreFill *fill, Text *out) {
	RuleFile f = {.rt = rt, .arena = out->arena, .call = call, .rule = rule, .out = out};
	Edits edits = {.arena = f.arena};
	uint32_t count = fe_decl_count(rt->program);
	bool *needed = ARENA_ARRAY(f.arena, bool, count + 1);
	fe_needed(rt->program, call, needed);
	rename_alike(&f, needed, count);
	if (!fill->alone)
		print_needed(&f, needed);
	edit_params(&f, &edits, rule->decl, call, "");
	for (int i = 0; i < fill->count; i++)
		edit(&edits, fill->holes[i].start, fill->holes[i].end, fill->formulas[i]);
	f.natural = fill->learned;
	f.weights = fill->weights;
	f.n = ir_type(rule->init, rule->init->params.data[0].value).dims[0];
	f.tensors = fill->tensors;
	if (fill->tensors)
		*fill->tensors = (Safetensors){.items = ARENA_ARRAY(f.arena, Safetensor, rule->learned.count + 1)};
	if (fill->learned)
		edit_all_learned(&f, &edits, "", "");
	if (fill->name)
		edit(&edits, rule->decl->name.span.start, rule->decl->name.span.end, fill->name);
	print_decl(&f, rule->decl, &edits);
}

/* ---- loading ---- */

/* An FeLoader; the context is the session, whose memory holds what is said. */
static bool load_weights(void *context, const char *path, const char *name, const IrType *shape, double *out,
                         const char **problem) {
	Arena *arena = ((Session *)context)->arena, *scratch = arena_new();
	const char *error = safetensors_one(scratch, path, name, shape, out);
	for (int64_t i = 0; !error && i < ir_type_elements(*shape, NULL); i++)
		error = isfinite(out[i]) ? NULL : "one of its numbers is not finite";
	*problem = error ? arena_strdup(arena, error) : NULL;
	arena_free(scratch);
	return !error;
}

void store_use_weights(Session *session, FeProgram *program) {
	fe_set_loader(program, load_weights, session);
}
