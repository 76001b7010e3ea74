/* Exams: what is compiled for them, their problems, and what a listing is worth there. */
#include <math.h>
#include <string.h>

#include "autodiff/autodiff.h"
#include "runtime/search/exam.h"

struct SearchExam {
	Rt *rt;
	const FeLearner *learner;
	Task *examples, *value;  /* its two programs */
	RtCode *code;            /* of the latter: (problem, x) -> f, in lanes */
	const FeSlot *seen[3];   /* in x of the former: features, labels, what is to be predicted */
	const FeSlot *predicted; /* in x of the latter */
};

static const FeScore plain = {FE_SCORE_FINAL, FE_SCORE_F};

Task *search_exam_task(Rt *rt, const FeCall *call, FeProgram *program, const Text *text) {
	Session *session = rt->session;
	FeCall *own = ARENA_NEW(session->arena, FeCall);
	const char *path = session->sources.data[call->decl->span.file]->path; /* files of data lie beside it */
	uint32_t source = source_add(session, path, arena_strdup(session->arena, text_cstr(text)), text->length);
	const char *written = source_excerpt(session, session->arena, call->span);
	Task *task = NULL;
	DiagMark mark = diag_mark(session);
	if (fe_add_source(program, source) && fe_call_text(program, written, AST_OBJECTIVE, own)) {
		own->program = program;
		task = task_new(rt, own, NULL, plain, NULL, 0);
	}
	if (task)
		task_set_lanes(task, IR_LANES);
	else if (mark.errors > 0) /* of the same text, where the user wrote it */
		diag_take_back(session, mark);
	session->sources.data[source]->path = "<learner>"; /* no source of the user's */
	return task;
}

/* (problem, x) -> f, for sixteen problems. */
static RtCode *value_code(Rt *rt, Task *task) {
	IrFunc *func = task_optimized(task, ir_func_copy(task->module, task->value, "learner_value"));
	Arena *arena = task->module->arena;
	bool *all = ARENA_ARRAY(arena, bool, func->results.count + 1);
	memset(all, true, func->results.count);
	return rt_compile(rt, task->module,
	                  ad_batch(task->module, func, "learner_value_batch", ir_lanes_by_role(arena, func, false), all));
}

static const FeSlot *slot_of(const Task *task, Name name) {
	for (uint32_t i = 0; i < task->objective->params.count; i++)
		if (task->objective->params.data[i].name == name)
			return &task->objective->params.data[i];
	base_panic("search_exam_new", "a parameter without its place");
}

/* The parameter that it starts; NULL with a diagnostic: none. */
static const AstStmt *param_of(Rt *rt, const FeLearner *learner, const FeCall *call) {
	const AstStmt *param = NULL;
	const char *name = session_text(rt->session, learner->decl->name.name);
	if (fe_open_start(rt->program, call->decl, &param) == learner->decl)
		return param;
	Diag *diag = diag_error(rt->session, 346, call->span, "no parameter of `%s` starts where `%s` says",
	                        session_text(rt->session, call->decl->name.name), name);
	diag_help(rt->session, diag, "an objective to train it on has `param predicted = %s(...)`", name);
	return NULL;
}

/* A function in the learner's place that predicts 0, and the objectives. */
static void put_values(Rt *rt, const FeLearner *learner, const FeCall *call, Text *out) {
	text_printf(out, "fn %s(", session_text(rt->session, learner->decl->name.name));
	for (uint32_t k = 0; k < 3; k++)
		text_printf(out, "%s%s", k ? ", " : "", session_text(rt->session, learner->decl->params.data[k].name.name));
	text_printf(out, ") = 0 * %s[:, 0]\n\n", session_text(rt->session, learner->decl->params.data[2].name.name));
	search_exam_objectives(rt, learner, call, 1, out);
}

/* "[20, 3]"; a number has none. */
static const char *shape_text(Arena *arena, const IrType *type) {
	Text text = text_new(arena);
	for (uint32_t k = 0; k < type->rank; k++)
		text_printf(&text, "%s%lld", k ? ", " : "", (long long)type->dims[k]);
	return type->rank ? arena_printf(arena, "[%s]", text_cstr(&text)) : "one number";
}

/* Rows of features, a label for each, and rows of as many features. false with a diagnostic at the first argument that is not so. */
static bool shapes_fit(const SearchExam *exam, const AstExpr *call) {
	Session *session = exam->rt->session;
	const IrType *types[3];
	for (int k = 0; k < 3; k++)
		types[k] = &exam->seen[k]->type;
	const IrType *X = types[0], *y = types[1], *unseen = types[2];
	const bool fit[3] = {X->rank == 2, y->rank == 1 && y->dims[0] == X->dims[0],
	                     unseen->rank == 2 && unseen->dims[1] == X->dims[1]};
	for (uint32_t k = 0; k < 3; k++) {
		if (fit[k])
			continue;
		const AstExpr *x = search_exam_argument(exam->learner, call, k);
		long long count = (long long)X->dims[k == 2];
		Diag *diag = diag_error(session, 346, x ? x->span : call->span, "`%s` of the learner is %s here",
		                        session_text(session, exam->learner->decl->params.data[k].name.name),
		                        shape_text(session->arena, types[k]));
		const char *expected =
			k == 0   ? "the features of examples, a row each: [examples, features]"
			: k == 1 ? arena_printf(session->arena, "a label for each of the %lld examples: [%lld]", count, count)
					 : arena_printf(session->arena, "rows of %lld features, as the examples have", count);
		diag_note(session, diag, "expected: %s", expected);
		return false;
	}
	return true;
}

SearchExam *search_exam_new(Rt *rt, const FeLearner *learner, const FeCall *call, const SearchPrograms *programs) {
	const AstStmt *param = param_of(rt, learner, call);
	if (!param)
		return NULL;
	SearchExam *exam = ARENA_NEW(rt->arena, SearchExam);
	*exam = (SearchExam){.rt = rt, .learner = learner};
	Text examples = text_new(rt->session->arena), values = text_new(rt->session->arena);
	search_exam_examples(rt, learner, call, &examples);
	put_values(rt, learner, call, &values);
	exam->value = search_exam_task(rt, call, programs->empty(programs->user), &values);
	exam->examples = exam->value ? search_exam_task(rt, call, programs->empty(programs->user), &examples) : NULL;
	bool ok = exam->examples != NULL;
	if (ok && (exam->value->objective->batches || exam->value->validate)) {
		diag_error(rt->session, 346, call->span, "a learner is judged once, by f, and `%s` %s",
		           session_text(rt->session, call->decl->name.name),
		           exam->value->validate ? "is judged by what it validates" : "draws batches at every step");
		ok = false;
	}
	exam->code = ok ? value_code(rt, exam->value) : NULL;
	if (!exam->code) {
		search_exam_free(exam);
		return NULL;
	}
	Name name = param->declare.names.data[0].name;
	exam->predicted = slot_of(exam->value, name);
	for (int k = 0; k < 3; k++) {
		const char *seen =
			arena_printf(rt->session->arena, "%s%s", session_text(rt->session, name), search_exam_endings[k]);
		exam->seen[k] = slot_of(exam->examples, session_name(rt->session, seen));
	}
	if (!shapes_fit(exam, param->declare.value)) {
		search_exam_free(exam);
		return NULL;
	}
	return exam;
}

void search_exam_free(SearchExam *exam) {
	if (!exam)
		return;
	rt_code_free(exam->code);
	task_free(exam->examples);
	task_free(exam->value);
}

static int features_of(const SearchExam *exam) {
	return (int)exam->seen[0]->type.dims[1];
}

static int predictions_of(const SearchExam *exam) {
	return (int)exam->predicted->count;
}

/* ---- problems ---- */

static const SearchLanes *lanes_of(const SearchExam *exam, const FeSlot *slot, const ProblemBlock *block,
                                   Arena *arena) {
	IrScalar real = exam->examples->objective->real;
	size_t count = (size_t)slot->count * IR_LANES;
	const char *from = (const char *)block->x0 + (size_t)slot->offset * IR_LANES * ir_scalar_bytes(real);
	SearchLanes *out = rt_aligned(arena, (count ? count : 1) * sizeof(float));
	double values[IR_LANES];
	for (int64_t i = 0; i < slot->count; i++) {
		rt_read_reals(real, from + (size_t)i * IR_LANES * ir_scalar_bytes(real), 1, values, IR_LANES);
		for (int lane = 0; lane < IR_LANES; lane++)
			out[i][lane] = (float)values[lane];
	}
	return out;
}

SearchPapers *search_papers_new(const SearchExam *exam, ProblemSet set, int first, int count) {
	Rt *rt = exam->rt;
	int64_t instance = problems_instance(set, first);
	double bytes = 3 * problems_bytes(exam->examples, count, false) + problems_bytes(exam->value, count, false);
	if (!rt_memory_allows(rt, bytes, "the examples of these problems"))
		return NULL;
	Problems *examples = problems_new(exam->examples, rt->options.seed, instance, count, false);
	Problems *values = examples ? problems_new(exam->value, rt->options.seed, instance, count, false) : NULL;
	if (!values) {
		problems_free(examples);
		return NULL;
	}
	Arena *arena = arena_new();
	SearchPapers *papers = ARENA_NEW(arena, SearchPapers);
	*papers = (SearchPapers){.count = count, .blocks = values->block_count, .problems = values, .arena = arena};
	papers->lessons = ARENA_ARRAY(arena, SearchLesson, papers->blocks);
	for (int k = 0; k < papers->blocks; k++)
		papers->lessons[k] = (SearchLesson){.examples = (int)exam->seen[1]->count,
		                                    .predictions = predictions_of(exam),
		                                    .features = features_of(exam),
		                                    .X = lanes_of(exam, exam->seen[0], &examples->blocks[k], arena),
		                                    .y = lanes_of(exam, exam->seen[1], &examples->blocks[k], arena),
		                                    .unseen = lanes_of(exam, exam->seen[2], &examples->blocks[k], arena)};
	problems_free(examples);
	return papers;
}

void search_papers_free(SearchPapers *papers) {
	if (!papers)
		return;
	problems_free(papers->problems);
	arena_free(papers->arena);
}

void search_desk_new(const SearchExam *exam, Arena *arena, SearchDesk *out) {
	IrScalar real = exam->value->objective->real;
	size_t memory = search_listing_memory(exam->learner, features_of(exam));
	size_t x = (size_t)exam->value->objective->size * IR_LANES * ir_scalar_bytes(real);
	uint32_t pointers = exam->code->func->params.count + exam->code->func->results.count;
	out->memory = rt_aligned(arena, memory * sizeof(SearchLanes));
	out->predictions = rt_aligned(arena, (size_t)predictions_of(exam) * sizeof(SearchLanes));
	out->x = rt_aligned(arena, x);
	out->scratch = rt_aligned(arena, exam->code->arena_bytes);
	out->pointers = ARENA_ARRAY(arena, void *, pointers + 1);
}

/* ---- what a listing is worth ---- */

/* f at x, for the problems of a block. */
static void values_at(const RtCode *code, const Task *task, const ProblemBlock *block, void *x, const SearchDesk *desk,
                      double values[SEARCH_LANES]) {
	double stored[IR_LANES] = {0};
	void *f = stored;
	IrByRole given, places;
	ir_by_role(&given);
	ir_by_role(&places);
	problems_give(task, &given, block);
	ir_give(&given, IR_ROLE_X, &x, 1);
	ir_give(&places, IR_ROLE_F, &f, 1);
	int error = rt_call_by_role(code, &given, &places, desk->pointers, desk->scratch);
	rt_read_reals(task->objective->real, stored, 1, values, IR_LANES);
	for (int lane = 0; lane < IR_LANES && error; lane++)
		values[lane] = (double)NAN;
}

void search_exam_values(const SearchExam *exam, const SearchPapers *papers, int block, const SearchListing *listing,
                        SearchDesk *desk, double values[SEARCH_LANES]) {
	const SearchLesson *lesson = &papers->lessons[block];
	const ProblemBlock *problem = &papers->problems->blocks[block];
	IrScalar real = exam->value->objective->real;
	size_t all = (size_t)exam->value->objective->size * IR_LANES * ir_scalar_bytes(real);
	search_listing_run(exam->learner, listing, lesson, lesson->examples, lesson->predictions, desk->memory,
	                   desk->predictions);
	if (predictions_of(exam) < exam->value->objective->size)
		memcpy(desk->x, problem->x0, all);
	char *to = (char *)desk->x + (size_t)exam->predicted->offset * IR_LANES * ir_scalar_bytes(real);
	if (real == IR_F32)
		memcpy(to, desk->predictions, (size_t)lesson->predictions * sizeof(SearchLanes));
	for (int i = 0; i < lesson->predictions && real != IR_F32; i++)
		for (int lane = 0; lane < IR_LANES; lane++)
			((double *)(void *)to)[i * IR_LANES + lane] = (double)desk->predictions[i][lane];
	values_at(exam->code, exam->value, problem, desk->x, desk, values);
}

uint64_t search_exam_hash(const SearchExam *exam, const SearchPapers *papers, const SearchListing *listing,
                          SearchDesk *desk, uint64_t seed) {
	const SearchLesson *lesson = &papers->lessons[0];
	int examples = lesson->examples < SEARCH_HASHED ? lesson->examples : SEARCH_HASHED;
	int predictions = lesson->predictions < SEARCH_HASHED ? lesson->predictions : SEARCH_HASHED;
	uint32_t bits[SEARCH_HASHED][SEARCH_LANES];
	search_listing_run(exam->learner, listing, lesson, examples, predictions, desk->memory, desk->predictions);
	for (int i = 0; i < predictions; i++) {
		SearchLanes sum = desk->predictions[i] + 0.0f; /* -0 becomes 0 */
		memcpy(bits[i], &sum, sizeof sum);
		for (int lane = 0; lane < SEARCH_LANES; lane++) {
			if ((bits[i][lane] & 0x7f800000) == 0x7f800000) /* infinite or NaN */
				return 0;
			bits[i][lane] = (bits[i][lane] + 0x80) >> 8; /* 15 bits of the mantissa */
		}
	}
	uint64_t hash = hash_bytes(bits, (size_t)predictions * sizeof *bits, seed);
	return hash ? hash : 1;
}

bool search_exam_started(Task *task, ProblemSet set, int count, double *values) {
	Rt *rt = task->rt;
	Problems *problems = problems_of(task, rt->options.seed, set, count, false);
	RtCode *code = problems ? value_code(rt, task) : NULL;
	Arena *arena = arena_new();
	if (code) {
		SearchDesk desk = {.scratch = rt_aligned(arena, code->arena_bytes)};
		desk.pointers = ARENA_ARRAY(arena, void *, code->func->params.count + code->func->results.count + 1);
		for (int k = 0; k < problems->block_count; k++) {
			double of_block[IR_LANES];
			values_at(code, task, &problems->blocks[k], problems->blocks[k].x0, &desk, of_block);
			for (int lane = 0; lane < IR_LANES && k * IR_LANES + lane < count; lane++)
				values[k * IR_LANES + lane] = of_block[lane];
		}
	}
	arena_free(arena);
	rt_code_free(code);
	problems_free(problems);
	return code != NULL;
}
