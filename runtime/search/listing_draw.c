/* What is drawn of listings, as AutoML-Zero draws it (Real et al. 2020): every statement is as likely as any other, constants are between -1 and 1. A
 * register that has its value from outside is not assigned, and is read where it has one: so no statement can be wrong. */
#include <math.h>

#include "runtime/search/learner.h"
#include "runtime/search/tree.h"

int search_listing_first(const FeLearner *learner, FeSection section) {
	int first = 0;
	for (int s = 0; s < (int)section; s++)
		first += learner->statements[s];
	return first;
}

int search_listing_size(const FeLearner *learner) {
	return search_listing_first(learner, FE_SECTIONS);
}

static FeSection section_of(const FeLearner *learner, int at) {
	int section = 0;
	while (at >= search_listing_first(learner, (FeSection)(section + 1)))
		section++;
	return (FeSection)section;
}

/* How many registers a statement of this section may assign, or read; they begin at *first. */
static int choices(const FeLearner *learner, FeSection section, FeMemory kind, bool reads, int *first) {
	bool number = kind == FE_MEMORY_NUMBER;
	bool given = number ? section == FE_LEARN : section != FE_SETUP; /* s0, v0 have their values */
	*first = reads && given ? 0 : 1;
	return kind == FE_MEMORY_NOTHING ? 1 : (number ? learner->numbers : learner->vectors) - *first;
}

static uint8_t draw_register(const FeLearner *learner, SearchDraws *draws, FeSection section, FeMemory kind,
                             bool reads) {
	int first, count = choices(learner, section, kind, reads, &first);
	return kind == FE_MEMORY_NOTHING ? 0 : (uint8_t)(first + (int)search_draw_below(draws, (uint32_t)count));
}

static bool may_be(const FeLearner *learner, FeSection section, FeMemory kind, bool reads, int number) {
	int first, count = choices(learner, section, kind, reads, &first);
	return kind == FE_MEMORY_NOTHING ? number == 0 : number >= first && number < first + count;
}

bool search_listing_is_valid(const FeLearner *learner, const SearchListing *listing) {
	for (int i = 0; i < search_listing_size(learner); i++) {
		const SearchStatement *s = &listing->of[i];
		FeSection section = section_of(learner, i);
		if (s->op == SEARCH_NO_STATEMENT)
			continue;
		if (s->op >= FE_STATEMENTS || !(learner->kinds >> s->op & 1) || !isfinite(s->constant))
			return false;
		const FeStatementInfo *info = &fe_statements[s->op];
		if (!may_be(learner, section, info->result, false, s->out) || !may_be(learner, section, info->a, true, s->a) ||
		    !may_be(learner, section, info->b, true, s->b))
			return false;
	}
	return true;
}

double search_listing_digits(const FeLearner *learner) {
	double digits = 0;
	for (int section = 0; section < FE_SECTIONS; section++) {
		double ways = 0;
		for (int op = 0; op < FE_STATEMENTS; op++) {
			const FeStatementInfo *info = &fe_statements[op];
			int first;
			if (learner->kinds >> op & 1)
				ways += choices(learner, (FeSection)section, info->result, false, &first) *
				        choices(learner, (FeSection)section, info->a, true, &first) *
				        choices(learner, (FeSection)section, info->b, true, &first);
		}
		digits += learner->statements[section] * log10(ways);
	}
	return digits;
}

static float draw_constant(SearchDraws *draws) {
	return (float)(2 * search_draw_unit(draws) - 1);
}

static void draw_statement(const FeLearner *learner, SearchDraws *draws, FeSection section, SearchStatement *out) {
	int fitting[FE_STATEMENTS];
	uint32_t count = 0;
	for (int op = 0; op < FE_STATEMENTS; op++)
		if (learner->kinds >> op & 1)
			fitting[count++] = op;
	int op = fitting[search_draw_below(draws, count)];
	const FeStatementInfo *info = &fe_statements[op];
	*out = (SearchStatement){.op = (uint8_t)op};
	out->out = draw_register(learner, draws, section, info->result, false);
	out->a = draw_register(learner, draws, section, info->a, true);
	out->b = draw_register(learner, draws, section, info->b, true);
	out->constant = op == FE_STATEMENT_CONST ? draw_constant(draws) : 0;
}

static void draw_section(const FeLearner *learner, SearchDraws *draws, FeSection section, SearchListing *out) {
	int first = search_listing_first(learner, section);
	for (int i = 0; i < learner->statements[section]; i++)
		draw_statement(learner, draws, section, &out->of[first + i]);
}

void search_listing_fresh(const FeLearner *learner, SearchDraws *draws, SearchListing *out) {
	for (int section = 0; section < FE_SECTIONS; section++)
		draw_section(learner, draws, (FeSection)section, out);
}

/* A standard normal number (Box, Muller 1958). */
static double draw_normal(SearchDraws *draws) {
	static const double turn = 6.283185307179586;
	double u = 1 - search_draw_unit(draws);
	return sqrt(-2 * log(u)) * cos(turn * search_draw_unit(draws));
}

/* What it assigns, an operand, or its constant. */
static void alter_parameter(const FeLearner *learner, SearchDraws *draws, FeSection section, SearchStatement *s) {
	static const double flips = 0.1;
	const FeStatementInfo *info = &fe_statements[s->op];
	bool constant = s->op == FE_STATEMENT_CONST;
	int count = 1 + constant + (info->a != FE_MEMORY_NOTHING) + (info->b != FE_MEMORY_NOTHING);
	switch (search_draw_below(draws, (uint32_t)count)) {
	case 0: s->out = draw_register(learner, draws, section, info->result, false); break;
	case 1:
		if (constant)
			s->constant *= (float)(exp(draw_normal(draws)) * (search_draw_unit(draws) < flips ? -1 : 1));
		else
			s->a = draw_register(learner, draws, section, info->a, true);
		break;
	default: s->b = draw_register(learner, draws, section, info->b, true); break;
	}
}

void search_listing_mutated(const FeLearner *learner, SearchDraws *draws, const SearchListing *parent,
                            SearchListing *out) {
	enum { PARAMETER, STATEMENT, SECTION, CHANGES };
	int changed[FE_SECTIONS], sections = 0;
	for (int s = 0; s < FE_SECTIONS; s++)
		if (learner->statements[s] > 0)
			changed[sections++] = s;
	FeSection section = (FeSection)changed[search_draw_below(draws, (uint32_t)sections)];
	int change = (int)search_draw_below(draws, CHANGES), first = search_listing_first(learner, section);
	SearchStatement *s = &out->of[first + (int)search_draw_below(draws, (uint32_t)learner->statements[section])];
	*out = *parent;
	if (change == SECTION)
		draw_section(learner, draws, section, out);
	else if (change == STATEMENT || s->op == SEARCH_NO_STATEMENT)
		draw_statement(learner, draws, section, s);
	else
		alter_parameter(learner, draws, section, s);
}

void search_listing_crossed(const FeLearner *learner, SearchDraws *draws, const SearchListing *parent,
                            const SearchListing *other, SearchListing *out) {
	uint32_t whose = search_draw_below(draws, 1u << FE_SECTIONS);
	for (int i = 0; i < search_listing_size(learner); i++)
		out->of[i] = whose >> section_of(learner, i) & 1 ? other->of[i] : parent->of[i];
}
