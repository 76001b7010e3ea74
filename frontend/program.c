/* Programs: files, imports, the built-in library; declarations by name; calls of declarations. */
#include "frontend/elab.h"

#include <string.h>
#include <sys/stat.h>

static void add_decls(FeProgram *p, const AstFile *file, bool library) {
	Arena *arena = p->session->arena;
	for (uint32_t i = 0; i < file->decls.count; i++) {
		const AstDecl *decl = file->decls.data[i];
		if (decl->kind == AST_IMPORT)
			continue;
		if (library) {
			vec_push(arena, &p->library, decl);
			continue;
		}
		for (uint32_t k = 0; k < p->user.count; k++) {
			const AstDecl *other = p->user.data[k];
			if (other->name.name != decl->name.name || !decl->name.name)
				continue;
			Diag *diag = diag_error(p->session, 322, decl->name.span, "`%s` is declared twice",
			                        session_text(p->session, decl->name.name));
			diag_label(p->session, diag, other->name.span, "first here");
		}
		vec_push(arena, &p->user, decl);
	}
}

FeProgram *fe_program_new(Session *session) {
	FeProgram *p = ARENA_NEW(session->arena, FeProgram);
	p->session = session;
	for (size_t i = 0; i < fe_std_file_count; i++) {
		const char *path = arena_printf(session->arena, "<std>/%s", fe_std_files[i].name);
		uint32_t source = source_add(session, path, fe_std_files[i].text, fe_std_files[i].length);
		add_decls(p, ast_parse(session, source), true);
	}
	return p;
}

const char *file_beside(FeProgram *p, uint32_t source, const char *path, const char **problem) {
	const char *here = p->session->sources.data[source]->path;
	const char *slash = strrchr(here, '/');
	if (path[0] != '/' && slash)
		path = arena_printf(p->session->arena, "%.*s/%s", (int)(slash - here), here, path);
	return p->finder ? p->finder(p->finder_context, here, path, problem) : path;
}

static bool add_import(FeProgram *p, uint32_t source, const AstExpr *import);

bool fe_add_source(FeProgram *p, uint32_t source) {
	Session *session = p->session;
	uint32_t errors = session->error_count;
	AstFile *file = ast_parse(session, source);
	vec_push(session->arena, &p->files, file);
	for (uint32_t i = 0; i < file->decls.count; i++) {
		const AstDecl *decl = file->decls.data[i];
		if (decl->kind == AST_IMPORT && decl->value && decl->value->kind == AST_TEXT)
			add_import(p, source, decl->value);
	}
	add_decls(p, file, false);
	p->broken = p->broken || session->error_count > errors;
	return session->error_count == errors;
}

/* Was this file read, under whatever name? If not, it counts as read from now on. */
static bool already_read(FeProgram *p, const char *path) {
	struct stat info;
	if (stat(path, &info) != 0)
		return false;
	FileId id = {(uint64_t)info.st_dev, (uint64_t)info.st_ino};
	for (uint32_t i = 0; i < p->read.count; i++)
		if (p->read.data[i].device == id.device && p->read.data[i].number == id.number)
			return true;
	vec_push(p->session->arena, &p->read, id);
	return false;
}

/* NULL, or why the file cannot be read. What is wrong in it is in the session's diagnostics. */
static const char *read_file(FeProgram *p, const char *path, bool streams) {
	if (already_read(p, path))
		return NULL;
	const char *why;
	uint32_t source = source_load(p->session, path, streams, &why);
	if (source)
		fe_add_source(p, source);
	return why;
}

static bool add_file(FeProgram *p, const char *path, const char *why, Span from) {
	uint32_t errors = p->session->error_count;
	why = why ? why : read_file(p, path, false);
	if (why) {
		diag_error(p->session, 320, from, "cannot read `%s`: %s", path, why);
		p->broken = true;
	}
	return p->session->error_count == errors;
}

static bool add_import(FeProgram *p, uint32_t source, const AstExpr *import) {
	const char *problem = NULL, *path = file_beside(p, source, import->text, &problem);
	return add_file(p, path ? path : import->text, path ? NULL : problem, import->span);
}

bool fe_add_file(FeProgram *program, const char *path) {
	return add_file(program, path, NULL, (Span){0});
}

const char *fe_add_named(FeProgram *program, const char *path) {
	return read_file(program, path, true);
}

void fe_set_finder(FeProgram *program, FeFinder *finder, void *context) {
	program->finder = finder;
	program->finder_context = context;
}

void fe_set_loader(FeProgram *program, FeLoader *loader, void *context) {
	program->loader = loader;
	program->loader_context = context;
}

const AstDecl *fe_find(const FeProgram *p, Name name) {
	for (uint32_t i = 0; i < p->user.count; i++)
		if (p->user.data[i]->name.name == name)
			return p->user.data[i];
	for (uint32_t i = 0; i < p->library.count; i++)
		if (p->library.data[i]->name.name == name)
			return p->library.data[i];
	return NULL;
}

/* An experiment may be called like the family it is about: then the kind that is asked for decides. */
static const AstDecl *find_kind(const FeProgram *p, Name name, AstDeclKind kind) {
	for (uint32_t i = 0; i < p->user.count; i++)
		if (p->user.data[i]->name.name == name && p->user.data[i]->kind == kind)
			return p->user.data[i];
	for (uint32_t i = 0; i < p->library.count; i++)
		if (p->library.data[i]->name.name == name && p->library.data[i]->kind == kind)
			return p->library.data[i];
	return fe_find(p, name);
}

uint32_t fe_decl_count(const FeProgram *program) {
	return program->user.count;
}

const AstDecl *fe_decl(const FeProgram *program, uint32_t index) {
	return program->user.data[index];
}

Name nearest_decl(const FeProgram *p, Name wanted, AstDeclKind kind) {
	Name names[512];
	uint32_t count = 0;
	for (uint32_t i = 0; i < p->user.count && count < 512; i++)
		if (p->user.data[i]->kind == kind)
			names[count++] = p->user.data[i]->name.name;
	for (uint32_t i = 0; i < p->library.count && count < 512; i++)
		if (p->library.data[i]->kind == kind)
			names[count++] = p->library.data[i]->name.name;
	return name_nearest(p->session->names, wanted, names, count);
}

/* ---- calls ---- */

static const char *kind_word(AstDeclKind kind) {
	static const char *const words[] = {"an import",    "a constant",   "a function",
	                                    "an objective", "an optimizer", "an experiment"};
	return words[kind];
}

bool call_arguments(FeProgram *p, const FeCall *call, const AstExpr **out) {
	Session *session = p->session;
	const AstDecl *decl = call->decl;
	const char *name = session_text(session, decl->name.name);
	uint32_t params = decl->params.count, position = 0;
	bool ok = true;
	for (uint32_t i = 0; i < params; i++)
		out[i] = NULL;
	for (uint32_t i = 0; i < call->names.count; i++) {
		Name wanted = call->names.data[i];
		Span span = call->values.data[i]->span;
		uint32_t at = params;
		if (wanted) {
			Name names[64];
			uint32_t count = 0;
			for (uint32_t k = 0; k < params; k++) {
				at = decl->params.data[k].name.name == wanted ? k : at;
				if (count < 64)
					names[count++] = decl->params.data[k].name.name;
			}
			if (at == params) {
				span = i < call->places.count ? call->places.data[i] : span;
				Diag *diag =
					diag_error(session, 216, span, "`%s` has no parameter `%s`", name, session_text(session, wanted));
				diag_label(session, diag, decl->name.span, "declared here");
				Name near = name_nearest(session->names, wanted, names, count);
				if (near)
					diag_help(session, diag, "did you mean `%s`?", session_text(session, near));
				ok = false;
				continue;
			}
		} else
			at = position++;
		if (at >= params) {
			Diag *diag = diag_error(session, 215, span, "`%s` takes %u argument%s", name, (unsigned)params,
			                        params == 1 ? "" : "s");
			diag_label(session, diag, decl->name.span, "declared here");
			ok = false;
		} else if (out[at]) {
			diag_error(session, 218, span, "`%s` is given twice",
			           session_text(session, decl->params.data[at].name.name));
			ok = false;
		} else
			out[at] = call->values.data[i];
	}
	return ok;
}

bool fe_call(FeProgram *p, const AstExpr *expr, AstDeclKind kind, FeCall *out) {
	Session *session = p->session;
	*out = (FeCall){.span = expr->span, .program = p};
	if (expr->kind == AST_BAD)
		return false;
	if (expr->kind != AST_NAME && expr->kind != AST_CALL) {
		diag_error(session, 201, expr->span, "the name of %s was expected here", kind_word(kind));
		return false;
	}
	AstName name = expr->kind == AST_NAME ? (AstName){expr->name, expr->span} : expr->call.callee;
	const AstDecl *decl = find_kind(p, name.name, kind);
	if (!decl || decl->kind != kind) {
		Diag *diag;
		if (decl) {
			diag = diag_error(session, 201, name.span, "`%s` is %s, but %s is needed here",
			                  session_text(session, name.name), kind_word(decl->kind), kind_word(kind));
			diag_label(session, diag, decl->name.span, "declared here");
		} else
			diag = diag_error(session, 201, name.span, "there is no %s `%s`", strchr(kind_word(kind), ' ') + 1,
			                  session_text(session, name.name));
		Name near = nearest_decl(p, name.name, kind);
		if (near)
			diag_help(session, diag, "did you mean `%s`?", session_text(session, near));
		return false;
	}
	out->decl = decl;
	if (expr->kind == AST_CALL) {
		for (uint32_t i = 0; i < expr->call.args.count; i++) {
			vec_push(session->arena, &out->names, expr->call.args.data[i].name.name);
			vec_push(session->arena, &out->places, expr->call.args.data[i].name.span);
			vec_push(session->arena, &out->values, (const AstExpr *)expr->call.args.data[i].value);
		}
	}
	const AstExpr **args = ARENA_ARRAY(session->arena, const AstExpr *, decl->params.count + 1);
	if (!call_arguments(p, out, args))
		return false;
	for (uint32_t i = 0; i < out->names.count; i++) /* those by position get their names, too */
		if (!out->names.data[i])
			out->names.data[i] = decl->params.data[i].name.name;
	return true;
}

bool fe_call_text(FeProgram *p, const char *text, AstDeclKind kind, FeCall *out) {
	uint32_t errors = p->session->error_count;
	uint32_t source = source_add(p->session, "<command line>", text, strlen(text));
	AstExpr *expr = ast_parse_expression(p->session, source);
	return p->session->error_count == errors && fe_call(p, expr, kind, out);
}

/* ---- the elaborator's start ---- */

Elab elab_new(FeProgram *program, IrModule *module, IrScalar real) {
	Elab e = {.program = program,
	          .session = program->session,
	          .module = module,
	          .arena = module->arena,
	          .real = real,
	          .n = -1,
	          .tensors = 1};
	e.epoch = ARENA_NEW(e.arena, uint64_t);
	e.next_var = ARENA_NEW(e.arena, uint32_t);
	return e;
}

Value *elab_const(Elab *e, const AstDecl *decl) {
	for (const Calls *c = e->calls; c; c = c->outer) {
		if (c->decl != decl)
			continue;
		diag_error(e->session, 220, decl->name.span, "constant `%s` is defined by itself",
		           session_text(e->session, decl->name.name));
		return value_bad(e);
	}
	if (!decl->value)
		return value_bad(e);
	Calls calls = {decl, e->calls};
	Binding *scope = e->scope;
	bool dimension = e->in_dimension, want = e->want_int;
	e->in_dimension = e->want_int = false;
	e->scope = NULL;
	e->calls = &calls;
	AstDeclare d = {.type = decl->type, .value = decl->value};
	Value *v = elab_headed(e, &d, decl->name.name);
	e->calls = calls.outer;
	e->scope = scope;
	e->in_dimension = dimension;
	e->want_int = want;
	return v;
}

bool fe_number(FeProgram *program, const AstExpr *expr, double *out) {
	IrModule *module = ir_module_new(program->session);
	Elab e = elab_new(program, module, IR_F64);
	IrBuilder builder = ir_builder(ir_func_new(module, "number"));
	e.builder = &builder;
	bool ok = elab_number(&e, expr, "this", out);
	ir_module_free(module);
	return ok;
}

/* ---- checking everything ---- */

/* The clauses; then the objectives and rules with the arguments that the experiment gives them. */
static void check_experiment(FeProgram *p, IrModule *module, const AstDecl *decl) {
	FeExperiment *x = ARENA_NEW(module->arena, FeExperiment);
	if (!fe_experiment(p, decl, x) || p->session->error_count)
		return;
	for (uint32_t i = 0; i < x->on.count; i++) {
		const FeObjective *objective = fe_objective(p, module, &x->on.data[i], IR_F64);
		if (!objective)
			continue;
		int64_t *sizes = ARENA_ARRAY(module->arena, int64_t, objective->params.count);
		for (uint32_t k = 0; k < objective->params.count; k++)
			sizes[k] = objective->params.data[k].count;
		FeTarget target = {sizes, objective->params.count};
		if (!fe_rule(p, module, &x->train, &target, IR_F64, x->open.data, x->open.count))
			return;
		for (uint32_t k = 0; i == 0 && k < x->against.count; k++)
			fe_rule(p, module, &x->against.data[k], &target, IR_F64, NULL, 0);
	}
	static const int64_t learned[] = {7};
	fe_rule(p, module, &x->update, &(FeTarget){learned, 1}, IR_F64, NULL, 0);
}

static void check_decl(FeProgram *p, const AstDecl *decl) {
	IrModule *module = ir_module_new(p->session);
	FeCall call = {.decl = decl, .span = decl->name.span};
	static const int64_t sizes[] = {7, 3};
	switch (decl->kind) {
	case AST_OBJECTIVE: fe_objective(p, module, &call, IR_F64); break;
	case AST_OPTIMIZER: {
		FeTarget target = {sizes, decl->joint ? 1 : 2};
		fe_rule(p, module, &call, &target, IR_F64, NULL, 0);
		break;
	}
	case AST_CONST: {
		Elab e = elab_new(p, module, IR_F64);
		IrBuilder builder = ir_builder(ir_func_new(module, "const"));
		e.builder = &builder;
		elab_const(&e, decl);
		break;
	}
	case AST_FN: {
		Elab e = elab_new(p, module, IR_F64);
		check_function_names(&e, decl);
		break;
	}
	case AST_EXPERIMENT: check_experiment(p, module, decl); break;
	default: break;
	}
	ir_module_free(module);
}

bool fe_check(FeProgram *p) {
	for (int experiments = 0; experiments < 2; experiments++)
		for (uint32_t i = 0; i < p->user.count; i++)
			if ((p->user.data[i]->kind == AST_EXPERIMENT) == (experiments == 1))
				check_decl(p, p->user.data[i]);
	return p->session->error_count == 0;
}
