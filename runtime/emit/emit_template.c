/* Text from templates, emit/templates/NAME.in:
 *
 *     @  $                the prefix, and in capitals; \@ and \$ are the plain signs
 *     %{name}             a value
 *     %% if name          lines up to %% else or %% end only if the value is there and not empty; `if not name` the other way
 *     %% each name        the lines up to %% end once per item, with the values of the item before those around it
 *
 * A directive is a line of its own. */
#include <string.h>

#include "runtime/emit/emit_pack.h"

struct PackScope {
	const PackScope *outer;
	VEC(const char *) names;
	VEC(const char *) values;
	VEC(const char *) list_names;
	VEC(PackScope *) items; /* of all lists, each under its name in list_names */
};

PackScope *pack_scope(const Pack *pack, const PackScope *outer) {
	PackScope *scope = ARENA_NEW(pack->arena, PackScope);
	scope->outer = outer;
	return scope;
}

void pack_set(const Pack *pack, PackScope *scope, const char *name, const char *value) {
	vec_push(pack->arena, &scope->names, name);
	vec_push(pack->arena, &scope->values, value);
}

void pack_flag(const Pack *pack, PackScope *scope, const char *name, bool value) {
	pack_set(pack, scope, name, value ? "1" : "");
}

void pack_number(const Pack *pack, PackScope *scope, const char *name, int64_t value) {
	pack_set(pack, scope, name, arena_printf(pack->arena, "%lld", (long long)value));
}

PackScope *pack_item(const Pack *pack, PackScope *scope, const char *list) {
	PackScope *item = pack_scope(pack, scope);
	vec_push(pack->arena, &scope->list_names, list);
	vec_push(pack->arena, &scope->items, item);
	return item;
}

/* ---- reading ---- */

typedef struct Filler {
	const Pack *pack;
	const char *name; /* of the template */
	Text *out;
} Filler;

static bool is_name(const char *text, size_t length, const char *name) {
	return strlen(name) == length && memcmp(text, name, length) == 0;
}

static const char *value_of(const Filler *f, const PackScope *scope, const char *name, size_t length) {
	for (; scope; scope = scope->outer) {
		for (uint32_t i = scope->names.count; i-- > 0;)
			if (is_name(name, length, scope->names.data[i]))
				return scope->values.data[i] ? scope->values.data[i] : "";
	}
	base_panic("pack_fill", "%s: there is no value `%.*s`", f->name, (int)length, name);
}

static const char *line_end(const char *at) {
	const char *end = strchr(at, '\n');
	return end ? end + 1 : at + strlen(at);
}

static bool is_directive(const char *line, const char *word) {
	size_t length = strlen(word);
	return strncmp(line, "%% ", 3) == 0 && strncmp(line + 3, word, length) == 0 &&
	       (line[3 + length] == ' ' || line[3 + length] == '\n');
}

/* From the line behind an `if` or `each`: its %% end, and its %% else or NULL. */
static const char *block_end(const Filler *f, const char *at, const char **otherwise) {
	int depth = 0;
	*otherwise = NULL;
	for (; *at; at = line_end(at))
		if (is_directive(at, "if") || is_directive(at, "each"))
			depth++;
		else if (is_directive(at, "else") && depth == 0)
			*otherwise = at;
		else if (is_directive(at, "end") && depth-- == 0)
			return at;
	base_panic("pack_fill", "%s: a block without an end", f->name);
}

static void put_line(const Filler *f, const PackScope *scope, const char *at, const char *end) {
	while (at < end) {
		const char *stop = at;
		while (stop < end && !(stop[0] == '%' && stop[1] == '{'))
			stop++;
		pack_put(f->pack, f->out, arena_printf(f->pack->arena, "%.*s", (int)(stop - at), at));
		if (stop == end)
			return;
		const char *close = strchr(stop, '}');
		text_printf(f->out, "%s", value_of(f, scope, stop + 2, (size_t)(close - stop - 2)));
		at = close + 1;
	}
}

static void fill(const Filler *f, const PackScope *scope, const char *at, const char *end);

/* at: behind "%% if ". */
static const char *fill_if(const Filler *f, const PackScope *scope, const char *at) {
	bool wanted = strncmp(at, "not ", 4) != 0;
	at += wanted ? 0 : 4;
	bool there = value_of(f, scope, at, strcspn(at, "\n"))[0] != '\0';
	const char *begin = line_end(at), *otherwise, *end = block_end(f, begin, &otherwise);
	if (there == wanted)
		fill(f, scope, begin, otherwise ? otherwise : end);
	else if (otherwise)
		fill(f, scope, line_end(otherwise), end);
	return line_end(end);
}

/* at: behind "%% each ". */
static const char *fill_each(const Filler *f, const PackScope *scope, const char *at) {
	size_t length = strcspn(at, "\n");
	const char *begin = line_end(at), *otherwise, *end = block_end(f, begin, &otherwise);
	for (const PackScope *from = scope; from; from = from->outer) {
		for (uint32_t i = 0; i < from->items.count; i++)
			if (is_name(at, length, from->list_names.data[i]))
				fill(f, from->items.data[i], begin, end);
	}
	return line_end(end);
}

static void fill(const Filler *f, const PackScope *scope, const char *at, const char *end) {
	while (at < end) {
		if (is_directive(at, "if")) {
			at = fill_if(f, scope, at + strlen("%% if "));
		} else if (is_directive(at, "each")) {
			at = fill_each(f, scope, at + strlen("%% each "));
		} else {
			const char *next = line_end(at);
			put_line(f, scope, at, next);
			at = next;
		}
	}
}

void pack_fill(const Pack *pack, Text *out, const char *name, const PackScope *scope) {
	const char *file = arena_printf(pack->arena, "%s.in", name);
	for (size_t i = 0; i < pack_template_count; i++) {
		if (strcmp(pack_templates[i].name, file) == 0) {
			const char *text = pack_templates[i].text;
			fill(&(Filler){pack, name, out}, scope, text, text + pack_templates[i].length);
			return;
		}
	}
	base_panic("pack_fill", "there is no template %s", name);
}
