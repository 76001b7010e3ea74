/* Labs: what is compiled for a rule with a hole on an objective, and runs of expressions in it. */
#include <math.h>
#include <string.h>

#include "ir/core/walk.h"
#include "runtime/search/stages.h"

static void see_rate(SearchLab *lab) {
	lab->rate = lab->task->rule->rate; /* there is one: fe_is_searchable */
	const FeHyper *rate = &lab->task->rule->hypers.data[lab->rate];
	lab->rate_low = rate->has_range ? rate->low : 0;
	lab->rate_high = rate->has_range ? rate->high : (double)INFINITY;
}

/* Does `init` read the rate? */
static bool starts_with_rate(const SearchLab *lab) {
	const IrFunc *init = lab->task->rule->init;
	IrRange hypers = ir_params_of(init, IR_ROLE_HYPER);
	IrValue rate = init->params.data[hypers.first + (uint32_t)lab->rate].value;
	for (uint32_t i = 0; i < init->results.count; i++)
		if (init->results.data[i].value == rate)
			return true;
	return ir_block_uses(&init->body, rate);
}

/* Does anything read its holes? Else whatever stands there does as well as anything else. false with a diagnostic. */
static bool is_read(const SearchLab *lab) {
	const IrFunc *step = lab->task->rule->step;
	uint32_t param = ir_params_of(step, IR_ROLE_HOLE).first;
	for (const FeHole *hole = lab->hole; hole; hole = hole->next, param++) {
		IrValue value = step->params.data[param].value;
		bool read = ir_block_uses(&step->body, value);
		for (uint32_t i = 0; i < step->results.count; i++)
			read = read || step->results.data[i].value == value;
		if (!read) {
			diag_error(lab->rt->session, 339, hole->span, "nothing depends on this, so any expression would do");
			return false;
		}
	}
	return true;
}

/* Holes with as many elements share their operations. */
static int shape_of(SearchLab *lab, int hole, IrType type) {
	bool by_coordinate = type.rank > 0;
	IrDim rows = by_coordinate ? type.dims[0] : 1;
	for (int k = 0; k < hole; k++)
		if (lab->shapes[k].rows == rows && lab->shapes[k].by_coordinate == by_coordinate)
			return k;
	lab->shapes[hole] = (SearchShape){.rows = rows, .by_coordinate = by_coordinate};
	return hole;
}

static void see_shapes(SearchLab *lab) {
	lab->rate_at_start = starts_with_rate(lab);
	const IrFunc *step = lab->task->rule->step;
	IrRange holes = ir_params_of(step, IR_ROLE_HOLE), operands = ir_results_of(step, IR_ROLE_OPERAND);
	uint32_t operand = 0;
	for (const FeHole *hole = lab->hole; hole; hole = hole->next) {
		int h = lab->holes++;
		lab->shape_of[h] = shape_of(lab, h, ir_type(step, step->params.data[holes.first + (uint32_t)h].value));
		lab->first_operand[h] = operand;
		for (uint32_t i = 0; i < hole->operands.count; i++, operand++)
			lab->wide[h * SEARCH_MOST_LEAVES + (int)i] =
				ir_type(step, step->results.data[operands.first + operand].value).rank > 0;
	}
	lab->first_operand[lab->holes] = operand;
}

IrDim search_lab_rows(const SearchLab *lab) {
	IrDim most = 1;
	for (int h = 0; h < lab->holes; h++)
		most = lab->shapes[h].rows > most ? lab->shapes[h].rows : most;
	return most;
}

static RtCode *compiled(SearchLab *lab, IrFunc *func) {
	RtCode *code = rt_compile(lab->rt, lab->task->module, func);
	if (code && code->arena_bytes > lab->arena_bytes)
		lab->arena_bytes = code->arena_bytes;
	return code;
}

/* SearchLowers of an open rule; how: its call. */
static FeRule *open_rule(Rt *rt, IrModule *module, const FeTarget *target, const void *how) {
	const FeCall *call = how;
	FeRule *rule = fe_rule_open(rt->program, module, call, target, rt->options.real);
	return rule && fe_is_searchable(rt->session, rule, call->span) ? rule : NULL;
}

SearchLab *search_lab_new(Rt *rt, const FeCall *objective, const FeCall *rule, FeScore score) {
	Task *task = search_task(rt, objective, score, open_rule, rule);
	if (!task)
		return NULL;
	SearchLab *lab = ARENA_NEW(rt->arena, SearchLab);
	*lab = (SearchLab){.rt = rt, .task = task, .hole = task->rule->hole};
	bool ok = is_read(lab);
	see_rate(lab);
	if (ok && learned_count(task->rule) > 0) {
		lab->theta = learned_new(rt, task->rule, rt->arena);
		ok = lab->theta && learned_start(rt, task->rule, rt->options.seed, lab->theta);
	}
	if (ok) {
		search_lab_see_learned(lab);
		see_shapes(lab);
		lab->begin = compiled(lab, search_build_begin(lab));
		lab->turn = lab->begin ? compiled(lab, search_build_turn(lab)) : NULL;
		lab->move = lab->turn ? compiled(lab, search_build_move(lab)) : NULL;
		ok = lab->move != NULL;
	}
	for (int h = 1; h < lab->holes && ok; h++)
		ok = (lab->between[h] = compiled(lab, search_build_between(lab, h))) != NULL;
	if (!ok) {
		search_lab_free(lab);
		return NULL;
	}
	return lab;
}

void search_lab_free(SearchLab *lab) {
	if (!lab)
		return;
	rt_code_free(lab->begin);
	rt_code_free(lab->turn);
	rt_code_free(lab->move);
	for (int h = 0; h < SEARCH_MOST_HOLES; h++) {
		rt_code_free(lab->between[h]);
		for (int op = 0; op < FE_OPERATORS; op++)
			for (int k = 0; k < 4; k++)
				rt_code_free(lab->shapes[h].kernels[op][k / 2][k % 2]);
	}
	task_free(lab->task);
}

double search_lab_rate(const SearchLab *lab, double rate) {
	return rate < lab->rate_low ? lab->rate_low : rate > lab->rate_high ? lab->rate_high : rate;
}

const FeHole *search_lab_hole(const SearchLab *lab) {
	return lab->hole;
}

Task *search_lab_task(const SearchLab *lab) {
	return lab->task;
}

/* Is a register an array over coordinates? */
static void see_widths(const SearchLab *lab, const SearchProgram *program, bool *wide) {
	memset(wide, 0, SEARCH_REGISTERS * sizeof *wide);
	memcpy(wide, lab->wide, sizeof lab->wide);
	for (int i = 0; i < program->count; i++) {
		const struct SearchOperation *o = &program->operations[i];
		bool b = fe_operators[o->op].arity > 1 && wide[o->args[1]];
		wide[o->out] = search_kernel_is_wide((FeOperator)o->op, wide[o->args[0]], b);
	}
}

static bool need_kernel(SearchLab *lab, int hole, FeOperator op, bool wide_a, bool wide_b) {
	SearchShape *shape = &lab->shapes[lab->shape_of[hole]];
	RtCode **kernel = &shape->kernels[op][wide_a][wide_b];
	if (!*kernel)
		*kernel = compiled(lab, search_build_kernel(lab, shape, op, wide_a, wide_b));
	if (*kernel && (*kernel)->arena_bytes > search_kernel_bytes(lab))
		base_panic("search_lab_need", "`%s` needs %zu bytes", fe_operators[op].word, (*kernel)->arena_bytes);
	return *kernel != NULL;
}

bool search_lab_need(SearchLab *lab, const SearchProgram *program) {
	bool wide[SEARCH_REGISTERS];
	see_widths(lab, program, wide);
	for (int i = 0, hole = 0; i < program->count; i++) {
		const struct SearchOperation *o = &program->operations[i];
		bool b = fe_operators[o->op].arity > 1 && wide[o->args[1]];
		while (i >= program->ends[hole])
			hole++;
		if (!need_kernel(lab, hole, (FeOperator)o->op, wide[o->args[0]], b))
			return false;
	}
	return true;
}

static bool need_all_of(SearchLab *lab, int hole, uint32_t operators) {
	bool wide = lab->shapes[lab->shape_of[hole]].by_coordinate;
	for (int op = 0; op < FE_OPERATORS; op++) {
		bool reduces = !fe_operators[op].body, two = fe_operators[op].arity > 1;
		for (int a = reduces; operators >> op & 1 && a <= wide; a++)
			for (int b = 0; b <= (two && wide); b++)
				if (!need_kernel(lab, hole, (FeOperator)op, a, b))
					return false;
	}
	return true;
}

bool search_lab_need_all(SearchLab *lab) {
	int number = 0;
	for (const FeHole *hole = lab->hole; hole; hole = hole->next)
		if (!need_all_of(lab, number++, hole->operators))
			return false;
	return true;
}
