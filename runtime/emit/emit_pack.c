/* What packaging rules and objectives as C shares: files, templates, tables, the manifest. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "runtime/emit/emit_pack.h"

/* Why a prefix cannot be used; NULL if it can. Names are PREFIX_step, PREFIX_at_NAME and so on, files PREFIX.h and so on. The
 * words of `parts` stand within names that are made, so that a_at_b_c would be one of the prefix `a` and of `a_at_b`. */
static const char *bad_prefix(Arena *arena, const char *prefix) {
	static const char *const parts[] = {"_at_", "_bad_", "_given_", "_instance_"};
	const char *around = arena_printf(arena, "%s_", prefix);
	if (prefix[0] == '\0' || strcmp(jit_c_spelling(arena, prefix), prefix) != 0) {
		return "it is no name of C, or one that belongs to the compiler";
	}
	if (strlen(prefix) > 40) {
		return "it has more than 40 letters";
	}
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (strstr(around, parts[i])) {
			return arena_printf(arena, "`%s` stands between parts of the names that are made", parts[i]);
		}
	}
	const char *lower = arena_strdup(arena, prefix);
	for (char *at = (char *)lower; *at; at++) {
		*at = (char)tolower((unsigned char)*at);
	}
	return jit_c_is_keyword(prefix)                                          ? "it is a keyword of C or C++"
	       : jit_c_is_header(lower)                                          ? "there is a header of that name"
	       : strcmp(lower, "example") == 0 || strcmp(lower, "makefile") == 0 ? "there is a file of that name"
	                                                                         : NULL;
}

const char *rt_emit_prefix(Arena *arena, const char *name, bool objective) {
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

Pack *pack_new(Rt *rt, const RtEmitOptions *options, const char *what) {
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
	char *capitals = arena_strdup(arena, prefix);
	for (char *at = capitals; *at; at++) {
		*at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
	}
	pack->capitals = capitals;
	return pack;
}

/* ---- templates ---- */

void pack_put(const Pack *pack, Text *out, const char *text) {
	for (const char *at = text; *at; at++) {
		if (*at == '\\' && (at[1] == '@' || at[1] == '$')) {
			text_char(out, *++at);
		} else if (*at == '@') {
			text_printf(out, "%s", pack->prefix);
		} else if (*at == '$') {
			text_printf(out, "%s", pack->capitals);
		} else {
			text_char(out, *at);
		}
	}
}

void pack_printf(const Pack *pack, Text *out, const char *format, ...) {
	Text expanded = text_new(pack->arena);
	pack_put(pack, &expanded, format);
	va_list args;
	va_start(args, format);
	char small[512];
	int length = vsnprintf(small, sizeof small, text_cstr(&expanded), args);
	va_end(args);
	if (length < (int)sizeof small) {
		text_bytes(out, small, (size_t)length);
		return;
	}
	char *large = arena_alloc(pack->arena, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(large, (size_t)length + 1, text_cstr(&expanded), args);
	va_end(args);
	text_bytes(out, large, (size_t)length);
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
	pack_printf(pack, out, "/* %s: ", pack_name(pack, name));
	pack_put(pack, out, what);
	pack_printf(pack, out,
	            "\n *\n * Written by gradus %s from %s. It belongs to you: use it, change it and pass it on as you "
	            "like, under\n"
	            " * whatever terms you like. Nobody else has rights in it. */\n",
	            RT_VERSION, pack->what);
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
	if (type.rank == 0) {
		return "scalar";
	}
	Text out = text_new(pack->arena);
	for (int i = 0; i < type.rank; i++) {
		text_printf(&out, "%s", i == 0 ? "[" : ", ");
		if (type.dims[i] < 0) {
			text_printf(&out, "n");
		} else {
			text_printf(&out, "%" PRId64, type.dims[i]);
		}
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
	if (!strpbrk(text_cstr(&out), ".e")) {
		text_printf(&out, ".0");
	}
	if (pack->real == IR_F32) {
		text_char(&out, 'f');
	}
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
	if (!strpbrk(text_cstr(&decimal), ".e")) {
		text_printf(&decimal, ".0");
	}
	text_printf(out, "%s_NUM(%a%s, %s%s)", pack->capitals, value, suffix, text_cstr(&decimal), suffix);
}

void pack_table(const Pack *pack, Text *out, const char *head, IrScalar scalar, const double *reals,
                const int64_t *integers, int64_t count) {
	pack_printf(pack, out, "%s[%" PRId64 "] = {", pack_name(pack, head), count > 0 ? count : 1);
	int per_line = reals ? 4 : 12;
	for (int64_t i = 0; i < count; i++) {
		text_printf(out, "%s", i % per_line == 0 ? "\n\t" : " ");
		if (reals) {
			put_real(pack, out, scalar, reals[i]);
		} else if (integers[i] == INT64_MIN) {
			text_printf(out, "INT64_MIN");
		} else if (integers[i] > INT32_MAX || integers[i] < INT32_MIN) {
			text_printf(out, "INT64_C(%" PRId64 ")", integers[i]);
		} else {
			text_printf(out, "%" PRId64, integers[i]);
		}
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
	for (uint32_t i = 0; i < count; i++) {
		if (funcs[i]) {
			ir_print(funcs[i], &text);
		}
	}
	uint64_t hash = hash_bytes(text_cstr(&text), text.length, 0);
	return number_count > 0 ? hash_bytes(numbers, sizeof *numbers * (size_t)number_count, hash) : hash;
}

/* ---- parts of files ---- */

void pack_arguments(const Pack *pack, Text *out, const IrFunc *func, const IrByRole *given, const IrByRole *places) {
	uint32_t count = func->params.count + func->results.count;
	const char **names = ARENA_ARRAY(pack->arena, const char *, count + 1);
	ir_arguments(func, given, sizeof *names, names);
	ir_places(func, places, sizeof *names, names + func->params.count);
	for (uint32_t i = 0; i < count; i++) {
		text_printf(out, "%s, ", names[i]);
	}
}

void pack_guard(const Pack *pack, Text *out) {
	pack_put(pack, out,
	         "\n#if defined(__FAST_MATH__) && !defined($_ALLOW_FAST_MATH)\n"
	         "#error \"-ffast-math changes the results; define $_ALLOW_FAST_MATH if that is wanted\"\n"
	         "#endif\n");
}

void pack_number_macro(const Pack *pack, Text *out) {
	pack_put(pack, out,
	         "\n/* A number in hexadecimal, which reads back exactly; C++ before 2017 takes the shortest decimal that "
	         "does. */\n"
	         "#if defined(__cplusplus) && __cplusplus < 201703L\n"
	         "#define $_NUM(hexadecimal, decimal) decimal\n"
	         "#else\n"
	         "#define $_NUM(hexadecimal, decimal) hexadecimal\n"
	         "#endif\n");
}

void pack_makefile(Pack *pack) {
	Text *out = pack_file(pack, "Makefile");
	pack_printf(pack, out, "# Written by gradus %s from %s. It belongs to you.\n", RT_VERSION, pack->what);
	pack_put(pack, out,
	         "# The first three flags of BITS make the same numbers on every machine (gcc 12's straight-line "
	         "vectoriser drops\n"
	         "# roundings to float), the others make it fast.\n"
	         "CC ?= cc\n"
	         "BITS = -std=c99 -ffp-contract=off -fno-tree-slp-vectorize -fno-math-errno -fno-trapping-math\n"
	         "CFLAGS ?= -O2 -Wall -Wextra\n"
	         "OBJECTS =");
	for (uint32_t i = 0; i < pack->units.count; i++) {
		const char *unit = pack->units.data[i];
		text_printf(out, " %.*s.o", (int)strlen(unit) - 2, unit);
	}
	pack_put(
		pack, out,
		"\n\nall: @_test example\n\n"
		"test: @_test\n\t./@_test\n\n"
		"@_test: @_test.o \\$(OBJECTS)\n\t\\$(CC) \\$(CFLAGS) \\$(LDFLAGS) -o \\$\\@ @_test.o \\$(OBJECTS) -lm\n\n"
		"example: example.o \\$(OBJECTS)\n\t\\$(CC) \\$(CFLAGS) \\$(LDFLAGS) -o \\$\\@ example.o \\$(OBJECTS) -lm\n\n"
		".c.o:\n\t\\$(CC) \\$(BITS) \\$(CFLAGS) -c -o \\$\\@ \\$<\n\n"
		"\\$(OBJECTS) @_test.o example.o: @.h\n\n"
		"clean:\n\trm -f @_test example @_test.o example.o \\$(OBJECTS)\n\n"
		".SUFFIXES: .c .o\n"
		".PHONY: all test clean\n");
}

void pack_readme_end(const Pack *pack, Text *out) {
	pack_put(
		pack, out,
		"## Compiling\n\n"
		"`make` builds the self-test and the example, `make test` runs the self-test: it compares with numbers that "
		"gradus\n"
		"computed, bit for bit. The sources are C99 and C++11; nothing but the C library (and `-lm`) is needed. They "
		"allocate\n"
		"nothing, read and write nothing, and have no variables of their own, so threads may use them at the same "
		"time, each\n"
		"with memory of its own. Every name that other files can see begins with `@`.\n\n"
		"Compiled as the Makefile does (`-std=c99 -ffp-contract=off -fno-tree-slp-vectorize`, any optimisation level), "
		"the results are the "
		"same bits\n"
		"everywhere, and those of `gradus --strict`. `-fno-math-errno -fno-trapping-math` change nothing but the "
		"speed.\n"
		"`-ffast-math` is refused unless `$_ALLOW_FAST_MATH` is defined: the results then differ. On 32-bit x86 add\n"
		"`-msse2 -mfpmath=sse`.\n\n"
		"## Whose it is\n\n"
		"What is in this folder belongs to you: use it, change it and pass it on as you like, under whatever terms you "
		"like.\n");
}
