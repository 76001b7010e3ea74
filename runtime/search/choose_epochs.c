/* Rounds of a search among choices in its archive: the same tables as those of expressions, one transaction for each round. */
#include <math.h>
#include <string.h>

#include "runtime/search/choose.h"

/* ---- what is searched ---- */

/* All choices with their alternatives, in the order in which they make up the number of a combination. */
static const char *grammar_text(const Rt *rt, const ChooseSpace *space, Arena *arena) {
	Text out = text_new(arena);
	for (uint32_t i = 0; i < space->count; i++) {
		const FeChoice *choice = &space->rule->choices.data[i];
		text_printf(&out, "%s%s", i ? "; " : "", session_text(rt->session, choice->decl->name.name));
		for (uint32_t k = 0; k < choice->count; k++)
			text_printf(&out, "%s %s", k ? "," : "", fe_alternative(rt->session, choice, k, arena));
	}
	text_printf(&out, "; %u combinations%s%s", (unsigned)space->distinct_count, space->sampled ? ", drawn" : "",
	            rt->options.real == IR_F32 ? ", f32" : "");
	return text_cstr(&out);
}

void search_choose_keep(ChooseKept *kept, Rt *rt, const FeExperiment *experiment, const SearchOptions *options,
                        const ChooseSpace *space, int trained, Arena *arena) {
	*kept = (ChooseKept){.rt = rt, .options = options, .space = space, .arena = arena};
	Text clauses = text_new(arena);
	search_put_conditions(rt, experiment, &clauses);
	if (experiment->search.candidates > 0)
		text_printf(&clauses, " for %lld", (long long)experiment->search.candidates);
	if (trained > 0)
		text_printf(&clauses, " trained for %d outer steps", trained);
	kept->run = (SearchArchiveRun){.version = RT_VERSION,
	                               .program = search_program_hash(rt, arena),
	                               .grammar = grammar_text(rt, space, arena),
	                               .clauses = text_cstr(&clauses),
	                               .seed = (int64_t)experiment->seed};
}

/* ---- writing ---- */

static int choices_that_matter(Session *session, const ChooseSpace *space, int64_t combination, Arena *scratch) {
	int *picks = ARENA_ARRAY(scratch, int, space->count + 1), count = 0;
	bool *needed = ARENA_ARRAY(scratch, bool, space->count + 1);
	search_choose_picks(space, combination, picks);
	fe_choices_needed(session, space->rule, picks, needed);
	for (uint32_t i = 0; i < space->count; i++)
		count += needed[i];
	return count;
}

static void put_row(ChooseKept *kept, const SearchArchiveEpoch *epoch, const ChooseRow *row, Arena *scratch) {
	Session *session = kept->rt->session;
	SearchArchiveScore score = {.hash = (uint64_t)row->combination,
	                            .stage = epoch->stage,
	                            .value = row->score,
	                            .rate = row->rate,
	                            .constant_count = row->number_count,
	                            .aborted_at = isfinite(row->score) || epoch->stage != 0 ? -1 : 0};
	if (row->number_count)
		memcpy(score.constants, row->numbers, sizeof *row->numbers * (size_t)row->number_count);
	if (row->source)
		search_archive_put_expr(
			kept->archive,
			&(SearchArchiveExpr){.hash = (uint64_t)row->combination,
		                         .text = search_choose_text(session, kept->space, row->combination, scratch),
		                         .size = choices_that_matter(session, kept->space, row->combination, scratch),
		                         .epoch = epoch->n,
		                         .source = row->source});
	search_archive_put_score(kept->archive, &score);
}

static void put_epoch(ChooseKept *kept, const ChooseEpoch *e, int64_t n) {
	SearchArchiveEpoch epoch = e->epoch;
	Arena *scratch = arena_new();
	epoch.n = n;
	epoch.best = (double)NAN;
	for (uint32_t i = 0; i < e->count; i++) {
		const ChooseRow *row = &e->rows[i];
		put_row(kept, &epoch, row, scratch);
		epoch.generated += row->source != NULL;
		epoch.distinct += row->source != NULL;
		epoch.aborted += !isfinite(row->score);
		if (isfinite(row->score) && !(epoch.best <= row->score))
			epoch.best = row->score;
	}
	if (!search_archive_commit(kept->archive, &epoch))
		kept->lost = true;
	arena_free(scratch);
}

bool search_choose_open(ChooseKept *kept, bool any) {
	if (kept->archive || !kept->options->archive || (!any && !kept->options->resumes))
		return true;
	kept->archive = kept->options->archive(kept->options->user, &kept->run);
	for (uint32_t i = 0; kept->archive && i < kept->unkept.count && !kept->lost; i++)
		put_epoch(kept, &kept->unkept.data[i], i);
	return kept->archive != NULL;
}

/* For later, with copies of all that it points to. */
static void put_aside(ChooseKept *kept, const ChooseEpoch *e) {
	ChooseEpoch copy = *e;
	ChooseRow *rows = arena_copy(kept->arena, e->rows, sizeof *rows * e->count);
	for (uint32_t i = 0; i < e->count; i++)
		if (rows[i].number_count)
			rows[i].numbers =
				arena_copy(kept->arena, rows[i].numbers, sizeof *rows[i].numbers * (size_t)rows[i].number_count);
	copy.rows = rows;
	if (e->epoch.state_bytes)
		copy.epoch.state = arena_copy(kept->arena, e->epoch.state, e->epoch.state_bytes);
	vec_push(kept->arena, &kept->unkept, copy);
}

void search_choose_put(ChooseKept *kept, const ChooseEpoch *e) {
	if (!kept->archive && kept->options->archive)
		put_aside(kept, e);
	else if (kept->archive && !kept->lost && !search_choose_is_there(kept))
		put_epoch(kept, e, kept->epoch);
}

/* ---- reading ---- */

bool search_choose_is_there(const ChooseKept *kept) {
	return kept->archive && !kept->lost && kept->epoch < search_archive_epochs(kept->archive);
}

void search_choose_say_changed(const ChooseKept *kept) {
	diag_error(kept->rt->session, 812, (Span){0},
	           "epoch %lld in the archive of this search is not what it was: it cannot go on", (long long)kept->epoch);
}

bool search_choose_known(ChooseKept *kept, Arena *arena, SearchArchiveEpoch *out) {
	if (search_archive_find_epoch(kept->archive, kept->epoch, arena, out))
		return true;
	search_choose_say_changed(kept);
	return false;
}

bool search_choose_tells(ChooseKept *kept) {
	if (search_choose_is_there(kept) || (kept->told > 0 && rt_seconds() - kept->told < search_told_every))
		return false;
	kept->told = rt_seconds();
	return true;
}
