/* What is wrong with names and with the arguments of functions. */
#include "frontend/names/resolver.h"

#include <string.h>

static const char *text_of(const Resolver *r, Name name) {
	return session_text(r->program->session, name);
}

/* ---- names that are there already ---- */

void resolve_report_taken(Resolver *r, const Symbol *symbol, const Symbol *other) {
	Session *session = r->program->session;
	/* What is learned or kept is known in all of a rule: the name that was there first may be declared further down. */
	bool below = other && other->span.file == symbol->span.file && other->span.start > symbol->span.start;
	const Symbol *second = below ? other : symbol, *first = below ? symbol : other;
	Diag *diag = diag_error(session, 202, second->span, "`%s` is there already", text_of(r, symbol->name));
	if (first && first->span.file)
		diag_label(session, diag, first->span, "first here");
	bool computed = second->kind == SYMBOL_LET || second->kind == SYMBOL_VAR || second->kind == SYMBOL_COUNTER;
	const char *name = text_of(r, symbol->name);
	if (first && computed && symbol_may_change(first))
		diag_help(session, diag, "to change it, write `%s <- ...`", name);
	else if (first && first->kind == SYMBOL_STEP)
		diag_help(session, diag,
		          "a rule is given `x`, `g`, `f`, `t` (1 at the first step) and `horizon`: take another name");
	else if (computed && first && first->kind == SYMBOL_LET)
		diag_help(session, diag, "take another name, or declare it once with `var` and assign it: `%s <- ...`", name);
}

void resolve_report_index(Resolver *r, const Symbol *symbol, const Symbol *other) {
	Session *session = r->program->session;
	Diag *diag = diag_error(session, 203, symbol->span, "`%s` is %s already, so it cannot be a fresh index here",
	                        text_of(r, symbol->name), other->kind == SYMBOL_INDEX ? "an index" : "a value");
	if (other->span.file)
		diag_label(session, diag, other->span, "it is this one");
	bool head = symbol->stmt && symbol->stmt->kind <= AST_VAR && other->kind != SYMBOL_INDEX;
	if (head)
		diag_help(session, diag,
		          "use another letter for the index, as in `a[i in n]`; a shape follows `:`, as in `a : [n]`");
	else
		diag_help(session, diag, "use another letter for the index");
}

/* ---- names that nothing declares ---- */

/* May this name, where it stands, have been meant for a declaration of this kind? Objectives are made of objectives, rules of rules. */
static bool may_be_given(const Resolver *r, Name wanted, AstDeclKind kind) {
	if (wanted != r->given || (kind != AST_OBJECTIVE && kind != AST_OPTIMIZER))
		return false;
	bool says = r->decl && (r->decl->kind == AST_OBJECTIVE || r->decl->kind == AST_OPTIMIZER);
	return !says || kind == r->decl->kind;
}

/* What a misspelled name may have been meant for. */
static Name nearest_name(Resolver *r, Name wanted) {
	const FeProgram *p = r->program;
	Arena *scratch = arena_new();
	VEC(Name) names = {0};
	for (uint32_t i = r->scope.count; i-- > 0;)
		vec_push(scratch, &names, r->scope.data[i].symbol->name);
	for (uint32_t i = 0; i < p->user.count; i++)
		if (p->user.data[i]->kind == AST_FN || p->user.data[i]->kind == AST_CONST ||
		    may_be_given(r, wanted, p->user.data[i]->kind))
			vec_push(scratch, &names, p->user.data[i]->name.name);
	for (uint32_t i = 0; i < p->library->names.count; i++)
		if (may_be_given(r, wanted, p->library->entries.data[i].kind))
			vec_push(scratch, &names, p->library->names.data[i]);
	for (int i = 0; i < BUILTIN_COUNT; i++)
		if (builtins[i].kind != BUILTIN_IS_LATER)
			vec_push(scratch, &names, session_name(p->session, builtins[i].name));
	Name nearest = name_nearest(p->session->names, wanted, names.data, names.count);
	arena_free(scratch);
	return nearest;
}

/* Another place of a name that was reported; some are enough. */
static void unknown_again(Session *session, Diag *diag, Span span) {
	if (diag->labels.count < SHOWN_PLACES)
		diag_label(session, diag, span, "and here");
}

/* Where the body declares it further down; span.file 0: nowhere. */
static Span declared_below(const AstBlock *body, Name name) {
	for (uint32_t i = 0; i < body->count; i++) {
		const AstStmt *s = body->data[i];
		Span inner = s->kind == AST_EACH ? declared_below(&s->each.body, name) : (Span){0};
		if (inner.file)
			return inner;
		for (uint32_t k = 0; s->kind <= AST_VAR && k < s->declare.names.count; k++)
			if (s->declare.names.data[k].name == name)
				return s->declare.names.data[k].span;
	}
	return (Span){0};
}

/* Does `//` or `%` stand before it, perhaps meant to open a comment? */
static bool behind_foreign_comment(const Session *session, Span span) {
	const Source *source = span.file ? session->sources.data[span.file] : NULL;
	uint32_t at = source ? span.start : 0;
	while (at > 0 && (source->text[at - 1] == ' ' || source->text[at - 1] == '\t'))
		at--;
	bool percent = at > 0 && source->text[at - 1] == '%', slashes = at > 1 && !memcmp(source->text + at - 2, "//", 2);
	uint32_t end = span.end; /* words follow */
	while (source && source->text[end] == ' ')
		end++;
	return slashes || (percent && source->text[end] == '\n');
}

/* A name that is something, but no value: of another kind of declaration, or with the sign of a transpose; and what the
 * parameters are called in a rule. NULL: none of these. */
static const char *help_with_kind(Resolver *r, Name name) {
	static const char *const params[] = {"theta", "params", "param", "weights", "w", "p", "W"};
	Session *session = r->program->session;
	const char *text = text_of(r, name);
	size_t length = strlen(text);
	const AstDecl *decl = fe_find(r->program, name);
	if (decl && decl->kind == AST_OBJECTIVE)
		return arena_printf(session->arena, "`%s` is an objective; a rule evaluates its own with `value(y)`", text);
	if (length > 1 && text[length - 1] == '\'') {
		const char *base = arena_printf(session->arena, "%.*s", (int)length - 1, text);
		if (name_map_get(&r->newest, session_name(session, base)))
			return arena_printf(session->arena, "write `transpose(%s)`", base);
	}
	for (size_t k = 0; r->decl && r->decl->kind == AST_OPTIMIZER && k < sizeof params / sizeof *params; k++)
		if (strcmp(params[k], text) == 0)
			return "in an optimizer the parameters are `x` and their gradient is `g`";
	return NULL;
}

/* Where a block that ends before `end` declares it; span.file 0: nowhere. */
static Span declared_inside(const AstBlock *body, Name name, uint32_t end) {
	for (uint32_t i = 0; i < body->count; i++) {
		const AstStmt *s = body->data[i];
		const AstBlock *blocks[2] = {NULL, NULL};
		if (s->span.start > end)
			break;
		if (s->kind == AST_FOR)
			blocks[0] = &s->loop.body;
		else if (s->kind == AST_WHILE)
			blocks[0] = &s->repeat.body;
		else if (s->kind == AST_EACH)
			blocks[0] = &s->each.body;
		else if (s->kind == AST_WHEN)
			blocks[0] = &s->when.yes, blocks[1] = &s->when.no;
		for (int k = 0; k < 2 && blocks[k] && s->span.end <= end; k++) {
			Span found = declared_below(blocks[k], name);
			found = found.file ? found : declared_inside(blocks[k], name, end);
			if (found.file)
				return found;
		}
	}
	return (Span){0};
}

static Diag *unknown(Resolver *r, Name name, Span span) {
	Session *session = r->program->session;
	void **place = name_map_place(r->scratch, &r->unknown, name);
	if (*place) {
		unknown_again(session, *place, span);
		return *place;
	}
	const char *text = text_of(r, name), *foreign = foreign_value(text);
	bool search = r->unknown.count <= SHOWN_SUGGESTIONS;
	if (r->decl && r->decl->head_unread) /* it may be a parameter that could not be read */
		return NULL;
	Diag *diag = diag_error(session, 200, span, "unknown name `%s`", text);
	*place = diag;
	Span below = r->decl && search ? declared_below(&r->decl->body, name) : (Span){0};
	Span inside = r->decl && search && !below.file ? declared_inside(&r->decl->body, name, span.start) : (Span){0};
	if (inside.file) {
		diag_label(session, diag, inside, "it ends with its block");
		diag_help(session, diag, "declare it before the block, with `var`, and assign it there: `%s <- ...`", text);
		return diag;
	}
	if (below.file && below.start > span.start) {
		diag_label(session, diag, below, "it is declared only here");
		diag_help(session, diag, "names are known from their declaration on");
		return diag;
	}
	if (behind_foreign_comment(session, span))
		foreign = "comments start with `#`; `//` divides and rounds down, `%` gives the remainder";
	else if (!foreign)
		foreign = help_with_kind(r, name);
	if (foreign) {
		diag_help(session, diag, "%s", foreign);
		return diag;
	}
	Name nearest = search && strlen(text) > 1 ? nearest_name(r, name) : 0; /* all names of one letter are alike */
	if (nearest)
		diag_help(session, diag, "did you mean `%s`?", text_of(r, nearest));
	return diag;
}

void resolve_report_unknown(Resolver *r, Name name, Span span) {
	Diag *diag = unknown(r, name, span);
	if (!diag)
		return;
	const char *text = text_of(r, name);
	/* `w[i]` where nothing runs over i: more often a forgotten reduction than a forgotten value. */
	if (r->in_position && !diag->help)
		diag_help(r->program->session, diag,
		          "nothing around this runs over `%s`: write `sum[%s](...)`, or `let a[%s] = ...`", text, text, text);
}

void resolve_report_unknown_target(Resolver *r, const AstExpr *target) {
	Diag *diag = unknown(r, target->name, target->span);
	if (!diag || diag->help)
		return;
	if (r->decl && r->decl->kind == AST_OPTIMIZER)
		diag_help(r->program->session, diag, "what a rule keeps from step to step is declared: `state %s = 0`",
		          text_of(r, target->name));
	else
		diag_help(r->program->session, diag, "new values are made with `let` or `var`");
}

/* ---- functions and values ---- */

void resolve_report_function(Resolver *r, const AstExpr *x) {
	Session *session = r->program->session;
	void **place = name_map_place(r->scratch, &r->unknown, x->name);
	if (*place) {
		unknown_again(session, *place, x->span);
		return;
	}
	const char *text = text_of(r, x->name), *foreign = foreign_value(text);
	Diag *diag = *place = diag_error(session, 231, x->span, "`%s` is a function, not a value", text);
	if (foreign)
		diag_help(session, diag, "%s", foreign);
	else
		diag_help(session, diag, "call it: `%s(...)`", text);
}

void resolve_report_value_called(Resolver *r, const AstExpr *call, const Symbol *local) {
	Session *session = r->program->session;
	const AstStmt *made = local->kind == SYMBOL_LET || local->kind == SYMBOL_VAR ? local->stmt : NULL;
	bool unread = made && made->kind <= AST_VAR && made->declare.value && made->declare.value->kind == AST_BAD;
	if (unread || local->no_value) /* what is wrong with it was reported */
		return;
	const char *text = text_of(r, call->call.callee.name);
	Diag *diag = diag_error(session, 231, call->call.callee.span, "`%s` is a value, not a function", text);
	diag_label(session, diag, local->span, "it is this one");
	diag_help(session, diag, "elements are read with brackets: `%s[...]`", text);
}

/* `sum(A, axis = 1)`, `mean(A, 0)`: what a reduction runs over is said by indices. */
static bool by_axis(Resolver *r, const Builtin *b, const AstExpr *call) {
	const AstArgs *args = &call->call.args;
	const AstArg *second = args->count > 1 ? &args->data[1] : NULL;
	bool named = second && second->name.name, several = b->most > 1; /* `min(a, b)` takes several */
	if (b->kind != BUILTIN_IS_REDUCTION || !second || (several && !named))
		return false;
	Session *session = r->program->session;
	Diag *diag = diag_error(session, named ? 216 : 215, named ? second->name.span : second->value->span,
	                        "`%s` takes no axis", b->name);
	diag_help(session, diag,
	          "name the indices that it runs over: `let rows[i] = %s[j](A[i, j])`, `let columns[j] = %s[i](A[i, j])`",
	          b->name, b->name);
	return true;
}

bool resolve_takes_arguments(Resolver *r, const Builtin *b, const AstExpr *call) {
	Session *session = r->program->session;
	uint32_t count = call->call.args.count;
	if (b->kind == BUILTIN_IS_CONSTANT || b->kind == BUILTIN_IS_LATER)
		return true;
	if (by_axis(r, b, call))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const AstArg *arg = &call->call.args.data[i];
		if (!arg->name.name)
			continue;
		Diag *diag = diag_error(session, 216, arg->name.span, "`%s` takes no argument by name", b->name);
		diag_help(session, diag, "it is written `%s(%s)`", b->name, b->arguments);
		return false;
	}
	if (count >= b->least && count <= b->most)
		return true;
	const char *limit = b->most == b->least       ? ""
	                    : b->most == BUILTIN_MANY ? " or more"
	                                              : arena_printf(r->scratch, " to %u", (unsigned)b->most);
	Diag *diag = diag_error(session, 215, call->span, "`%s` takes %u%s argument%s, not %u", b->name, (unsigned)b->least,
	                        limit, b->most == 1 ? "" : "s", (unsigned)count);
	diag_help(session, diag, "it is written `%s(%s)`", b->name, b->arguments);
	return false;
}

const AstExpr **resolve_match_arguments(Resolver *r, const AstDecl *fn, const AstExpr *call) {
	Session *session = r->program->session;
	const char *name = text_of(r, fn->name.name);
	uint32_t params = fn->params.count, position = 0;
	const AstExpr **args = ARENA_ARRAY(session->arena, const AstExpr *, params + 1);
	NameMap places = {0};
	bool ok = true;
	for (uint32_t i = 0; i < call->call.args.count; i++) {
		const AstArg *arg = &call->call.args.data[i];
		uint32_t at = arg->name.name ? program_param_place(fn, &places, r->scratch, arg->name.name) : position++;
		bool there = at < params;
		if (!there && arg->name.name) {
			Diag *diag = diag_error(session, 216, arg->name.span, "`%s` has no parameter `%s`", name,
			                        text_of(r, arg->name.name));
			Name nearest = program_nearest_param(session, fn, arg->name.name);
			if (nearest)
				diag_help(session, diag, "did you mean `%s`?", text_of(r, nearest));
		} else if (!there && arg->value) {
			Diag *diag = diag_error(session, 215, arg->value->span, "`%s` takes %u argument%s", name, (unsigned)params,
			                        params == 1 ? "" : "s");
			diag_label(session, diag, fn->name.span, "defined here");
		} else if (there && args[at] && arg->value) {
			bool told = false; /* twice by name: the parser has */
			for (uint32_t k = 0; k < i && arg->name.name; k++)
				told = told || call->call.args.data[k].name.name == arg->name.name;
			if (!told)
				diag_error(session, 218, arg->value->span, "`%s` is given twice",
				           text_of(r, fn->params.data[at].name.name));
			there = false;
		}
		ok = ok && there;
		if (there)
			args[at] = arg->value;
	}
	for (uint32_t i = 0; i < params; i++) {
		const AstParam *param = &fn->params.data[i];
		if (args[i] || param->value || !ok)
			continue;
		Diag *diag =
			diag_error(session, 217, call->span, "`%s` needs its argument `%s`", name, text_of(r, param->name.name));
		diag_label(session, diag, param->name.span, "declared here");
		ok = false;
	}
	return ok ? args : NULL;
}

/* ---- functions that are known by their values ---- */

bool resolve_may_be_given(const Builtin *b) {
	bool derivative = b && (b->id == BUILTIN_grad || b->id == BUILTIN_jacobian || b->id == BUILTIN_jvp);
	return b && b->kind != BUILTIN_IS_CONSTANT && b->kind != BUILTIN_IS_LATER && !derivative;
}

const AstExpr *const *resolve_arguments_of(FeProgram *p, const AstDecl *fn, const AstExpr *call) {
	Resolver r = {.program = p, .scratch = p->session->arena};
	return resolve_match_arguments(&r, fn, call);
}

bool resolve_fits(FeProgram *p, const Builtin *b, const AstExpr *call) {
	Resolver r = {.program = p, .scratch = p->session->arena};
	return resolve_takes_arguments(&r, b, call);
}

void resolve_check_returns(Resolver *r, const AstDecl *fn) {
	if (!fn->value && !fn->unread && !ast_returns(&fn->body))
		diag_error(r->program->session, 225, fn->name.span, "`%s` ends without `return`", text_of(r, fn->name.name));
}

/* ---- what is assigned ---- */

/* Something that a state may start from. */
static void see_start(const Symbol *symbol, Span span, void *context) {
	bool *later = context;
	(void)span;
	bool known = symbol->kind == SYMBOL_HYPER || symbol->kind == SYMBOL_LEARNED || symbol->kind == SYMBOL_BUILTIN ||
	             (symbol->kind == SYMBOL_DECL && symbol->decl->kind != AST_OPTIMIZER) || symbol->kind == SYMBOL_INDEX;
	*later = *later || !known;
}

/* What is assigned has to be declared otherwise. In a rule `var` starts anew in every step: what starts from a number and is
 * assigned is more often meant to last, which is what `state` does. */
static void help_assign_let(Resolver *r, const Symbol *symbol, Diag *diag) {
	Session *session = r->program->session;
	const AstDeclare *let =
		symbol->stmt && r->decl->kind == AST_OPTIMIZER && symbol->direct ? &symbol->stmt->declare : NULL;
	bool later = false;
	if (let)
		symbol_visit_expr(r->program, let->value, see_start, &later);
	if (!let || let->names.count != 1 || let->has_head || later || !let->value) {
		diag_help(session, diag, "declare it with `var`");
		return;
	}
	const char *name = text_of(r, symbol->name);
	const Span value = let->value->span;
	const char *text = session->sources.data[value.file]->text + value.start;
	int length = (int)(value.end - value.start);
	bool shown = length <= SHOWN_VALUE && !memchr(text, '\n', (size_t)length);
	diag_help(session, diag, "`state %s = %.*s`%s lasts from step to step; `var` starts anew in every step", name,
	          shown ? length : 3, shown ? text : "...", r->each ? " before the `each`" : "");
}

void resolve_report_assigned(Resolver *r, const Symbol *symbol, Span span) {
	Session *session = r->program->session;
	Diag *diag = diag_error(session, 223, span, "`%s` cannot be assigned", text_of(r, symbol->name));
	if (symbol->span.file)
		diag_label(session, diag, symbol->span, "it is made here");
	const char *name = text_of(r, symbol->name);
	switch (symbol->kind) {
	case SYMBOL_LET: help_assign_let(r, symbol, diag); break;
	case SYMBOL_COUNTER:
		diag_help(session, diag, "a loop counts by itself; `while c limit n { ... }` decides at every turn");
		break;
	case SYMBOL_ARGUMENT: diag_help(session, diag, "give it a name that may change: `var b = %s`", name); break;
	case SYMBOL_STEP: diag_help(session, diag, "what is made of it has a name of its own, as in `let s = ...`"); break;
	case SYMBOL_HYPER:
	case SYMBOL_LEARNED:
		diag_help(session, diag,
		          r->decl->kind == AST_OPTIMIZER
		              ? "what changes from step to step is a state that starts there: `state now : real = %s`"
		              : "what is made of `%s` has a name of its own: `let v = ...`",
		          name);
		break;
	case SYMBOL_PARAM:
	case SYMBOL_GIVEN:
	case SYMBOL_DATA:
	case SYMBOL_BATCH: diag_help(session, diag, "what is made of it has a name of its own: `let v = ...`"); break;
	default: break;
	}
}

/* A whole number as it stands in the text. */
static bool literal(const AstExpr *x, int64_t *out) {
	if (x && x->kind == AST_UNARY && x->unary.op == AST_NEG && literal(x->unary.operand, out)) {
		*out = -*out;
		return true;
	}
	if (!x || x->kind != AST_NUMBER || !x->number.whole)
		return false;
	*out = x->number.integer;
	return true;
}

void resolve_check_turns(Resolver *r, const AstStmt *loop) {
	int64_t low, high, step = 1;
	if (loop->kind == AST_WHILE) {
		if (literal(loop->repeat.limit, &high) && high < 1)
			diag_warning(r->program->session, 256, loop->repeat.limit->span, "this loop has no turn");
		return;
	}
	if (!literal(loop->loop.range.low, &low) || !literal(loop->loop.range.high, &high) ||
	    (loop->loop.step && !literal(loop->loop.step, &step)) || step == 0 || (step > 0 ? low < high : low > high))
		return;
	Session *session = r->program->session;
	Diag *diag = diag_warning(session, 256, loop->loop.range.span, "this loop has no turn");
	if (step > 0 && low > high)
		diag_help(session, diag, "`%lld..%lld by -1` counts down, to %lld", (long long)low, (long long)high,
		          (long long)high + 1);
	else if (step < 0 && low < high)
		diag_help(session, diag, "`%lld..%lld` counts up, to %lld", (long long)low, (long long)high,
		          (long long)high - 1);
}
