/* Proposals: after the second look at all others, another program is asked for expressions, which are read, told apart and looked at like
 * these. Each request has the front so far and what became of the answer before. Of an answer, its lines are kept in the archive: a search that goes on
 * takes them from there, and asks for the others. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/propose.h"
#include "runtime/search/stages.h"
#include "runtime/search/trace.h"

static const char no_more[] = "it has no more";

/* A line of an answer, and what became of it. */
typedef struct Proposal {
	const char *text;  /* NULL: it was too long */
	const char *error; /* why it is no candidate; NULL: it is one */
	SearchTuple tuple;
	uint64_t hash;
	bool known;        /* what is the same was there already */
	double score;      /* NaN: it has none that is remembered */
	SearchFound first; /* of a new one: as it came out of the first look, */
	SearchFound found; /* and of the second */
} Proposal;

typedef struct Proposing {
	Search *s;
	SearchProposed *out;
	SearchProposer *proposer; /* NULL: not started yet */
	SearchGrammar grammar;
	SearchProbes *probes;
	SearchTrace *trace; /* of several holes */
	SearchTraceRun *trace_run;
	double *values;
	SearchReader *reader;
	Proposal *round; /* [SEARCH_PER_REQUEST] the answer before, and then this one */
	int count;
	Arena *arena;
} Proposing;

/* ---- a request ---- */

static json_t *hole_json(const SearchSpace *space) {
	json_t *hole = json_object(), *operands = json_array(), *operators = json_array();
	for (uint32_t i = 0; i < space->leaf_count; i++) {
		const SearchLeaf *leaf = &space->leaves[i];
		if (!leaf->text)
			continue;
		json_t *one = json_object();
		json_object_set_new(one, "text", json_string(leaf->text));
		json_object_set_new(one, "like_x", json_boolean(leaf->like_x));
		json_object_set_new(one, "degree", rt_json_real((double)leaf->degree / (double)FE_DEGREE_ONE));
		json_array_append_new(operands, one);
	}
	for (int op = 0; op < FE_OPERATORS; op++)
		if (space->operators >> op & 1)
			json_array_append_new(operators, json_string(fe_operators[op].word));
	json_object_set_new(hole, "operands", operands);
	json_object_set_new(hole, "operators", operators);
	json_object_set_new(hole, "size", json_integer(space->size));
	json_object_set_new(hole, "constants", json_integer(space->constants));
	json_object_set_new(hole, "like_x", json_boolean(space->like_x));
	json_object_set_new(hole, "homogeneous", json_boolean(space->homogeneous));
	return hole;
}

static json_t *front_json(const SearchResult *result, Arena *arena) {
	json_t *front = json_array();
	for (uint32_t i = 0; i < result->front_count; i++) {
		const SearchFound *found = &result->front[i];
		FeLevel level;
		json_t *one = json_object();
		json_object_set_new(one, "expression",
		                    json_string(search_formula(result->table, found->expr, found->constants, arena, &level)));
		json_object_set_new(one, "size", json_integer(result->table->exprs[found->expr].size));
		json_object_set_new(one, "score", rt_json_real(found->score));
		json_array_append_new(front, one);
	}
	return front;
}

/* What became of the answer before. What is no text of UTF-8 is not repeated. */
static json_t *answers_json(const Proposing *p) {
	json_t *answers = json_array();
	for (int i = 0; i < p->count; i++) {
		const Proposal *one = &p->round[i];
		json_t *answer = json_object();
		json_t *text = one->text ? json_string(one->text) : NULL;
		json_object_set_new(answer, "expression", text ? text : json_null());
		if (one->error) {
			json_t *why = json_string(one->error);
			json_object_set_new(answer, "error", why ? why : json_string("it cannot be read"));
		} else {
			json_object_set_new(answer, "known", json_boolean(one->known));
			json_object_set_new(answer, "score", isfinite(one->score) ? rt_json_real(one->score) : json_null());
		}
		json_array_append_new(answers, answer);
	}
	return answers;
}

static int wanted(const Proposing *p) {
	int64_t left = p->s->experiment->search.proposals - p->out->proposed;
	return left < SEARCH_PER_REQUEST ? (int)left : SEARCH_PER_REQUEST;
}

static const char *request_text(const Proposing *p, Arena *arena) {
	const SearchResult *out = p->s->out;
	json_t *request = json_object(), *holes = json_array();
	for (int h = 0; h < out->holes; h++)
		json_array_append_new(holes, hole_json(&out->spaces[h]));
	json_object_set_new(request, "round", json_integer(p->out->rounds + 1));
	json_object_set_new(request, "want", json_integer(wanted(p)));
	json_object_set_new(request, "holes", holes);
	json_object_set_new(request, "front", front_json(out, arena));
	json_object_set_new(request, "answers", answers_json(p));
	char *text = json_dumps(request, JSON_COMPACT | JSON_REAL_PRECISION(9));
	const char *kept = arena_strdup(arena, text ? text : "{}");
	free(text);
	json_decref(request);
	return kept;
}

/* ---- answers, and how they are kept: `more`, or why there are no more, then one line for each ---- */

static const char *text_of_answer(const SearchAnswer *answer, Arena *arena) {
	Text out = text_new(arena);
	text_printf(&out, "%s\n", answer->ended ? answer->ended : "more");
	for (int i = 0; i < answer->count; i++)
		text_printf(&out, "%s%s\n", answer->lines[i] ? "=" : "!", answer->lines[i] ? answer->lines[i] : "");
	return text_cstr(&out);
}

static bool read_answer(const SearchArchiveEpoch *epoch, Arena *arena, SearchAnswer *out) {
	const char *at = arena_printf(arena, "%.*s", (int)epoch->state_bytes, (const char *)epoch->state);
	*out = (SearchAnswer){.lines = ARENA_ARRAY(arena, const char *, SEARCH_PER_REQUEST)};
	for (int line = 0; *at; line++) {
		size_t length = strcspn(at, "\n");
		const char *text = arena_printf(arena, "%.*s", (int)length, at);
		if (line == 0)
			out->ended = strcmp(text, "more") != 0 ? text : NULL;
		else if (out->count == SEARCH_PER_REQUEST || (*text != '=' && *text != '!'))
			return false;
		else
			out->lines[out->count++] = *text == '=' ? text + 1 : NULL;
		at += length + (at[length] == '\n');
	}
	return true;
}

static bool start(Proposing *p) {
	const SearchOptions *options = p->s->options;
	Session *session = p->s->rt->session;
	const char *why = "";
	if (p->proposer)
		return true;
	if (!options->propose) {
		Diag *diag = diag_error(session, 826, (Span){0},
		                        "this search asks another program for expressions, and was ended "
		                        "before all of its answers were there");
		diag_help(session, diag, "name it again with --propose \"COMMAND\": no folder says what is run");
		return false;
	}
	p->proposer = search_proposer_start(options->propose, &why);
	if (!p->proposer)
		diag_error(session, 826, (Span){0}, "`%s` cannot be run: %s", options->propose, why);
	return p->proposer != NULL;
}

/* false with a diagnostic, or interrupted. */
static bool ask(Proposing *p, SearchAnswer *out) {
	Search *s = p->s;
	if (!start(p))
		return false;
	SearchAsked asked = {.request = request_text(p, p->arena),
	                     .most = wanted(p),
	                     .patience = s->options->patience > 0 ? s->options->patience : SEARCH_PATIENCE,
	                     .stopped = s->rt->options.interrupted};
	return search_proposer_ask(p->proposer, &asked, p->arena, out) && !rt_interrupted(s->rt);
}

/* ---- what is new ---- */

static uint64_t hash_of(Proposing *p, const SearchTuple *tuple) {
	SearchExpr nodes[SEARCH_TUPLE_NODES];
	uint32_t root;
	if (search_tuple_nodes(&p->grammar, tuple, 0, nodes, &root) == 0)
		return 0;
	SearchTable table = {.space = &p->s->out->space, .exprs = nodes, .count = SEARCH_TUPLE_NODES};
	if (p->trace) {
		SearchProgram program;
		search_program(&table, root, &program);
		return search_trace_hash(p->trace, p->trace_run, p->probes, &program);
	}
	search_values_apart(p->probes, &table, &nodes[root], p->values);
	return search_hash(p->probes, p->values);
}

static void read_line(Proposing *p, const char *line, Proposal *out) {
	*out = (Proposal){.text = line, .score = (double)NAN};
	p->out->proposed++;
	if (!line)
		out->error = arena_printf(p->arena, "it is longer than %d bytes", SEARCH_LONGEST_LINE);
	else if (search_read(p->reader, line, &out->tuple, &out->error))
		out->error = (out->hash = hash_of(p, &out->tuple)) ? NULL : "it is 0, infinite, or not a number";
	if (out->error && p->out->unread++ == 0) {
		p->out->unread_text = line;
		p->out->unread_why = out->error;
	}
}

/* Which of them are the same as what was scored before, or as one before them. */
static void find_known(Proposing *p) {
	const Search *s = p->s;
	const SearchTable *table = s->out->table;
	uint32_t all = s->out->kind == FE_SEARCH_ENUMERATE ? table->first[table->size + 1] : 0; /* that were looked at */
	for (int i = 0; i < p->count; i++) {
		Proposal *one = &p->round[i];
		for (int k = 0; k < i && !one->error; k++)
			one->known = one->known || (!p->round[k].error && p->round[k].hash == one->hash);
	}
	for (uint32_t e = 0; e < all; e++)
		for (int i = 0; i < p->count; i++)
			if (table->hashes[e] == p->round[i].hash && !p->round[i].error && search_is_candidate(table, e))
				p->round[i].known = true;
	for (uint32_t f = 0; f < s->count; f++)
		for (int i = 0; i < p->count; i++)
			if (!p->round[i].error && table->hashes[s->found[f].expr] == p->round[i].hash) {
				p->round[i].known = true;
				p->round[i].score = s->found[f].score;
			}
}

/* The new ones into the table. */
static void add_new(Proposing *p) {
	SearchTable *table = p->s->out->table;
	for (int i = 0; i < p->count; i++) {
		Proposal *one = &p->round[i];
		SearchExpr nodes[SEARCH_TUPLE_NODES];
		uint32_t root;
		p->out->known += one->known && !one->error;
		if (one->error || one->known)
			continue;
		p->out->added++;
		int count = search_tuple_nodes(&p->grammar, &one->tuple, table->count, nodes, &root);
		search_table_add(table, nodes, (uint32_t)count, one->hash);
		one->first = (SearchFound){.expr = root, .proposed = true};
	}
}

static bool is_new(const Proposal *one) {
	return !one->error && !one->known;
}

/* ---- scores ---- */

static void look_at(void *user, int item, int worker) {
	const Proposing *p = user;
	const Search *s = p->s;
	Proposal *one = &p->round[item];
	if (!is_new(one) || rt_interrupted(s->rt))
		return;
	unsigned before = search_flush_subnormals();
	search_try(s, &s->workers[worker], 0, &one->first);
	one->found = one->first;
	if (isfinite(one->first.score))
		search_try(s, &s->workers[worker], 1, &one->found);
	search_flush_as_before(before);
}

static bool need_kernels(const Proposing *p) {
	const SearchResult *out = p->s->out;
	for (int i = 0; i < p->count; i++) {
		SearchProgram program;
		if (!is_new(&p->round[i]))
			continue;
		search_program(out->table, p->round[i].first.expr, &program);
		for (int k = 0; k < out->lab_count; k++)
			if (!search_lab_need(out->labs[k], &program))
				return false;
	}
	return true;
}

/* As candidates of the stage, and for the front. */
static void enter(Proposing *p) {
	Search *s = p->s;
	SearchFound *found = memory_new(sizeof *found * (s->count + (size_t)p->count + 1));
	uint32_t before = s->count;
	if (s->count > 0)
		memcpy(found, s->found, sizeof *found * s->count);
	for (int i = 0; i < p->count; i++) {
		Proposal *one = &p->round[i];
		if (!is_new(one))
			continue;
		one->score = one->found.score;
		found[s->count++] = one->found;
	}
	free(s->found);
	s->found = found;
	SearchRound round = {.stage = 1, .first = before, .count = s->count - before, .found = found + before};
	search_see_best(s, &round);
	search_make_front(s, 1);
}

/* Scores are taken from the archive where they are there. false with a diagnostic, or interrupted. */
static bool score(Proposing *p, const SearchArchiveEpoch *known, SearchArchiveEpoch *out) {
	Search *s = p->s;
	int64_t before = search_evaluations(s);
	for (int i = 0; i < p->count && known; i++) {
		Proposal *one = &p->round[i];
		if (is_new(one) && !search_known_proposal(s, &one->first, &one->found)) {
			search_say_changed(s);
			return false;
		}
	}
	if (!known) {
		if (!need_kernels(p))
			return false;
		rt_pool_run(s->rt->pool, p->count, look_at, p);
	}
	*out = (SearchArchiveEpoch){.n = s->epoch,
	                            .stage = SEARCH_PROPOSED_STAGE,
	                            .evaluations = known ? known->evaluations : search_evaluations(s) - before,
	                            .best = (double)NAN};
	s->out->evaluations += out->evaluations;
	return !rt_interrupted(s->rt);
}

static void put(Proposing *p, const SearchAnswer *answer, SearchArchiveEpoch *epoch) {
	const char *state = text_of_answer(answer, p->arena);
	epoch->state = state;
	epoch->state_bytes = strlen(state);
	epoch->generated = p->count;
	for (int i = 0; i < p->count; i++) {
		const Proposal *one = &p->round[i];
		epoch->distinct += is_new(one);
		epoch->hits += one->known;
		if (!is_new(one))
			continue;
		search_put_proposal(p->s, &one->first, &one->found);
		epoch->aborted += !isfinite(one->score);
		if (isfinite(one->score) && !(epoch->best <= one->score))
			epoch->best = one->score;
	}
	search_put_proposals(p->s, epoch);
}

/* ---- rounds ---- */

static void tell(const Proposing *p) {
	const Search *s = p->s;
	if (!s->options->progress)
		return;
	SearchProgress progress = {.stage = SEARCH_PROPOSING,
	                           .generated = p->out->proposed,
	                           .distinct = p->out->added,
	                           .known = p->out->known,
	                           .done = p->out->rounds,
	                           .seconds = rt_seconds() - s->started,
	                           .best = (double)INFINITY};
	Arena *arena = arena_new();
	FeLevel level;
	if (s->out->front_count > 0) {
		const SearchFound *best = &s->out->front[s->out->front_count - 1];
		progress.best = best->score;
		progress.formula = search_formula(s->out->table, best->expr, best->constants, arena, &level);
	}
	s->options->progress(s->options->user, &progress);
	arena_free(arena);
}

/* false with a diagnostic, or interrupted. */
static bool one_round(Proposing *p) {
	Search *s = p->s;
	SearchArchiveEpoch known, epoch;
	SearchAnswer answer;
	bool ok, there = search_known_proposals(s, p->arena, &known, &ok);
	if (there && !read_answer(&known, p->arena, &answer)) {
		search_say_changed(s);
		return false;
	}
	if (!ok || (!there && !ask(p, &answer)))
		return false;
	p->count = answer.count;
	for (int i = 0; i < p->count; i++)
		read_line(p, answer.lines[i], &p->round[i]);
	find_known(p);
	add_new(p);
	if (!answer.ended && p->count == 0)
		answer.ended = no_more;
	if (!score(p, there ? &known : NULL, &epoch))
		return false;
	enter(p);
	put(p, &answer, &epoch);
	s->epoch++;
	p->out->rounds++;
	p->out->left_out += answer.left_out;
	p->out->ended = answer.ended;
	tell(p);
	return search_tell_best(s);
}

/* It may end when it has no more to say, and in no other way. */
static void warn_of_end(const Proposing *p) {
	const char *ended = p->out->ended;
	if (ended && strcmp(ended, no_more) != 0 && strcmp(ended, search_proposer_done) != 0)
		diag_warning(p->s->rt->session, 826, (Span){0},
		             "the program that proposes expressions was asked no more after %lld answer%s: %s",
		             (long long)p->out->rounds, p->out->rounds == 1 ? "" : "s", ended);
}

static bool prepare(Proposing *p) {
	Search *s = p->s;
	SearchResult *out = s->out;
	p->probes = search_probes_new(&out->spaces[0], s->arena);
	p->values = ARENA_ARRAY(s->arena, double, p->probes->rows);
	p->grammar = (SearchGrammar){.holes = out->holes, .meanings = &p->probes->meanings};
	for (int h = 0; h < out->holes; h++)
		p->grammar.spaces[h] = &out->spaces[h];
	p->reader = search_reader_new(s->rt->session, &p->grammar, s->arena);
	p->round = ARENA_ARRAY(s->arena, Proposal, SEARCH_PER_REQUEST);
	if (out->holes == 1)
		return true;
	p->trace = search_trace_new(s->rt, &s->experiment->train, out->labs[0]->rate, s->arena);
	if (p->trace)
		p->trace_run = search_trace_run_new(p->trace, s->arena);
	return p->trace != NULL;
}

bool search_propose(Search *s) {
	if (s->experiment->search.proposals <= 0)
		return true;
	Proposing p = {.s = s, .arena = s->arena};
	p.out = ARENA_NEW(s->out->arena, SearchProposed);
	*p.out = (SearchProposed){.rounds = 0};
	s->out->proposed = p.out;
	bool ok = prepare(&p);
	while (ok && !p.out->ended && wanted(&p) > 0)
		ok = one_round(&p);
	search_proposer_end(p.proposer);
	search_trace_free(p.trace);
	warn_of_end(&p);
	s->out->candidates += p.out->added;
	return ok;
}
