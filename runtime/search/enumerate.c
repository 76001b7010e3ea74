/* All expressions of a space, by size, each once: of those that give the same numbers on all probes, the cheapest of the smallest is kept, and
 * larger ones are made of what was kept. The order is that of sizes, operations and numbers, so it is always the same.
 *
 * What a probe is, and when two are the same, stands in probe.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/search/probe.h"

typedef struct Enumeration {
	SearchTable *table;
	const SearchSpace *space;
	SearchProbes *probes;
	double *values; /* of expressions up to the size `kept`, `rows` of each */
	uint32_t value_capacity;
	int kept;
	uint32_t *slots; /* a hash table of expressions: their numbers + 1, or 0 */
	uint32_t slot_count;
	double *scratch[4]; /* rows of each: two operands, the constant of an operation, the result */
	SearchGoesOn *goes_on;
	void *user;
	uint32_t since; /* expressions since goes_on was last asked */
} Enumeration;

/* ---- values ---- */

static void values_of(Enumeration *e, uint32_t number, double *out);

static void values_of_expr(Enumeration *e, const SearchExpr *x, double *out) {
	if (x->op == SEARCH_LEAF) {
		memcpy(out, search_leaf_values(e->probes, x->a), sizeof *out * (size_t)e->probes->rows);
		return;
	}
	int arity = fe_operators[x->op].arity;
	const uint32_t numbers[2] = {x->a, x->b};
	const double *operands[3] = {NULL, NULL, search_constant_values(e->probes, 0)};
	for (int k = 0; k < arity; k++) {
		const SearchExpr *operand = &e->table->exprs[numbers[k]];
		operands[k] = e->values + (size_t)numbers[k] * (size_t)e->probes->rows;
		if (operand->size > e->kept) {
			values_of(e, numbers[k], e->scratch[k]);
			operands[k] = e->scratch[k];
		}
	}
	search_apply(&e->probes->meanings, (FeOperator)x->op, operands, e->probes->rows, e->probes->coordinates, out);
}

/* Those of a size that is not kept, whose operands are. */
static void values_of(Enumeration *e, uint32_t number, double *out) {
	values_of_expr(e, &e->table->exprs[number], out);
}

/* With constants of their own wherever there are several: an expression of c1 and c2 is not one of c alone. */
static bool has_several(const SearchExpr *x) {
	return x->constants > 1;
}

/* ---- the table ---- */

static void grow_slots(Enumeration *e) {
	const uint64_t *hashes = e->table->hashes;
	e->slot_count = e->slot_count ? 2 * e->slot_count : 1u << 12;
	free(e->slots);
	e->slots = memory_new(sizeof *e->slots * e->slot_count);
	for (uint32_t i = 0; i < e->table->count; i++) {
		uint32_t at = (uint32_t)hashes[i] & (e->slot_count - 1);
		while (e->slots[at])
			at = (at + 1) & (e->slot_count - 1);
		e->slots[at] = i + 1;
	}
}

/* Where the expression of a hash stands, or is to stand. */
static uint32_t *find_slot(Enumeration *e, uint64_t hash) {
	if (2 * (e->table->count + 1) > e->slot_count)
		grow_slots(e);
	uint32_t at = (uint32_t)hash & (e->slot_count - 1);
	while (e->slots[at] && e->table->hashes[e->slots[at] - 1] != hash)
		at = (at + 1) & (e->slot_count - 1);
	return &e->slots[at];
}

/* Large blocks are moved by the system without being copied, so that there are never two of them. */
static void *grown(void *data, size_t bytes) {
	void *more = realloc(data, bytes);
	if (!more)
		base_no_memory(bytes);
	return more;
}

static void keep_values(Enumeration *e, uint32_t number, const double *values) {
	size_t rows = (size_t)e->probes->rows;
	if (number >= e->value_capacity) {
		uint32_t capacity = e->value_capacity ? 2 * e->value_capacity : 1024;
		capacity = capacity < SEARCH_MOST_PROBED ? capacity : SEARCH_MOST_PROBED + 1;
		e->values = grown(e->values, sizeof(double) * rows * capacity);
		e->value_capacity = capacity;
	}
	memcpy(e->values + number * rows, values, sizeof(double) * rows);
}

void search_table_add(SearchTable *table, const SearchExpr *exprs, uint32_t count, uint64_t hash) {
	size_t capacity = table->capacity ? table->capacity : 1024;
	while (capacity < (size_t)table->count + count)
		capacity *= 2;
	if (capacity > table->capacity) {
		table->exprs = grown(table->exprs, sizeof *exprs * capacity);
		table->hashes = grown(table->hashes, sizeof hash * capacity);
		table->capacity = (uint32_t)capacity;
	}
	for (uint32_t i = 0; i < count; i++) {
		table->exprs[table->count] = exprs[i];
		table->hashes[table->count++] = hash;
	}
}

static uint32_t add_expr(Enumeration *e, const SearchExpr *x, uint64_t hash) {
	search_table_add(e->table, x, 1, hash);
	return e->table->count - 1;
}

/* An expression that may be new. What has the same values and the same size gives way to what is cheaper. */
static void consider(Enumeration *e, const SearchExpr *x) {
	SearchTable *table = e->table;
	table->generated[x->size]++;
	double *values = e->scratch[3];
	values_of_expr(e, x, values);
	if (has_several(x))
		search_values_apart(e->probes, table, x, values);
	uint64_t hash = search_hash(e->probes, values);
	if (!hash)
		return;
	uint32_t *slot = find_slot(e, hash), number = *slot - 1;
	if (!*slot) {
		number = add_expr(e, x, hash);
		*slot = number + 1;
	} else if (table->exprs[number].size == x->size && x->cost < table->exprs[number].cost) {
		table->exprs[number] = *x;
	} else {
		return;
	}
	if (x->size <= e->kept) {
		values_of_expr(e, x, e->scratch[3]); /* constants as operands are all the same */
		keep_values(e, number, e->scratch[3]);
	}
}

/* ---- making them ---- */

/* false: there is no such expression in this space. */
static bool make(const Enumeration *e, FeOperator op, uint32_t a, uint32_t b, SearchExpr *out) {
	bool two = fe_operators[op].arity > 1;
	const SearchExpr *y = two ? &e->table->exprs[b] : NULL;
	if (!search_combine(e->space, &e->probes->meanings, op, &e->table->exprs[a], y, out))
		return false;
	out->a = a;
	out->b = two ? b : 0;
	return true;
}

static bool goes_on(Enumeration *e, int size) {
	if (e->table->count >= (size <= e->kept ? SEARCH_MOST_PROBED : SEARCH_MOST_DISTINCT))
		return false;
	if (++e->since < SEARCH_BETWEEN_LOOKS || !e->goes_on)
		return true;
	e->since = 0;
	return e->goes_on(e->user, e->table, size);
}

static bool make_unary(Enumeration *e, FeOperator op, int size) {
	SearchExpr x;
	for (uint32_t a = e->table->first[size - 1]; a < e->table->first[size]; a++) {
		if (make(e, op, a, 0, &x))
			consider(e, &x);
		if (!goes_on(e, size))
			return false;
	}
	return true;
}

/* Of two operands of sizes left and right. Where the order does not matter, the larger one stands first, which needs fewer parentheses. */
static bool make_binary(Enumeration *e, FeOperator op, int left, int right) {
	const SearchTable *table = e->table;
	bool commutes = fe_operators[op].commutes;
	SearchExpr x;
	if (commutes && left < right)
		return true;
	for (uint32_t a = table->first[left]; a < table->first[left + 1]; a++) {
		for (uint32_t b = commutes && left == right ? a : table->first[right]; b < table->first[right + 1]; b++) {
			if (make(e, op, a, b, &x))
				consider(e, &x);
			if (!goes_on(e, left + right + 1))
				return false;
		}
	}
	return true;
}

static void make_leaves(Enumeration *e) {
	for (uint32_t i = 0; i < e->space->leaf_count; i++) {
		SearchExpr x = search_leaf(e->space, i);
		consider(e, &x);
	}
}

static bool make_size(Enumeration *e, int size) {
	if (size == 1) {
		make_leaves(e);
		return true;
	}
	for (int op = 0; op < FE_OPERATORS; op++) {
		if (!(e->space->operators >> op & 1))
			continue;
		if (fe_operators[op].arity == 1 && !make_unary(e, (FeOperator)op, size))
			return false;
		for (int left = 1; fe_operators[op].arity == 2 && left < size - 1; left++)
			if (!make_binary(e, (FeOperator)op, left, size - 1 - left))
				return false;
	}
	return true;
}

SearchTable *search_table_new(const SearchSpace *space) {
	Arena *arena = arena_new();
	SearchTable *table = ARENA_NEW(arena, SearchTable);
	*table = (SearchTable){.space = space, .arena = arena};
	return table;
}

/* Every expression up to a size has the values that larger ones need: those of binary operations are up to size - 2, and what
 * is longer is computed from its operands. */
SearchTable *search_enumerate(const SearchSpace *space, SearchGoesOn *asked, void *user) {
	SearchTable *table = search_table_new(space);
	Arena *arena = table->arena;
	Enumeration e = {.table = table, .space = space, .goes_on = asked, .user = user};
	e.probes = search_probes_new(space, arena);
	e.kept = space->size > 2 ? space->size - 2 : 1;
	for (int k = 0; k < 4; k++)
		e.scratch[k] = ARENA_ARRAY(arena, double, e.probes->rows);
	for (int size = 1; size <= space->size && !table->stopped; size++) {
		table->first[size] = table->count;
		if (make_size(&e, size)) {
			table->size = size;
		} else {
			table->count = table->first[size];
			table->stopped = true;
		}
		table->first[size + 1] = table->count;
	}
	free(e.values);
	free(e.slots);
	return table;
}

void search_table_free(SearchTable *table) {
	if (!table)
		return;
	free(table->exprs);
	free(table->hashes);
	arena_free(table->arena);
}

bool search_is_candidate(const SearchTable *table, uint32_t expr) {
	const SearchExpr *x = &table->exprs[expr];
	return search_may_stand(table->space, x);
}
