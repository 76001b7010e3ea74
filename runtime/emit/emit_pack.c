/* What packaging rules and objectives as C shares: files, templates, tables, the manifest. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "runtime/emit/emit_pack.h"

/* Why a prefix cannot be used; NULL if it can. Names are PREFIX_step, PREFIX_at_NAME and so on, files PREFIX.h and so on. The
 * words of `parts` stand within names that are made, so that a_at_b_c would be one of the prefix `a` and of `a_at_b`. */
static const char *bad_prefix(Arena *arena, const char *prefix) {
	static const char *const parts[] = {"_at_", "_bad_", "_given_", "_instance_", "_validate_"};
	const char *around = arena_printf(arena, "%s_", prefix);
	if (prefix[0] == '\0' || strcmp(jit_c_spelling(arena, prefix), prefix) != 0)
		return "it is no name of C, or one that belongs to the compiler";
	if (strlen(prefix) > 40)
		return "it has more than 40 letters";
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strstr(around, parts[i]))
			return arena_printf(arena, "`%s` stands between parts of the names that are made", parts[i]);
	const char *lower = arena_strdup(arena, prefix);
	for (char *at = (char *)lower; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return jit_c_is_keyword(prefix)                                          ? "it is a keyword of C or C++"
	       : jit_c_is_header(lower)                                          ? "there is a header of that name"
	       : strcmp(lower, "example") == 0 || strcmp(lower, "makefile") == 0 ? "there is a file of that name"
	                                                                         : NULL;
}

const char *pack_prefix(Arena *arena, const char *name, bool objective) {
	const char *prefix = jit_c_spelling(arena, name);
	return bad_prefix(arena, prefix) ? arena_printf(arena, "%s_%s", prefix, objective ? "objective" : "rule") : prefix;
}

bool pack_refuse_prefix(Session *session, const char *prefix, const char *why) {
	Diag *diag = diag_error(session, 813, (Span){0}, "names of C cannot begin with `%s`", prefix);
	diag_note(session, diag, "%s", why);
	diag_help(session, diag,
	          "--prefix NAME, of letters, digits and single `_`, a letter first; no keyword of C and no header of "
	          "its library");
	return false;
}

Pack *pack_new(Rt *rt, const PackOptions *options, const char *what) {
	const char *prefix = options->prefix;
	const char *why = bad_prefix(rt->arena, prefix);
	if (why) {
		pack_refuse_prefix(rt->session, prefix, why);
		return NULL;
	}
	Arena *arena = rt->arena;
	Pack *pack = ARENA_NEW(arena, Pack);
	*pack = (Pack){
		.rt = rt, .session = rt->session, .arena = arena, .options = options, .prefix = prefix, .real = options->real};
	pack->what = what;
	pack->functions = jit_c_file_new(arena, prefix);
	char *capitals = arena_strdup(arena, prefix);
	for (char *at = capitals; *at; at++)
		*at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
	pack->capitals = capitals;
	pack->scope = pack_scope(pack, NULL);
	pack_set(pack, pack->scope, "version", RT_VERSION);
	pack_set(pack, pack->scope, "what", what);
	return pack;
}

/* ---- templates ---- */

void pack_put(const Pack *pack, Text *out, const char *text) {
	for (const char *at = text; *at; at++)
		if (*at == '\\' && (at[1] == '@' || at[1] == '$'))
			text_char(out, *++at);
		else if (*at == '@')
			text_printf(out, "%s", pack->prefix);
		else if (*at == '$')
			text_printf(out, "%s", pack->capitals);
		else
			text_char(out, *at);
}

void pack_printf(const Pack *pack, Text *out, const char *format, ...) {
	Text expanded = text_new(pack->arena);
	pack_put(pack, &expanded, format);
	va_list args;
	va_start(args, format);
	const char *bytes = arena_vprintf(pack->arena, text_cstr(&expanded), args);
	va_end(args);
	text_bytes(out, bytes, strlen(bytes));
}

const char *pack_name(const Pack *pack, const char *text) {
	Text out = text_new(pack->arena);
	pack_put(pack, &out, text);
	return text_cstr(&out);
}

Text *pack_file(Pack *pack, const char *name) {
	PackFile *file = ARENA_NEW(pack->arena, PackFile);
	file->name = pack_name(pack, name);
	file->text = text_new(pack->arena);
	vec_push(pack->arena, &pack->files, file);
	return &file->text;
}

Text *pack_source(Pack *pack, const char *name, const char *what) {
	Text *out = pack_file(pack, name);
	PackScope *scope = pack_scope(pack, pack->scope);
	pack_set(pack, scope, "file", pack_name(pack, name));
	pack_set(pack, scope, "purpose", pack_name(pack, what));
	pack_fill(pack, out, "notice", scope);
	return out;
}

const char *pack_unique(const Pack *pack, Name name, const char *const *names, uint32_t count) {
	return jit_c_unique(pack->arena, pack->prefix, session_text(pack->session, name), names, count);
}

const char *pack_type(const Pack *pack, IrScalar scalar) {
	switch (scalar) {
	case IR_BOOL: return "uint8_t";
	case IR_I32: return "int32_t";
	case IR_I64: return "int64_t";
	case IR_F32:
	case IR_F64: break;
	}
	return scalar == pack->real ? pack_name(pack, "@_real") : scalar == IR_F32 ? "float" : "double";
}

const char *pack_dims(const Pack *pack, IrType type) {
	if (type.rank == 0)
		return "scalar";
	Text out = text_new(pack->arena);
	for (int i = 0; i < type.rank; i++) {
		text_printf(&out, "%s", i == 0 ? "[" : ", ");
		if (type.dims[i] < 0)
			text_printf(&out, "n");
		else
			text_printf(&out, "%" PRId64, type.dims[i]);
	}
	text_printf(&out, "]");
	return text_cstr(&out);
}

/* ---- numbers ---- */

const char *pack_real(const Pack *pack, double value) {
	if (isnan(value) || isinf(value)) {
		return arena_printf(pack->arena, "(%s)%s", pack_type(pack, pack->real),
		                    isnan(value) ? "NAN"
		                    : value > 0  ? "INFINITY"
		                                 : "-INFINITY");
	}
	Text out = text_new(pack->arena);
	text_real(&out, value, pack->real == IR_F32);
	if (!strpbrk(text_cstr(&out), ".e"))
		text_printf(&out, ".0");
	if (pack->real == IR_F32)
		text_char(&out, 'f');
	return text_cstr(&out);
}

static void put_real(const Pack *pack, Text *out, IrScalar scalar, double value) {
	if (isnan(value) || isinf(value) || value == 0 || (fabs(value) < 1000 && value * 64 == floor(value * 64))) {
		Pack same = *pack;
		same.real = scalar;
		text_printf(out, "%s", pack_real(&same, value));
		return;
	}
	const char *suffix = scalar == IR_F32 ? "f" : "";
	Text decimal = text_new(pack->arena);
	text_real(&decimal, value, scalar == IR_F32);
	if (!strpbrk(text_cstr(&decimal), ".e"))
		text_printf(&decimal, ".0");
	text_printf(out, "%s_NUM(%a%s, %s%s)", pack->capitals, value, suffix, text_cstr(&decimal), suffix);
}

void pack_table(const Pack *pack, Text *out, const char *head, IrScalar scalar, const double *reals,
                const int64_t *integers, int64_t count) {
	pack_printf(pack, out, "%s[%" PRId64 "] = {", pack_name(pack, head), count > 0 ? count : 1);
	int per_line = reals ? 4 : 12;
	for (int64_t i = 0; i < count; i++) {
		text_printf(out, "%s", i % per_line == 0 ? "\n\t" : " ");
		if (reals)
			put_real(pack, out, scalar, reals[i]);
		else if (integers[i] == INT64_MIN)
			text_printf(out, "INT64_MIN");
		else if (integers[i] > INT32_MAX || integers[i] < INT32_MIN)
			text_printf(out, "INT64_C(%" PRId64 ")", integers[i]);
		else
			text_printf(out, "%" PRId64, integers[i]);
		text_char(out, ',');
	}
	text_printf(out, "%s};\n", count > 0 ? "\n" : "0");
}

void pack_bits(const Pack *pack, Text *out, const char *head, IrScalar scalar, const double *values, int64_t count) {
	bool narrow = scalar == IR_F32;
	pack_printf(pack, out, "static const %s %s[%" PRId64 "] = {", narrow ? "uint32_t" : "uint64_t",
	            pack_name(pack, head), count > 0 ? count : 1);
	for (int64_t i = 0; i < count; i++) {
		text_printf(out, "%s", i % (narrow ? 8 : 4) == 0 ? "\n\t" : " ");
		if (narrow) {
			float value = (float)values[i];
			uint32_t bits;
			memcpy(&bits, &value, sizeof bits);
			text_printf(out, "0x%08" PRIx32 "u,", bits);
		} else {
			uint64_t bits;
			memcpy(&bits, &values[i], sizeof bits);
			text_printf(out, "UINT64_C(0x%016" PRIx64 "),", bits);
		}
	}
	text_printf(out, "%s};\n", count > 0 ? "\n" : "0");
}

uint64_t pack_hash(const Pack *pack, const IrFunc *const *funcs, uint32_t count, const double *numbers,
                   int64_t number_count) {
	Text text = text_new(pack->arena);
	text_printf(&text, "%s\n", ir_scalar_name(pack->real));
	for (uint32_t i = 0; i < count; i++)
		if (funcs[i])
			ir_print(funcs[i], &text);
	uint64_t hash = hash_bytes(text_cstr(&text), text.length, 0);
	return number_count > 0 ? hash_bytes(numbers, sizeof *numbers * (size_t)number_count, hash) : hash;
}

/* ---- parts of files ---- */

void pack_tables(const Pack *pack, Text *out, const char *body) {
	if (strstr(body, pack_name(pack, "$_NUM(")))
		pack_fill(pack, out, "number_macro", pack->scope);
	text_printf(out, "%s", body);
}

void pack_begin(const Pack *pack, Text *out, const char *body) {
	pack_fill(pack, out, "source.c", pack->scope);
	jit_c_prelude(pack->functions, body, out);
	pack_tables(pack, out, body);
}

void pack_makefile(Pack *pack) {
	PackScope *scope = pack_scope(pack, pack->scope);
	Text objects = text_new(pack->arena);
	for (uint32_t i = 0; i < pack->units.count; i++) {
		const char *unit = pack->units.data[i];
		text_printf(&objects, " %.*s.o", (int)strlen(unit) - 2, unit);
	}
	pack_set(pack, scope, "objects", text_cstr(&objects));
	pack_fill(pack, pack_file(pack, "Makefile"), "Makefile", scope);
}
