/* Programs: files, imports, the built-in library; declarations by name; calls of declarations. */
#include "frontend/meaning/elab.h"

#include <string.h>
#include <sys/stat.h>

/* The first declaration of this name, after this one was entered. */
static const AstDecl *enter_name(Arena *arena, NameMap *map, const AstDecl *decl) {
	void **place = name_map_place(arena, map, decl->name.name);
	if (!*place)
		*place = (void *)(uintptr_t)decl;
	return *place;
}

static void add_decls(FeProgram *p, const AstFile *file) {
	Arena *arena = p->session->arena;
	for (uint32_t i = 0; i < file->decls.count; i++) {
		const AstDecl *decl = file->decls.data[i];
		if (decl->kind == AST_IMPORT)
			continue;
		vec_push(arena, &p->user, decl);
		resolve_again(p);
		if (!decl->name.name)
			continue;
		enter_name(arena, &p->by_kind[decl->kind], decl);
		const AstDecl *first = enter_name(arena, &p->by_name, decl);
		if (first == decl)
			continue;
		Diag *diag = diag_error(p->session, 322, decl->name.span, "`%s` is declared twice",
		                        session_text(p->session, decl->name.name));
		diag_label(p->session, diag, first->name.span, "first here");
	}
}

FeProgram *fe_program_new(Session *session) {
	FeProgram *p = ARENA_NEW(session->arena, FeProgram);
	p->session = session;
	p->library = library_new(session);
	return p;
}

const char *fe_source_beside(FeProgram *p, uint32_t source, const char *path, const char **problem) {
	const char *here = p->session->sources.data[source]->path;
	path = file_beside(p->session->arena, here, path);
	return p->finder ? p->finder(p->finder_context, here, path, problem) : path;
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

/* ---- a file and what it imports ----
 *
 * What a file imports comes before it, in the order of the text. The walk has a stack of its own: files may import one
 * another in a chain of any length. */

typedef struct OpenFile {
	const AstFile *file;
	uint32_t source, next; /* the declaration to look at */
	uint32_t errors;       /* before it was read */
} OpenFile;

typedef VEC(OpenFile) OpenFiles;

static void open_source(FeProgram *p, OpenFiles *open, uint32_t source) {
	uint32_t errors = p->session->error_count;
	AstFile *file = ast_parse(p->session, source);
	vec_push(p->session->arena, &p->files, file);
	vec_push(p->session->arena, open, ((OpenFile){file, source, 0, errors}));
}

static void open_import(FeProgram *p, OpenFiles *open, uint32_t source, const AstExpr *import) {
	const char *problem = NULL, *path = fe_source_beside(p, source, import->text, &problem);
	if (path) {
		if (already_read(p, path))
			return;
		uint32_t read = source_load(p->session, path, false, &problem);
		if (read) {
			open_source(p, open, read);
			return;
		}
	}
	diag_error(p->session, 320, import->span, "cannot read `%s`: %s", path ? path : import->text, problem);
	p->broken = true;
}

bool fe_add_source(FeProgram *p, uint32_t source) {
	uint32_t errors = p->session->error_count;
	OpenFiles open = {0};
	open_source(p, &open, source);
	while (open.count) {
		OpenFile *top = &open.data[open.count - 1];
		if (top->next < top->file->decls.count) {
			const AstDecl *decl = top->file->decls.data[top->next++];
			if (decl->kind == AST_IMPORT && decl->value && decl->value->kind == AST_TEXT)
				open_import(p, &open, top->source, decl->value);
			continue;
		}
		add_decls(p, top->file);
		p->broken = p->broken || p->session->error_count > top->errors;
		open.count--;
	}
	return p->session->error_count == errors;
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

bool fe_add_file(FeProgram *program, const char *path) {
	uint32_t errors = program->session->error_count;
	const char *why = read_file(program, path, false);
	if (why) {
		diag_error(program->session, 320, (Span){0}, "cannot read `%s`: %s", path, why);
		program->broken = true;
	}
	return program->session->error_count == errors;
}

const char *fe_add_named(FeProgram *program, const char *path) {
	return read_file(program, path, true);
}

void fe_set_finder(FeProgram *program, FeFinder *finder, void *context) {
	program->finder = finder;
	program->finder_context = context;
}

void fe_set_data(FeProgram *program, FeDataReader *reader, void *context) {
	program->data = reader;
	program->data_context = context;
}

void fe_set_loader(FeProgram *program, FeLoader *loader, void *context) {
	program->loader = loader;
	program->loader_context = context;
}

const AstDecl *fe_find(const FeProgram *p, Name name) {
	const AstDecl *decl = name_map_get(&p->by_name, name);
	return decl ? decl : library_find(p->session, p->library, name);
}

/* An experiment may be called like the family it is about: then the kind that is asked for decides. */
static const AstDecl *find_kind(const FeProgram *p, Name name, AstDeclKind kind) {
	const AstDecl *decl = name_map_get(&p->by_kind[kind], name);
	if (decl)
		return decl;
	decl = library_find(p->session, p->library, name);
	return decl && decl->kind == kind ? decl : fe_find(p, name);
}

uint32_t fe_decl_count(const FeProgram *program) {
	return program->user.count;
}

const AstDecl *fe_decl(const FeProgram *program, uint32_t index) {
	return program->user.data[index];
}

/* Names of declarations of a kind, those of the user first; none twice. */
static uint32_t names_of_kind(const FeProgram *p, AstDeclKind kind, Name *names) {
	uint32_t count = 0, users = p->user.count;
	for (uint32_t i = 0; i < users + p->library->names.count; i++) {
		bool user = i < users;
		Name name = user ? p->user.data[i]->name.name : p->library->names.data[i - users];
		AstDeclKind its = user ? p->user.data[i]->kind : p->library->entries.data[i - users].kind;
		bool there = its != kind || !name;
		for (uint32_t k = 0; k < count && !there; k++)
			there = names[k] == name;
		if (!there)
			names[count++] = name;
	}
	return count;
}

const char *fe_candidates(const FeProgram *p, Name wanted, AstDeclKind kind) {
	enum { SHOWN = 8 };
	Session *session = p->session;
	Arena *scratch = arena_new();
	Name *names = ARENA_ARRAY(scratch, Name, p->user.count + p->library->names.count + 1);
	uint32_t count = names_of_kind(p, kind, names);
	Name near = name_nearest(session->names, wanted, names, count);
	const char *foreign = kind == AST_OPTIMIZER ? foreign_rule(session_text(session, wanted)) : NULL;
	Text out = text_new(scratch);
	if (foreign)
		text_printf(&out, "it is called `%s` here", foreign);
	else if (near)
		text_printf(&out, "did you mean `%s`?", session_text(session, near));
	if (count > 0 && !foreign) {
		names_by_distance(session->names, wanted, names, count);
		uint32_t shown = 0, others = count - (near != 0);
		const char *verb = others == 1 ? "is" : "are";
		if (others)
			text_printf(&out, near ? " There %s also " : "there %s ", verb);
		for (uint32_t i = 0; i < count && shown < SHOWN; i++)
			if (names[i] != near)
				text_printf(&out, "%s%s", shown++ ? ", " : "", session_text(session, names[i]));
		text_printf(&out, "%s", others > SHOWN ? ", ..." : "");
	}
	const char *text = out.length > 0 ? arena_printf(session->arena, "%s", text_cstr(&out)) : NULL;
	arena_free(scratch);
	return text;
}

/* ---- calls ---- */

static const char *kind_word(AstDeclKind kind) {
	static const char *const words[] = {"an import",    "a constant",   "a function",
	                                    "an objective", "an optimizer", "an experiment"};
	return words[kind];
}

Name nearest_param(Session *session, const AstDecl *decl, Name wanted) {
	Arena *scratch = arena_new();
	uint32_t count = decl->params.count;
	Name *names = ARENA_ARRAY(scratch, Name, count);
	for (uint32_t i = 0; i < count; i++)
		names[i] = decl->params.data[i].name.name;
	Name near = name_nearest(session->names, wanted, names, count);
	arena_free(scratch);
	return near;
}

/* What a parameter that is not there may have been meant for; or which there are. */
static void help_param(Session *session, Diag *diag, const AstDecl *decl, Name wanted) {
	enum { SHOWN = 8 };
	Name near = nearest_param(session, decl, wanted);
	const char *foreign = foreign_param(session_text(session, wanted));
	Text out = text_new(session->arena);
	for (uint32_t i = 0; i < decl->params.count && i < SHOWN; i++) {
		if (!decl->params.data[i].name.name)
			continue;
		const char *name = session_text(session, decl->params.data[i].name.name);
		if (foreign && strcmp(foreign, name) == 0) {
			diag_help(session, diag, "it is called `%s` here", name);
			return;
		}
		text_printf(&out, "%s%s", out.length ? ", " : "", name);
	}
	if (near)
		diag_help(session, diag, "did you mean `%s`?", session_text(session, near));
	else if (out.length)
		diag_help(session, diag, "it takes %s%s", text_cstr(&out), decl->params.count > SHOWN ? ", ..." : "");
}

uint32_t param_place(const AstDecl *decl, NameMap *places, Arena *arena, Name wanted) {
	if (!places->count)
		for (uint32_t i = decl->params.count; i-- > 0;)
			if (decl->params.data[i].name.name)
				*name_map_place(arena, places, decl->params.data[i].name.name) = (void *)(uintptr_t)(i + 1);
	uintptr_t place = (uintptr_t)name_map_get(places, wanted);
	return place ? (uint32_t)place - 1 : decl->params.count;
}

bool call_arguments(FeProgram *p, const FeCall *call, const AstExpr **out) {
	Session *session = p->session;
	const AstDecl *decl = call->decl;
	const char *name = session_text(session, decl->name.name);
	uint32_t params = decl->params.count, position = 0;
	NameMap places = {0};
	bool ok = true;
	for (uint32_t i = 0; i < params; i++)
		out[i] = NULL;
	for (uint32_t i = 0; i < call->names.count; i++) {
		Name wanted = call->names.data[i];
		Span span = call->values.data[i]->span;
		uint32_t at = params;
		if (wanted) {
			at = param_place(decl, &places, session->arena, wanted);
			if (at == params) {
				span = i < call->places.count ? call->places.data[i] : span;
				Diag *diag =
					diag_error(session, 216, span, "`%s` has no parameter `%s`", name, session_text(session, wanted));
				diag_label(session, diag, decl->name.span, "declared here");
				help_param(session, diag, decl, wanted);
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

static bool read_call(FeProgram *p, const AstExpr *expr, AstDeclKind kind, bool in_body, FeCall *out) {
	Session *session = p->session;
	*out = (FeCall){.span = expr->span, .program = p};
	uint32_t errors = session->error_count;
	if (expr->kind == AST_CALL && !in_body)
		for (uint32_t i = 0; i < expr->call.args.count; i++)
			resolve_loose(p, expr->call.args.data[i].value);
	if (session->error_count != errors)
		return false;
	if (expr->kind == AST_BAD)
		return false;
	if (expr->kind != AST_NAME && expr->kind != AST_CALL) {
		diag_error(session, 201, expr->span, "the name of %s was expected here", kind_word(kind));
		return false;
	}
	AstName name = expr->kind == AST_NAME ? (AstName){expr->name, expr->span, expr->id} : expr->call.callee;
	const AstDecl *decl = find_kind(p, name.name, kind);
	if (!decl || decl->kind != kind) {
		void **said = name_map_place(session->arena, &p->missing[kind], name.name);
		Diag *diag = *said;
		if (diag) { /* one mistake, wherever the name stands */
			diag_say(session, &(Diags){.data = &diag, .count = 1});
			return false;
		}
		if (decl) {
			diag = diag_error(session, 201, name.span, "`%s` is %s, but %s is needed here",
			                  session_text(session, name.name), kind_word(decl->kind), kind_word(kind));
			diag_label(session, diag, decl->name.span, "declared here");
		} else
			diag = diag_error(session, 201, name.span, "there is no %s `%s`", strchr(kind_word(kind), ' ') + 1,
			                  session_text(session, name.name));
		*said = diag;
		const char *candidates = fe_candidates(p, name.name, kind);
		if (candidates)
			diag_help(session, diag, "%s", candidates);
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

bool fe_call(FeProgram *p, const AstExpr *expr, AstDeclKind kind, FeCall *out) {
	return read_call(p, expr, kind, false, out);
}

bool call_in_body(FeProgram *p, const AstExpr *expr, AstDeclKind kind, FeCall *out) {
	return read_call(p, expr, kind, true, out);
}

bool fe_call_text(FeProgram *p, const char *text, AstDeclKind kind, FeCall *out) {
	uint32_t errors = p->session->error_count;
	uint32_t source = source_add(p->session, "<command line>", text, strlen(text));
	AstExpr *expr = ast_parse_expression(p->session, source);
	return p->session->error_count == errors && fe_call(p, expr, kind, out);
}

/* ---- the elaborator's start ---- */

Elab elab_new(FeProgram *program, IrModule *module, IrScalar real, Typing *typing) {
	Elab e = {.program = program,
	          .session = program->session,
	          .module = module,
	          .arena = module->arena,
	          .real = real,
	          .n = -1,
	          .tensors = 1};
	e.typing = typing;
	e.path = &typing->root;
	e.epoch = ARENA_NEW(e.arena, uint64_t);
	e.next_var = ARENA_NEW(e.arena, uint32_t);
	return e;
}

bool fe_number(FeProgram *program, const AstExpr *expr, double *out) {
	IrModule *module = ir_module_new(program->session);
	Elab e = elab_new(program, module, IR_F64, typing_new(module->arena));
	IrBuilder builder = ir_builder(ir_func_new(module, "number"));
	e.builder = &builder;
	resolve_loose(program, expr);
	bool ok = elab_number(&e, expr, "this", out);
	ir_module_free(module);
	return ok;
}

/* ---- checking everything ----
 *
 * Typing finds all mistakes, so nothing is lowered. */

/* The clauses; then the objectives and rules with the arguments that the experiment gives them. */
static void check_experiment(FeProgram *p, IrModule *module, const AstDecl *decl) {
	FeExperiment *x = ARENA_NEW(module->arena, FeExperiment);
	if (!fe_experiment(p, decl, x) || p->session->error_count)
		return;
	for (uint32_t i = 0; i < x->on.count; i++) {
		const FeObjective *objective = type_objective(p, module, &x->on.data[i], IR_F64, typing_new(module->arena));
		if (!objective)
			continue;
		int64_t *sizes = ARENA_ARRAY(module->arena, int64_t, objective->params.count);
		for (uint32_t k = 0; k < objective->params.count; k++)
			sizes[k] = objective->params.data[k].count;
		FeTarget target = {sizes, objective->params.count};
		if (!type_rule(p, module, &x->train, &target, IR_F64, x->open.data, x->open.count, typing_new(module->arena)))
			return;
		for (uint32_t k = 0; i == 0 && k < x->against.count; k++)
			type_rule(p, module, &x->against.data[k], &target, IR_F64, NULL, 0, typing_new(module->arena));
	}
	static const int64_t learned[] = {7};
	type_rule(p, module, &x->update, &(FeTarget){learned, 1}, IR_F64, NULL, 0, typing_new(module->arena));
}

/* Those of `a` that `b` has, too, word for word. */
static Diags said_in_both(Session *session, const Diags *a, const Diags *b) {
	Diags both = {0};
	for (uint32_t i = 0; i < a->count; i++) {
		const Diag *x = a->data[i];
		bool found = false;
		for (uint32_t k = 0; k < b->count && !found; k++) {
			const Diag *y = b->data[k];
			Span p = x->labels.data[0].span, q = y->labels.data[0].span;
			found = x->code == y->code && p.file == q.file && p.start == q.start && strcmp(x->message, y->message) == 0;
		}
		if (found)
			vec_push(session->arena, &both, a->data[i]);
	}
	return both;
}

/* A joint rule may be made for one size, which only those who use it know: what is wrong with it alone is what is wrong
 * on whatever size, in the same words. Experiments check it on the sizes of their objectives. */
static void check_joint(FeProgram *p, IrModule *module, const FeCall *call) {
	static const int64_t sizes[] = {7, 1009};
	Diags wrong[2];
	for (int i = 0; i < 2; i++) {
		DiagMark mark = diag_mark(p->session);
		type_rule(p, module, call, &(FeTarget){&sizes[i], 1}, IR_F64, NULL, 0, typing_new(module->arena));
		wrong[i] = diag_take_back(p->session, mark);
		if (wrong[i].count == 0)
			return;
	}
	Diags both = said_in_both(p->session, &wrong[0], &wrong[1]);
	diag_say(p->session, &both);
}

/* True: nothing was wrong. */
static bool check_decl(FeProgram *p, const AstDecl *decl) {
	if (!decl->name.name) /* its name could not be read, which was reported */
		return false;
	IrModule *module = ir_module_new(p->session);
	FeCall call = {.decl = decl, .span = decl->name.span};
	static const int64_t sizes[] = {7, 3};
	uint32_t errors = p->session->error_count;
	resolve(p, decl);
	switch (decl->kind) {
	case AST_OBJECTIVE: type_objective(p, module, &call, IR_F64, typing_new(module->arena)); break;
	case AST_OPTIMIZER:
		if (decl->joint)
			check_joint(p, module, &call);
		else
			type_rule(p, module, &call, &(FeTarget){sizes, 2}, IR_F64, NULL, 0, typing_new(module->arena));
		break;
	case AST_CONST: type_constant(p, module, decl, typing_new(module->arena)); break;
	case AST_EXPERIMENT: check_experiment(p, module, decl); break;
	default: break;
	}
	ir_module_free(module);
	return p->session->error_count == errors && names_are_sound(p, decl);
}

/* An experiment, too, may have found something wrong in it. */
static bool has_error(const FeProgram *p, const AstDecl *decl) {
	const Session *session = p->session;
	for (uint32_t i = 0; i < session->diags.count && session->error_count; i++) {
		const Diag *diag = session->diags.data[i];
		Span at = diag->labels.data[0].span;
		if (diag->severity == DIAG_ERROR && at.file == decl->span.file && at.start >= decl->span.start &&
		    at.start < decl->span.end)
			return true;
	}
	return false;
}

bool fe_check(FeProgram *p) {
	VEC(const AstDecl *) sound = {0};
	for (int experiments = 0; experiments < 2; experiments++) {
		for (uint32_t i = 0; i < p->user.count; i++) {
			const AstDecl *decl = p->user.data[i];
			if ((decl->kind == AST_EXPERIMENT) == (experiments == 1) && check_decl(p, decl))
				vec_push(p->session->arena, &sound, decl);
		}
	}
	for (uint32_t i = 0; i < sound.count && !p->broken; i++)
		if ((sound.data[i]->kind == AST_OBJECTIVE || sound.data[i]->kind == AST_OPTIMIZER) &&
		    !has_error(p, sound.data[i]))
			check_unused(p, sound.data[i]);
	return p->session->error_count == 0;
}
