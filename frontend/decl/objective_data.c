/* The data of an objective: parameters of all its functions; and the data that `validate` puts in their place.
 *
 *     validate loss with images = test_images      images is test_images, and n its number of rows */
#include "frontend/decl/objective.h"

bool objective_name_free(Elab *e, AstName name) {
	const Symbol *symbol = symbol_at(e->program, name.id);
	return symbol && !symbol->name_taken;
}

/* The text that names the file: written there, or a hyperparameter. */
static const AstExpr *data_from(ObjectiveBuilding *b, const AstStmt *s) {
	const AstExpr *from = s->declare.from;
	if (!from || from->kind != AST_NAME)
		return from;
	for (uint32_t i = 0; i < b->decl->params.count; i++) {
		const AstParam *p = &b->decl->params.data[i];
		const AstExpr *text = b->args[i] ? b->args[i] : p->value;
		if (symbol_at(b->e.program, p->name.id) != symbol_at(b->e.program, from->id))
			continue;
		if (text && text->kind != AST_TEXT)
			diag_error(b->e.session, 277, text->span, "`%s` names a file: a text in quotes is needed",
			           session_text(b->e.session, from->name));
		return text && text->kind == AST_TEXT ? text : NULL;
	}
	const Symbol *symbol = symbol_at(b->e.program, from->id);
	if (symbol && symbol->kind != SYMBOL_UNKNOWN)
		diag_error(b->e.session, 277, from->span, "`%s` is no parameter: a file is named by a text in quotes or by one",
		           session_text(b->e.session, from->name));
	b->ok = false;
	return NULL;
}

static uint32_t find_statement(const ObjectiveBuilding *b, Name name);

/* Words have one number in data and in what `validate` puts in its place. */
static void number_words(ObjectiveBuilding *b, FeDataWanted *wanted, const AstStmt *validate) {
	FeData *data = b->out->data.data;
	uint32_t count = b->decl->body.count;
	const FeData **like = ARENA_ARRAY(b->e.arena, const FeData *, count + 1);
	for (uint32_t k = 0; k < validate->validate.with.count; k++) {
		const AstArg *arg = &validate->validate.with.data[k];
		uint32_t from = find_statement(b, arg->name.name), to = count;
		if (arg->value && arg->value->kind == AST_NAME)
			to = find_statement(b, arg->value->name);
		if (from == count || to == count || from == to)
			continue;
		const FeData *model = &data[b->data_of[from] - 1];
		if (like[to] && like[to] != model && (like[to]->found.words || model->found.words)) {
			Diag *diag =
				diag_error(b->e.session, 280, arg->value->span,
			               "words are numbered for one place: `%s` takes those of `%s` and of `%s`",
			               session_text(b->e.session, arg->value->name), session_text(b->e.session, like[to]->name),
			               session_text(b->e.session, model->name));
			diag_help(b->e.session, diag, "declare it twice, under two names");
			b->ok = false;
			continue;
		}
		like[to] = model;
		const AstExpr *file = data_from(b, b->decl->body.data[to]);
		b->ok = objective_number_alike(&b->e, file, &wanted[to], model, &data[b->data_of[to] - 1]) && b->ok;
	}
}

void objective_find_data(ObjectiveBuilding *b) {
	Elab *e = &b->e;
	uint32_t count = b->decl->body.count;
	b->data = ARENA_ARRAY(e->arena, IrValue, count + 1);
	b->data_of = ARENA_ARRAY(e->arena, uint32_t, count + 1);
	FeDataWanted *wanted = ARENA_ARRAY(e->arena, FeDataWanted, count + 1);
	IrBuilder scratch = ir_builder(ir_func_new(e->module, "sizes"));
	e->builder = &scratch;
	for (uint32_t i = 0; i < count; i++) {
		const AstStmt *s = b->decl->body.data[i];
		if (s->kind != AST_DATA || s->declare.names.count == 0)
			continue;
		FeData data;
		uint32_t errors = e->session->error_count;
		const AstExpr *from = data_from(b, s);
		if (e->session->error_count != errors || (!from && s->declare.from) ||
		    !objective_name_free(e, s->declare.names.data[0]) ||
		    !objective_declare_data(e, s, from, &data, &wanted[i])) {
			b->ok = false;
			continue;
		}
		objective_bind_data(e, &data, objective_data_param(e, &data));
		vec_push(e->arena, &b->out->data, data);
		b->data_of[i] = b->out->data.count;
	}
	e->module->funcs.count--;
	scope_back(e, b->hypers);
	for (uint32_t i = 0; i < count; i++)
		if (b->decl->body.data[i]->kind == AST_VALIDATE)
			number_words(b, wanted, b->decl->body.data[i]);
}

void objective_add_data(ObjectiveBuilding *b) {
	for (uint32_t i = 0; i < b->decl->body.count; i++)
		b->data[i] = b->data_of[i] ? objective_data_param(&b->e, &b->out->data.data[b->data_of[i] - 1]) : 0;
}

/* Names of data that could not be read, which was reported: nothing is known of their values. */
static void bind_nothing(ObjectiveBuilding *b, uint32_t id) {
	const Symbol *symbol = symbol_at(b->e.program, id);
	if (symbol && !scope_find(&b->e, symbol))
		scope_add(&b->e, symbol, value_bad(&b->e));
}

static const FeData *data_at(const ObjectiveBuilding *b, uint32_t at) {
	return b->data_of[at] ? &b->out->data.data[b->data_of[at] - 1] : NULL;
}

/* The statement that declares data of this name; body.count if there is none that was read. */
static uint32_t find_statement(const ObjectiveBuilding *b, Name name) {
	uint32_t i = 0;
	while (i < b->decl->body.count && !(b->data_of[i] && data_at(b, i)->name == name))
		i++;
	return i;
}

/* What stands for the data of a statement: itself, or what takes its place. */
static uint32_t stands_for(const ObjectiveBuilding *b, uint32_t at) {
	for (uint32_t k = 0; b->substitute && k < b->validate->validate.with.count; k++) {
		const AstArg *arg = &b->validate->validate.with.data[k];
		if (arg->name.name == data_at(b, at)->name)
			return find_statement(b, arg->value->name);
	}
	return at;
}

static bool is_open(const FeData *data, const AstExpr *dim, uint32_t *which) {
	for (*which = 0; *which < data->open.count; ++*which)
		if (dim->kind == AST_NAME && data->open.data[*which].name == dim->name)
			return true;
	return false;
}

/* Data that takes the place of other data has to have the sizes that are stated for that; sizes that a file decides are decided anew. */
static bool substituted(ObjectiveBuilding *b, uint32_t at, FeData *data, const FeData *by) {
	Elab *e = &b->e;
	const AstStmt *s = b->decl->body.data[at];
	uint32_t which;
	for (uint32_t i = 0; i < s->declare.type.dims.count; i++)
		if (is_open(data, s->declare.type.dims.data[i], &which))
			data->sizes[which] = by->type.dims[i];
	for (uint32_t i = 0; i < s->declare.type.dims.count; i++) {
		const AstExpr *x = s->declare.type.dims.data[i];
		int64_t want = by->type.dims[i];
		if (is_open(data, x, &which) ? data->sizes[which] == want
		                             : !elab_dimension(e, x, &want) || want == by->type.dims[i])
			continue;
		Diag *diag = diag_error(e->session, 280, b->validate->keyword,
		                        "for `%s`, axis %u of `%s` has to be %lld, but `%s` has %lld there", "validate",
		                        (unsigned)i, session_text(e->session, data->name), (long long)want,
		                        session_text(e->session, by->name), (long long)by->type.dims[i]);
		diag_label(e->session, diag, data->span, "declared here");
		diag_help(e->session, diag, "data that share a size are replaced together: `with X = other_X, y = other_y`");
		return false;
	}
	data->type = by->type;
	return true;
}

void objective_meet_data(ObjectiveBuilding *b, uint32_t at) {
	const AstStmt *s = b->decl->body.data[at];
	if (s->kind != AST_DATA || s->declare.names.count == 0)
		return;
	if (b->data_of[at]) {
		uint32_t by = stands_for(b, at);
		FeData data = *data_at(b, at);
		if (!b->substitute || substituted(b, at, &data, data_at(b, by)))
			objective_bind_data(&b->e, &data, b->data[by]);
		else
			scope_add_name(&b->e, s->declare.names.data[0], value_bad(&b->e));
		return;
	}
	for (uint32_t k = 0; k < s->declare.type.dims.count; k++) {
		const Symbol *symbol = symbol_at(b->e.program, s->declare.type.dims.data[k]->id);
		if (symbol && symbol->kind == SYMBOL_EXTENT)
			bind_nothing(b, s->declare.type.dims.data[k]->id);
	}
	bind_nothing(b, s->declare.names.data[0].id);
}

/* ---- validate ---- */

/* What changes when data is replaced: names, and where something that was made before depends on one. */
typedef struct Changes {
	ObjectiveBuilding *b;
	NameMap names;
	bool touched;
} Changes;

static void see_changed(const Symbol *symbol, Span span, void *context) {
	Changes *c = context;
	(void)span;
	c->touched = c->touched || (symbol_is_local(symbol) && name_map_get(&c->names, symbol->name));
}

static void mark_changed(Changes *c, Name name) {
	*name_map_place(c->b->e.arena, &c->names, name) = c;
}

/* Whether a statement was computed before validation, so that replaced data comes too late for it: givens and parameters. */
static bool made_before(ObjectiveBuilding *b, uint32_t at) {
	const AstStmt *s = b->decl->body.data[at];
	return s->kind == AST_GIVEN || s->kind == AST_PARAM ||
	       (stages_is_computation(s) && b->stages.stmts[at].stage == STAGE_SETUP);
}

static bool follow_changes(Changes *c) {
	Elab *e = &c->b->e;
	bool ok = true;
	for (uint32_t i = 0; i < c->b->decl->body.count; i++) {
		const AstStmt *s = c->b->decl->body.data[i];
		c->touched = false;
		symbol_visit_stmt(c->b->e.program, s, see_changed, c);
		if (!c->touched || s->kind == AST_DATA || (s->kind > AST_VAR && !stages_is_computation(s)))
			continue;
		Assigned assigned = symbol_assigned_by(e->program, e->arena, s);
		for (uint32_t k = 0; k < assigned.count; k++)
			mark_changed(c, assigned.data[k]->name);
		for (uint32_t k = 0; s->kind <= AST_VAR && k < s->declare.names.count; k++)
			mark_changed(c, s->declare.names.data[k].name);
		if (!made_before(c->b, i))
			continue;
		diag_error(e->session, 280, s->span,
		           "this is made once for each problem, so it cannot follow data that `validate` replaces");
		ok = false;
	}
	return ok;
}

static bool substitute_is_data(ObjectiveBuilding *b, const AstArg *arg, Changes *changes) {
	Elab *e = &b->e;
	uint32_t count = b->decl->body.count, from = find_statement(b, arg->name.name), to = count;
	if (arg->value && arg->value->kind == AST_NAME)
		to = find_statement(b, arg->value->name);
	if (from == count || to == count) {
		Diag *diag = diag_error(e->session, 280, from == count || !arg->value ? arg->name.span : arg->value->span,
		                        "`validate` puts data in the place of data, by their names");
		diag_help(e->session, diag, "both names are declared by `data`, as in `with image = test_image`");
		return false;
	}
	const FeData *a = data_at(b, from), *c = data_at(b, to);
	if (a->type.scalar != c->type.scalar || a->type.rank != c->type.rank) {
		Diag *diag = diag_error(e->session, 280, arg->value->span, "`%s` is declared otherwise than `%s`",
		                        session_text(e->session, c->name), session_text(e->session, a->name));
		diag_label(e->session, diag, a->span, "declared here");
		return false;
	}
	mark_changed(changes, a->name);
	for (uint32_t k = 0; k < a->open.count; k++)
		mark_changed(changes, a->open.data[k].name);
	return true;
}

bool objective_substitutes(ObjectiveBuilding *b) {
	Changes changes = {.b = b};
	bool ok = true;
	for (uint32_t k = 0; k < b->validate->validate.with.count; k++)
		ok = substitute_is_data(b, &b->validate->validate.with.data[k], &changes) && ok;
	return ok && follow_changes(&changes);
}
