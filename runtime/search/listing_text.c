/* Listings as functions of the language: the statements that have an effect, in the loops where they have it. A register whose value stays within one
 * turn of a loop is a name of the loop's; others stand in front. */
#include <string.h>

#include "runtime/search/listing.h"

typedef struct Writing {
	Session *session;
	const FeLearner *learner;
	const SearchListing *listing;
	SearchLive live;
	const char *params[3]; /* X, y, unseen */
	const char *suffix;    /* of all names that are made up, so that none is a parameter's */
	SearchRegisters outer; /* declared in front of the loops */
	int assigned[SEARCH_PIECES][SEARCH_MOST_REGISTERS];
	SearchRegisters declared; /* so far */
	Text *out;
} Writing;

static int register_of(const Writing *w, FeMemory kind, int number) {
	return search_register(w->learner, kind, number);
}

static void put_name(const Writing *w, int reg, Text *out) {
	bool vector = reg >= w->learner->numbers;
	text_printf(out, "%c%d%s", vector ? 'v' : 's', vector ? reg - w->learner->numbers : reg, w->suffix);
}

/* An operand: what is given at each turn is said as it is called. */
static void put_operand(const Writing *w, SearchPiece piece, FeMemory kind, int number, Text *out) {
	bool label = kind == FE_MEMORY_NUMBER && number == FE_LEARNER_LABEL;
	bool features = kind == FE_MEMORY_VECTOR && number == FE_LEARNER_FEATURES;
	if (label)
		text_printf(out, "%s[i%s]", w->params[1], w->suffix);
	else if (features)
		text_printf(out, "%s[i%s]", w->params[piece == SEARCH_PREDICTS ? 2 : 0], w->suffix);
	else
		put_name(w, register_of(w, kind, number), out);
}

static void put_value(const Writing *w, SearchPiece piece, const SearchStatement *s, Text *out) {
	const FeStatementInfo *info = &fe_statements[s->op];
	for (const char *at = info->text; *at; at++) {
		if (*at != '{') {
			text_char(out, *at);
			continue;
		}
		if (at[1] == 'a')
			put_operand(w, piece, info->a, s->a, out);
		else if (at[1] == 'b')
			put_operand(w, piece, info->b, s->b, out);
		else
			text_real(out, (double)s->constant, true);
		at += 2;
	}
}

static int out_of(const Writing *w, const SearchStatement *s) {
	return register_of(w, fe_statements[s->op].result, s->out);
}

/* Assigned once in its whole scope? */
static bool is_constant(const Writing *w, SearchPiece piece, int reg) {
	int count = w->assigned[piece][reg];
	if (w->outer >> reg & 1)
		count = w->assigned[SEARCH_SETS_UP][reg] + w->assigned[SEARCH_TRAINS][reg] + w->assigned[SEARCH_PREDICTS][reg];
	return count == 1;
}

static void put_statements(Writing *w, SearchPiece piece, const char *indent) {
	for (int i = 0; i < w->live.count[piece]; i++) {
		const SearchStatement *s = &w->listing->of[w->live.of[piece][i]];
		int reg = out_of(w, s);
		bool known = w->declared >> reg & 1;
		w->declared |= 1u << reg;
		text_printf(w->out, "%s%s", indent, known ? "" : is_constant(w, piece, reg) ? "let " : "var ");
		put_name(w, reg, w->out);
		text_printf(w->out, known ? " <- " : " = ");
		put_value(w, piece, s, w->out);
		text_char(w->out, '\n');
	}
}

/* Registers whose first value is the 0 of the start. */
static void put_zeros(Writing *w) {
	SearchRegisters zero = w->live.carried[SEARCH_SETS_UP];
	for (int reg = 0; reg < w->learner->numbers + w->learner->vectors; reg++) {
		if (!(zero >> reg & 1))
			continue;
		text_printf(w->out, "  var ");
		put_name(w, reg, w->out);
		text_printf(w->out, " = 0");
		if (reg >= w->learner->numbers)
			text_printf(w->out, " * %s[0]", w->params[0]);
		text_char(w->out, '\n');
		w->declared |= 1u << reg;
	}
}

static void put_loop(Writing *w, SearchPiece piece) {
	SearchRegisters before = w->declared;
	text_printf(w->out, "  for i%s in 0..size(%s, 0) {\n", w->suffix, w->params[piece == SEARCH_PREDICTS ? 2 : 0]);
	put_statements(w, piece, "    ");
	if (piece == SEARCH_PREDICTS) {
		text_printf(w->out, "    predicted%s[i%s] <- ", w->suffix, w->suffix);
		put_name(w, FE_LEARNER_PREDICTION, w->out);
		text_char(w->out, '\n');
	}
	text_printf(w->out, "  }\n");
	w->declared = before; /* its own names end with it */
}

static bool is_taken(const Writing *w, const FeProgram *program, const char *name) {
	for (int i = 0; i < 3; i++)
		if (strcmp(w->params[i], name) == 0)
			return true;
	return fe_find(program, session_name(w->session, name)) != NULL;
}

/* Is any of the names that are made up that of a parameter, or of a declaration? */
static bool collides(const Writing *w, const FeProgram *program, Arena *arena) {
	bool taken = is_taken(w, program, arena_printf(arena, "i%s", w->suffix)) ||
	             is_taken(w, program, arena_printf(arena, "predicted%s", w->suffix));
	for (int reg = 0; reg < w->learner->numbers + w->learner->vectors && !taken; reg++) {
		Text name = text_new(arena);
		put_name(w, reg, &name);
		taken = is_taken(w, program, text_cstr(&name));
	}
	return taken;
}

static void choose_names(Writing *w, const FeProgram *program, Arena *arena) {
	w->suffix = "";
	for (int i = 0; i < 3; i++)
		w->params[i] = session_text(w->session, w->learner->decl->params.data[i].name.name);
	while (collides(w, program, arena))
		w->suffix = arena_printf(arena, "%s_", w->suffix);
}

void search_listing_function(Session *session, const FeProgram *program, const FeLearner *learner,
                             const SearchListing *listing, Text *out) {
	Writing w = {.session = session, .learner = learner, .listing = listing, .out = out};
	search_listing_live(learner, listing, &w.live);
	choose_names(&w, program, out->arena);
	SearchRegisters set_up = 0;
	for (int piece = 0; piece < SEARCH_PIECES; piece++)
		for (int i = 0; i < w.live.count[piece]; i++) {
			int reg = out_of(&w, &listing->of[w.live.of[piece][i]]);
			w.assigned[piece][reg]++;
			set_up |= piece == SEARCH_SETS_UP ? 1u << reg : 0;
		}
	w.outer = set_up;
	for (int piece = 0; piece < SEARCH_PIECES; piece++)
		w.outer |= w.live.carried[piece];
	text_printf(out, "fn %s(%s, %s, %s) {\n", session_text(session, learner->decl->name.name), w.params[0], w.params[1],
	            w.params[2]);
	put_zeros(&w);
	put_statements(&w, SEARCH_SETS_UP, "  ");
	if (w.live.count[SEARCH_TRAINS] > 0)
		put_loop(&w, SEARCH_TRAINS);
	text_printf(out, "  var predicted%s = 0 * %s[:, 0]\n", w.suffix, w.params[2]);
	put_loop(&w, SEARCH_PREDICTS);
	text_printf(out, "  return predicted%s\n}\n", w.suffix);
}

const char *search_listing_line(const FeLearner *learner, const SearchListing *listing, Arena *arena) {
	SearchLive live;
	Text out = text_new(arena);
	Writing w = {.learner = learner, .listing = listing, .params = {"x", "y", "x"}, .suffix = ""};
	search_listing_live(learner, listing, &live);
	for (int section = 0; section < FE_SECTIONS; section++) {
		int first = search_listing_first(learner, (FeSection)section);
		const char *between = section ? " | " : "";
		for (int i = first; i < first + learner->statements[section]; i++) {
			const SearchStatement *s = &listing->of[i];
			if (!search_live_has(&live, i))
				continue;
			const FeStatementInfo *info = &fe_statements[s->op];
			text_printf(&out, "%s", between);
			put_name(&w, register_of(&w, info->result, s->out), &out);
			text_printf(&out, " = ");
			for (const char *at = info->text; *at; at += *at == '{' ? 3 : 1) {
				bool a = at[1] == 'a';
				FeMemory kind = a ? info->a : info->b;
				if (*at != '{')
					text_char(&out, *at);
				else if (at[1] == 'c')
					text_real(&out, (double)s->constant, true);
				else
					put_name(&w, register_of(&w, kind, a ? s->a : s->b), &out);
			}
			between = "; ";
		}
		if (section && *between == ' ')
			text_printf(&out, " |");
	}
	return text_cstr(&out);
}
