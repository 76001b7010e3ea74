/* Collecting what is wrong with a user's program. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

static bool same_complaint(const Diag *a, const Diag *b) {
	Span p = a->labels.data[0].span, q = b->labels.data[0].span;
	if (a->severity != b->severity || a->code != b->code || p.file != q.file)
		return false;
	if (!p.file)
		return a->content == b->content;
	return p.start == q.start && p.end == q.end;
}

/* Equal for equal complaints. */
static uint64_t complaint_hash(const Diag *diag) {
	Span p = diag->labels.data[0].span;
	uint32_t key[5] = {(uint32_t)diag->severity, (uint32_t)diag->code, p.file, p.start, p.end};
	return p.file ? hash_bytes(key, sizeof key, 0) : diag->content;
}

/* The slot of a complaint: of the one like it that is kept, or the first that can be taken. A slot holds 1 + its place in the
 * list; one whose place is no longer in the list (its complaint was taken back) is free, but what was put behind it is still found. */
static uint32_t *slot_of(Session *session, const Diag *diag) {
	DiagTable *table = &session->diag_table;
	uint32_t *taken = NULL;
	for (uint64_t at = complaint_hash(diag);; at++) {
		uint32_t *slot = &table->slots[at & (table->count - 1)];
		session->compared++;
		if (*slot == 0)
			return taken ? taken : slot;
		if (*slot > session->diags.count)
			taken = taken ? taken : slot;
		else if (same_complaint(session->diags.data[*slot - 1], diag))
			return slot;
	}
}

/* Keeps at least half of the slots free, those of what was taken back among them. */
static void make_room(Session *session) {
	DiagTable *table = &session->diag_table;
	if (2 * (table->used + 1) <= table->count)
		return;
	uint32_t count = 64;
	while (count < 4 * (session->diags.count + 1))
		count *= 2;
	*table = (DiagTable){ARENA_ARRAY(session->arena, uint32_t, count), count, session->diags.count};
	for (uint32_t i = 0; i < session->diags.count; i++)
		*slot_of(session, session->diags.data[i]) = i + 1;
}

/* The same complaint is kept once. */
static void keep(Session *session, Diag *diag) {
	session->complaints += diag->severity == DIAG_ERROR;
	make_room(session);
	uint32_t *slot = slot_of(session, diag);
	if (*slot != 0 && *slot <= session->diags.count)
		return;
	session->diag_table.used += *slot == 0;
	vec_push(session->arena, &session->diags, diag);
	*slot = session->diags.count;
	session->error_count += diag->severity == DIAG_ERROR;
}

/* What Diag.content is: of a sentence (the format of printf) and of each number and text for it. */
static uint64_t hash_of_sentence(const char *format, va_list given) {
	va_list args;
	va_copy(args, given);
	uint64_t hash = hash_bytes(format, strlen(format), 0);
	for (const char *at = strchr(format, '%'); at; at = strchr(at, '%')) {
		at += strcspn(at + 1, "*diuxXcseEfgGaAlz%") + 1;
		int most = -1; /* characters of a text, or digits */
		if (*at == '*') {
			most = va_arg(args, int);
			at++;
		}
		uint32_t longs = (uint32_t)strspn(at, "lz");
		if (strchr("diuxXc", at[longs])) {
			int64_t number = longs == 0 ? va_arg(args, int) : longs == 1 ? va_arg(args, long) : va_arg(args, long long);
			hash = hash_bytes(&number, sizeof number, hash);
		} else if (strchr("eEfgGaA", at[longs])) {
			double number = va_arg(args, double);
			hash = hash_bytes(&number, sizeof number, hash);
		} else if (at[longs] == 's') {
			const char *text = va_arg(args, const char *);
			hash = hash_bytes(text, most < 0 ? strlen(text) : strnlen(text, (size_t)most), hash);
		} else if (at[longs] != '%')
			base_panic("diag", "a message of a form that is not known: %s", format);
		at += longs + 1;
	}
	va_end(args);
	return hash;
}

static Diag *diag_add(Session *session, DiagSeverity severity, int code, Span span, const char *format, va_list args) {
	Diag *diag = ARENA_NEW(session->arena, Diag);
	diag->severity = severity;
	diag->code = code;
	diag->content = hash_of_sentence(format, args);
	diag->message = arena_vprintf(session->arena, format, args);
	DiagLabel here = {span.file < session->sources.count ? span : (Span){0}, ""};
	vec_push(session->arena, &diag->labels, here);
	keep(session, diag);
	return diag;
}

Diag *diag_error(Session *session, int code, Span span, const char *format, ...) {
	va_list args;
	va_start(args, format);
	Diag *diag = diag_add(session, DIAG_ERROR, code, span, format, args);
	va_end(args);
	return diag;
}

Diag *diag_verror(Session *session, int code, Span span, const char *format, va_list args) {
	return diag_add(session, DIAG_ERROR, code, span, format, args);
}

Diag *diag_warning(Session *session, int code, Span span, const char *format, ...) {
	va_list args;
	va_start(args, format);
	Diag *diag = diag_add(session, DIAG_WARNING, code, span, format, args);
	va_end(args);
	return diag;
}

bool diag_is_same(const Diag *a, const Diag *b) {
	Span p = a->labels.data[0].span, q = b->labels.data[0].span;
	return a->code == b->code && p.file == q.file && p.start == q.start && a->content == b->content;
}

void diag_label(Session *session, Diag *diag, Span span, const char *format, ...) {
	va_list args;
	va_start(args, format);
	DiagLabel label = {span, arena_vprintf(session->arena, format, args)};
	va_end(args);
	if (span.file && span.file < session->sources.count)
		vec_push(session->arena, &diag->labels, label);
}

void diag_note(Session *session, Diag *diag, const char *format, ...) {
	va_list args;
	va_start(args, format);
	const char *note = arena_vprintf(session->arena, format, args);
	va_end(args);
	vec_push(session->arena, &diag->notes, note);
}

void diag_help(Session *session, Diag *diag, const char *format, ...) {
	va_list args;
	va_start(args, format);
	diag->help = arena_vprintf(session->arena, format, args);
	va_end(args);
}

DiagMark diag_mark(const Session *session) {
	return (DiagMark){session->diags.count, session->error_count, session->complaints};
}

Diags diag_take_back(Session *session, DiagMark mark) {
	Diags taken = {0};
	for (uint32_t i = mark.count; i < session->diags.count; i++)
		vec_push(session->arena, &taken, session->diags.data[i]);
	session->diags.count = mark.count;
	session->error_count = mark.errors;
	session->complaints = mark.complaints;
	return taken;
}

void diag_say(Session *session, const Diags *diags) {
	for (uint32_t i = 0; i < diags->count; i++)
		keep(session, diags->data[i]);
}

bool diag_say_again(Session *session, Diag *diag) {
	if (diag)
		keep(session, diag);
	return diag != NULL;
}

typedef struct Ranked {
	Diag *diag;
	uint32_t rank; /* order of arrival, which decides between equals */
} Ranked;

static int compare_numbers(uint32_t a, uint32_t b) {
	return (a > b) - (a < b);
}

static int compare_ranked(const void *left, const void *right) {
	const Ranked *a = left, *b = right;
	Span p = a->diag->labels.data[0].span, q = b->diag->labels.data[0].span;
	int order = compare_numbers(p.file, q.file);
	if (!order)
		order = compare_numbers(p.start, q.start);
	return order ? order : compare_numbers(a->rank, b->rank);
}

Diag **diag_sorted(const Session *session, Arena *arena) {
	uint32_t count = session->diags.count;
	Ranked *ranked = ARENA_ARRAY(arena, Ranked, count);
	for (uint32_t i = 0; i < count; i++)
		ranked[i] = (Ranked){session->diags.data[i], i};
	if (count)
		qsort(ranked, count, sizeof *ranked, compare_ranked);
	Diag **sorted = ARENA_ARRAY(arena, Diag *, count);
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = ranked[i].diag;
	return sorted;
}
