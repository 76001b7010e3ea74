/* Programs that are made of an objective with an open learner, as text. */
#include <string.h>

#include "runtime/search/exam.h"

static const Source *source_of(const Rt *rt, Span span) {
	return rt->session->sources.data[span.file];
}

static void put_decl(const Rt *rt, const AstDecl *decl, Text *out) {
	text_bytes(out, source_of(rt, decl->span)->text + decl->span.start, decl->span.end - decl->span.start);
	text_printf(out, "\n\n");
}

/* What a call needs of the user's files but the learner; `given`: declarations that are there already, which grow. */
static void put_needed(Rt *rt, const FeLearner *learner, const FeCall *call, bool *given, Text *out) {
	uint32_t count = fe_decl_count(rt->program);
	Arena *scratch = arena_new();
	bool *needed = ARENA_ARRAY(scratch, bool, count + 1);
	fe_needed(rt->program, call, needed);
	for (uint32_t i = 0; i < count; i++) {
		const AstDecl *decl = fe_decl(rt->program, i);
		if (!needed[i] || given[i] || decl == learner->decl || decl == call->decl)
			continue;
		given[i] = true;
		put_decl(rt, decl, out);
	}
	arena_free(scratch);
}

void search_exam_objectives(Rt *rt, const FeLearner *learner, const FeCall *calls, uint32_t count, Text *out) {
	Arena *scratch = arena_new();
	bool *given = ARENA_ARRAY(scratch, bool, fe_decl_count(rt->program) + 1);
	for (uint32_t i = 0; i < count; i++)
		put_needed(rt, learner, &calls[i], given, out);
	for (uint32_t i = 0; i < count; i++) {
		bool again = false;
		for (uint32_t k = 0; k < i; k++)
			again = again || calls[k].decl == calls[i].decl;
		if (!again)
			put_decl(rt, calls[i].decl, out);
	}
	arena_free(scratch);
}

const char *const search_exam_endings[3] = {"_X", "_y", "_unseen"};

const AstExpr *search_exam_argument(const FeLearner *learner, const AstExpr *call, uint32_t which) {
	for (uint32_t i = 0; i < call->call.args.count; i++) {
		const AstArg *arg = &call->call.args.data[i];
		if (arg->name.name ? arg->name.name == learner->decl->params.data[which].name.name : i == which)
			return arg->value;
	}
	return NULL;
}

void search_exam_examples(Rt *rt, const FeLearner *learner, const FeCall *call, Text *out) {
	Arena *scratch = arena_new();
	bool *given = ARENA_ARRAY(scratch, bool, fe_decl_count(rt->program) + 1);
	put_needed(rt, learner, call, given, out);
	arena_free(scratch);
	const AstStmt *param;
	if (fe_open_start(rt->program, call->decl, &param) != learner->decl)
		base_panic("search_exam_examples", "an objective without a learner");
	const char *name = session_text(rt->session, param->declare.names.data[0].name);
	uint32_t start = call->decl->span.start;
	text_bytes(out, source_of(rt, param->span)->text + start, param->span.start - start);
	for (uint32_t k = 0; k < 3; k++) {
		const AstExpr *x = search_exam_argument(learner, param->declare.value, k);
		text_printf(out, "param %s%s = %s\n  ", name, search_exam_endings[k],
		            x ? source_excerpt(rt->session, out->arena, x->span) : "0");
	}
	text_printf(out, "minimize sum(%s%s)\n}\n", name, search_exam_endings[1]);
}
