/* data: arrays of files. Sizes that no one knows yet are those of the file, and numbers from there on.
 *
 *     data images : int[n, 784] from "images.gz"      n = 60000, and images a parameter of all functions of the objective */
#include "frontend/decl/objective.h"

#include <string.h>

/* ---- sizes ---- */

/* A name for a size that the file decides, and has not decided yet. */
static bool is_open(Elab *e, const AstExpr *x) {
	const Symbol *symbol = x->kind == AST_NAME ? symbol_at(e->program, x->id) : NULL;
	return symbol && symbol->kind == SYMBOL_EXTENT && !scope_find(e, symbol);
}

static int64_t open_size(Elab *e, FeData *out, const AstExpr *x) {
	for (uint32_t k = 0; k < out->open.count; k++)
		if (out->open.data[k].name == x->name)
			return -1 - (int64_t)k;
	vec_push(e->arena, &out->open, ((AstName){x->name, x->span, x->id}));
	return -(int64_t)out->open.count;
}

static bool declared_dims(Elab *e, const AstStmt *s, FeData *out, FeDataWanted *wanted) {
	const AstType *type = &s->declare.type;
	bool ok = true;
	if (type->dims.count > IR_USER_RANK) {
		diag_error(e->session, 208, type->span, "an array has at most %d axes", IR_USER_RANK);
		return false;
	}
	for (uint32_t i = 0; i < type->dims.count; i++) {
		const AstExpr *x = type->dims.data[i];
		int64_t dim = 1;
		if (is_open(e, x))
			dim = open_size(e, out, x);
		else
			ok = elab_dimension(e, x, &dim) && ok;
		wanted->dims[wanted->rank++] = dim;
	}
	return ok;
}

/* ---- columns ---- */

static bool declared_columns(Elab *e, const AstDeclare *d, FeDataWanted *wanted) {
	bool ok = true;
	for (uint32_t i = 0; i < d->columns.count; i++) {
		const AstItem *item = &d->columns.data[i];
		FeDataColumn column = {0};
		if (item->kind == AST_ITEM_SLICE) {
			ok = elab_static_int(e, item->low, "a column", &column.low) &&
			     elab_static_int(e, item->high, "a column", &column.high) && ok;
		} else if (item->expr->kind == AST_TEXT) {
			column.name = item->expr->text;
		} else {
			ok = elab_static_int(e, item->expr, "a column", &column.low) && ok;
			column.high = column.low + 1;
		}
		vec_push(e->arena, &wanted->columns, column);
	}
	return ok;
}

/* ---- the whole ---- */

/* Makes up the sizes that a file would give: not small, and different for different names. */
static void assume_sizes(Elab *e, const FeData *data, FeDataWanted *wanted) {
	for (int i = 0; i < wanted->rank; i++) {
		if (wanted->dims[i] >= 0)
			continue;
		const char *name = session_text(e->session, data->open.data[-1 - wanted->dims[i]].name);
		wanted->dims[i] = (i == 0 ? DATA_ASSUMED_ROWS : DATA_ASSUMED_COLUMNS) +
		                  (int64_t)(hash_bytes(name, strlen(name), 0) % DATA_ASSUMED_SPREAD);
	}
}

static const char *assumed(Elab *e, const FeData *data) {
	Text text = text_new(e->arena);
	for (uint32_t k = 0; k < data->open.count; k++)
		text_printf(&text, "%s`%s` = %lld", k ? ", " : "", session_text(e->session, data->open.data[k].name),
		            (long long)data->sizes[k]);
	return text_cstr(&text);
}

static bool read_data(Elab *e, const AstExpr *from, FeData *out, FeDataWanted *wanted) {
	FeProgram *program = e->program;
	const char *problem = NULL;
	int64_t declared[IR_USER_RANK];
	for (int i = 0; i < wanted->rank; i++)
		declared[i] = wanted->dims[i];
	out->found = (FeDataFound){.unknown = true};
	if (program->data && !program->data(program->data_context, wanted, &out->found, &problem)) {
		Diag *diag = diag_error(e->session, 276, from->span, "cannot read `%s` from %s: %s", wanted->name,
		                        out->found.path ? out->found.path : wanted->path, problem);
		if (out->found.missing)
			diag_help(e->session, diag, "a file is looked for beside the program; --data DIR names another folder");
		return false;
	}
	if (out->found.unknown)
		assume_sizes(e, out, wanted);
	for (int i = 0; i < wanted->rank; i++)
		if (declared[i] < 0)
			out->sizes[-1 - declared[i]] = wanted->dims[i];
	if (out->found.missing) {
		Diag *diag =
			diag_warning(e->session, 278, from->span, "cannot read %s: %s", out->found.path, out->found.missing);
		if (out->open.count)
			diag_note(e->session, diag, "the rest is checked as if %s", assumed(e, out));
	}
	return elab_fits(e, from->span, wanted->dims, wanted->rank);
}

/* The type of what was found. */
static void set_storage(FeData *data) {
	IrStorage storage = data->found.storage;
	IrScalar scalar = data->type.scalar;
	bool plain = (storage == IR_STORED_F32 && scalar == IR_F32) || (storage == IR_STORED_F64 && scalar == IR_F64) ||
	             (storage == IR_STORED_I64 && scalar == IR_I64);
	data->type.storage = plain ? IR_STORED_PLAIN : storage;
}

bool objective_number_alike(Elab *e, const AstExpr *from, FeDataWanted *wanted, const FeData *like, FeData *data) {
	FeProgram *program = e->program;
	const char *problem = NULL;
	bool worded = data->found.words || like->found.words;
	if (!program->data || !worded || data->found.unknown || like->found.unknown)
		return true;
	wanted->like = &like->found;
	wanted->like_name = session_text(e->session, like->name);
	if (!program->data(program->data_context, wanted, &data->found, &problem)) {
		Diag *diag = diag_error(e->session, 276, from->span, "cannot read `%s` from %s: %s", wanted->name,
		                        data->found.path ? data->found.path : wanted->path, problem);
		diag_label(e->session, diag, like->span, "its words are numbered here");
		return false;
	}
	set_storage(data);
	return true;
}

bool objective_declare_data(Elab *e, const AstStmt *s, const AstExpr *from, FeData *out, FeDataWanted *out_wanted) {
	const AstDeclare *d = &s->declare;
	*out = (FeData){.name = d->names.data[0].name, .span = d->names.data[0].span, .declared = d->names.data[0]};
	if (d->value || d->draw)
		return false; /* reported by the parser */
	if (!from || from->kind != AST_TEXT || !d->type.span.file || d->has_head || d->type.each) {
		Diag *diag = diag_error(e->session, 277, s->span, "`data` has a type and comes from a file");
		diag_help(e->session, diag, "write `data %s : real[n, 4] from \"x.csv\"`", session_text(e->session, out->name));
		return false;
	}
	FeDataWanted wanted = {.name = session_text(e->session, out->name), .path = from->text, .bytes = d->bytes};
	wanted.kind = d->type.scalar == AST_INT ? FE_DATA_INT : d->type.scalar == AST_BOOLEAN ? FE_DATA_BOOL : FE_DATA_REAL;
	wanted.beside = program_beside(e->program, from->span.file, from->text, &wanted.problem);
	bool ok = declared_dims(e, s, out, &wanted);
	ok = declared_columns(e, d, &wanted) && ok;
	if (!ok || !read_data(e, from, out, &wanted))
		return false;
	IrScalar scalar = wanted.kind == FE_DATA_INT ? IR_I64 : wanted.kind == FE_DATA_BOOL ? IR_BOOL : e->real;
	out->type = ir_tensor_type(scalar, wanted.rank, wanted.dims);
	set_storage(out);
	*out_wanted = wanted;
	return true;
}

IrValue objective_data_param(Elab *e, const FeData *data) {
	return ir_param_as(e->builder->func, IR_ROLE_DATA, session_text(e->session, data->name), data->type);
}

void objective_bind_data(Elab *e, const FeData *data, IrValue param) {
	for (uint32_t k = 0; k < data->open.count; k++)
		scope_add_name(e, data->open.data[k], value_int(e, data->sizes[k]));
	IrScalar scalar = data->type.scalar;
	Value *v = value_read(e, param,
	                      scalar == IR_I64    ? S_INT
	                      : scalar == IR_BOOL ? S_BOOL
	                                          : S_REAL,
	                      data->type.rank, data->type.dims);
	if (scalar == IR_I64 &&
	    ir_element_bytes(data->type) < 8) /* 64 bits hold numbers beyond EX_FAR, which readers refuse */
		ir_storage_range(data->type.storage, &v->body->low, &v->body->high);
	scope_add_name(e, data->declared, v);
}
