/* Checking everything: each declaration of the user's files is typed with its defaults, and each experiment on its objectives.
 * Typing finds all mistakes, so nothing is lowered, but what has derivatives: how long they become is known when they are made. */
#include "frontend/decl/decl.h"

/* Two vectors; and for rules that look at the axes of x, tensors of all ranks that are usual. */
static const IrType check_types[] = {{.scalar = IR_F64},
                                     {.scalar = IR_F64, .rank = 1, .dims = {7}},
                                     {.scalar = IR_F64, .rank = 2, .dims = {5, 3}},
                                     {.scalar = IR_F64, .rank = 3, .dims = {2, 3, 4}}};
static const int64_t usual_sizes[] = {1, 7, 15, 24};
const FeTarget check_tensors = {.sizes = fe_checked_tensors, .count = 2, .types = check_types, .type_count = 4};
const FeTarget fe_usual_tensors = {.sizes = usual_sizes, .count = 4, .types = check_types, .type_count = 4};

/* What typing found nothing wrong with, lowered: derivatives that become too long are all that is said. target: of a rule. */
static void check_derivatives(FeProgram *p, const FeCall *call, const FeTarget *target) {
	if (!p->differentiates)
		return;
	DiagMark mark = diag_mark(p->session);
	IrModule *module = ir_module_new(p->session);
	bool shapes_differ =
		target && target->types && target->type_count != target->count; /* from sizes: then it can only be typed */
	if (call->decl->kind == AST_OBJECTIVE)
		fe_objective(p, module, call, IR_F64);
	else
		fe_rule(p, module, call, shapes_differ ? &fe_usual_tensors : target, IR_F64, NULL, 0);
	ir_module_free(module);
	Diags said = diag_take_back(p->session, mark), too_long = {0};
	for (uint32_t i = 0; i < said.count; i++)
		if (said.data[i]->severity == DIAG_ERROR && said.data[i]->code == 140)
			vec_push(p->session->arena, &too_long, said.data[i]);
	diag_say(p->session, &too_long);
}

/* The objectives and rules of an experiment, with the arguments that it gives them, as far as its clauses name them. */
static void check_named(FeProgram *p, IrModule *module, const FeExperiment *x) {
	for (uint32_t i = 0; i < x->on.count; i++) {
		const FeObjective *objective = objective_typed(p, module, &x->on.data[i], IR_F64, typing_new(module->arena));
		if (!objective)
			continue;
		check_derivatives(p, &x->on.data[i], NULL);
		if (!x->train.decl || x->learner)
			continue;
		FeTarget target = fe_target(objective, module->arena);
		const FeRule *rule =
			rule_typed(p, module, &x->train, &target, IR_F64, x->open.data, x->open.count, typing_new(module->arena));
		if (!rule || (fe_open_expression(x->train.decl) && !fe_is_searchable(p->session, rule, x->train.span)))
			return;
		for (uint32_t k = 0; i == 0 && k < x->against.count; k++)
			rule_typed(p, module, &x->against.data[k], &target, IR_F64, NULL, 0, typing_new(module->arena));
	}
	if (!x->update.decl || fe_open_expression(x->update.decl))
		return;
	const FeRule *update = rule_typed(p, module, &x->update, &(FeTarget){.sizes = fe_checked_sizes, .count = 1}, IR_F64,
	                                  NULL, 0, typing_new(module->arena));
	if (update)
		fe_updates(p->session, update, x->update.span);
}

/* Was a mistake of this kind found at this place before? With other arguments its numbers may be other ones. */
static bool found_before(const Session *session, const Diag *diag) {
	Span at = diag->labels.data[0].span;
	for (uint32_t i = 0; i < session->diags.count; i++) {
		const Diag *before = session->diags.data[i];
		Span place = before->labels.data[0].span;
		if (before->code == diag->code && place.file == at.file && place.start == at.start)
			return true;
	}
	return false;
}

/* The clauses, and what they name. What is wrong with a declaration by itself is not said again here. */
static void check_experiment(FeProgram *p, IrModule *module, const AstDecl *decl) {
	FeExperiment *x = ARENA_NEW(module->arena, FeExperiment);
	fe_experiment_any(p, decl, x);
	DiagMark mark = diag_mark(p->session);
	check_named(p, module, x);
	Diags said = diag_take_back(p->session, mark), others = {0};
	for (uint32_t i = 0; i < said.count; i++)
		if (!found_before(p->session, said.data[i]))
			vec_push(p->session->arena, &others, said.data[i]);
	diag_say(p->session, &others);
}

/* Those of `a` that `b` has, too. */
static Diags said_in_both(Session *session, const Diags *a, const Diags *b) {
	Diags both = {0};
	uint32_t from = 0; /* both lists mostly have the same order, so the search begins behind the last one found */
	for (uint32_t i = 0; i < a->count; i++) {
		const Diag *x = a->data[i];
		bool found = false;
		for (uint32_t k = 0; k < b->count && !found; k++) {
			uint32_t at = (from + k) % b->count;
			found = diag_is_same(x, b->data[at]);
			from = found ? at + 1 : from;
		}
		if (found)
			vec_push(session->arena, &both, a->data[i]);
	}
	return both;
}

static bool lacks_defaults(const AstDecl *decl) {
	for (uint32_t i = 0; i < decl->params.count; i++)
		if (!decl->params.data[i].value)
			return true;
	return false;
}

/* The call with `number` for each hyperparameter that has no default. */
static bool call_with(FeProgram *p, const AstDecl *decl, const char *number, FeCall *call) {
	Text text = text_new(p->session->arena);
	text_printf(&text, "%s(", session_text(p->session, decl->name.name));
	const char *between = "";
	for (uint32_t i = 0; i < decl->params.count; i++) {
		if (decl->params.data[i].value)
			continue;
		text_printf(&text, "%s%s = %s", between, session_text(p->session, decl->params.data[i].name.name), number);
		between = ", ";
	}
	text_printf(&text, ")");
	return fe_call_text(p, text_cstr(&text), decl->kind, call);
}

/* Types an objective or a rule, with the first or the second (`which`) of the numbers and sizes that are made up for it. */
static void type_decl(FeProgram *p, IrModule *module, const AstDecl *decl, int which) {
	FeCall call = {.decl = decl, .span = decl->name.span};
	if (lacks_defaults(decl) && !call_with(p, decl, fe_checked_numbers[which], &call))
		return;
	FeTarget target = check_tensors;
	if (decl->joint)
		target = (FeTarget){.sizes = &fe_checked_sizes[which], .count = 1};
	bool sound;
	if (decl->kind == AST_OBJECTIVE)
		sound = objective_typed(p, module, &call, IR_F64, typing_new(module->arena)) != NULL;
	else
		sound = rule_typed(p, module, &call, &target, IR_F64, NULL, 0, typing_new(module->arena)) != NULL;
	if (sound)
		check_derivatives(p, &call, &target);
}

/* A hyperparameter that names a file cannot be made up. */
static bool reads_given_file(const AstDecl *decl) {
	for (uint32_t i = 0; decl->kind == AST_OBJECTIVE && i < decl->body.count; i++) {
		const AstStmt *s = decl->body.data[i];
		if (s->kind == AST_DATA && s->declare.from && s->declare.from->kind == AST_NAME)
			return true;
	}
	return false;
}

/* What a declaration is used with is not known here: the size of x of a joint rule, the numbers of hyperparameters without a
 * default. So it is typed twice, with other ones each time. A mistake that is found both times, with the same numbers in its
 * message, is one of the declaration; other mistakes may come from what was made up. Experiments check with their own sizes and
 * numbers. */
static void check_twice(FeProgram *p, IrModule *module, const AstDecl *decl) {
	Diags wrong[2];
	for (int which = 0; which < 2; which++) {
		DiagMark mark = diag_mark(p->session);
		type_decl(p, module, decl, which);
		wrong[which] = diag_take_back(p->session, mark);
		if (wrong[which].count == 0)
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
	uint32_t errors = p->session->error_count;
	resolve_decl(p, decl);
	switch (decl->kind) {
	case AST_OBJECTIVE:
	case AST_OPTIMIZER:
		if (!lacks_defaults(decl) && !decl->joint)
			type_decl(p, module, decl, 0);
		else if (!lacks_defaults(decl) || !reads_given_file(decl))
			check_twice(p, module, decl);
		break;
	case AST_CONST: elab_type_constant(p, module, decl, typing_new(module->arena)); break;
	case AST_EXPERIMENT: check_experiment(p, module, decl); break;
	default: break;
	}
	ir_module_free(module);
	return p->session->error_count == errors && resolve_is_sound(p, decl);
}

/* Whether there is an error in the text of this declaration: an experiment may have found one after its own check found none. */
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

/* What of a function is wrong whatever it is called with, if nothing calls it. */
static void check_function(FeProgram *p, const AstDecl *decl) {
	if (decl->unread || name_map_get(&p->written_out, decl->name.id) || !resolve_is_sound(p, decl))
		return;
	FeLearner learner;
	if (fe_is_learner(decl)) {
		fe_learner(p, decl, &learner);
		return;
	}
	IrModule *module = ir_module_new(p->session);
	elab_type_function(p, module, decl, typing_new(module->arena));
	ir_module_free(module);
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
	for (uint32_t i = 0; i < p->user.count; i++)
		if (p->user.data[i]->kind == AST_FN && p->user.data[i]->name.name)
			check_function(p, p->user.data[i]);
	for (uint32_t i = 0; i < sound.count && !p->broken; i++)
		if ((sound.data[i]->kind == AST_OBJECTIVE || sound.data[i]->kind == AST_OPTIMIZER) &&
		    !has_error(p, sound.data[i]))
			check_unused(p, sound.data[i]);
	return p->session->error_count == 0;
}
