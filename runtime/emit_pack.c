/* What packaging rules and objectives as C shares: files, templates, tables, the manifest. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/emit_pack.h"

static bool is_letter(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c) {
	return is_letter(c) || (c >= '0' && c <= '9');
}

/* Of C and C++, and the types that emitted code names. */
static bool is_keyword(Arena *arena, const char *name) {
	static const char words[] =
		" alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t class "
		"compl const const_cast constexpr continue decltype default delete do double dynamic_cast else enum "
		"explicit export extern false float for friend goto if inline int int64_t long mutable namespace new "
		"noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast "
		"restrict return short signed sizeof static static_assert static_cast struct switch template this "
		"thread_local throw true try typedef typeid typename uint8_t union unsigned using virtual void "
		"volatile wchar_t while xor xor_eq ";
	return strstr(words, arena_printf(arena, " %s ", name)) != NULL;
}

Pack *pack_new(Rt *rt, const RtEmitOptions *options, const char *what) {
	const char *prefix = options->prefix;
	bool fits = prefix && is_letter(prefix[0]) && prefix[0] != '_' && strlen(prefix) <= 40 &&
	            !is_keyword(rt->arena, prefix) && strcmp(prefix, "example") != 0;
	for (const char *at = prefix; fits && *at; at++) {
		fits = is_word(*at);
	}
	if (!fits) {
		Diag *diag = diag_error(rt->session, 813, (Span){0}, "names of C cannot begin with `%s`", prefix ? prefix : "");
		diag_help(rt->session, diag,
		          "--prefix NAME, of letters, digits and `_`, a letter first; no word of C, and not `example`");
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

static const char *greek(uint32_t letter) {
	static const char *const names[] = {"alpha",   "beta", "gamma", "delta",  "epsilon", "zeta", "eta",
	                                    "theta",   "iota", "kappa", "lambda", "mu",      "nu",   "xi",
	                                    "omicron", "pi",   "rho",   "sigma",  "sigma",   "tau",  "upsilon",
	                                    "phi",     "chi",  "psi",   "omega"};
	if (letter >= 0x3b1 && letter <= 0x3c9) {
		return names[letter - 0x3b1];
	}
	return NULL;
}

const char *pack_identifier(const Pack *pack, Name name) {
	const char *text = session_text(pack->session, name);
	size_t length = strlen(text);
	Text out = text_new(pack->arena);
	for (size_t at = 0; at < length;) {
		uint32_t letter = 0;
		at += text_decode(text + at, length - at, &letter);
		const char *small = greek(letter), *large = greek(letter + 0x20);
		if (letter < 128 && is_word((char)letter)) {
			text_char(&out, (char)letter);
		} else if (letter == '\'') {
			text_printf(&out, "_prime");
		} else if (small) {
			text_printf(&out, "%s", small);
		} else if (large) {
			text_printf(&out, "%c%s", large[0] - 'a' + 'A', large + 1);
		} else {
			text_printf(&out, "u%04x", (unsigned)letter);
		}
	}
	if (is_keyword(pack->arena, text_cstr(&out))) {
		text_char(&out, '_');
	}
	return text_cstr(&out);
}

const char *pack_unique(const Pack *pack, Name name, const char *const *names, uint32_t count) {
	const char *wanted = pack_identifier(pack, name), *found = wanted;
	for (uint32_t i = 0, number = 2; i < count; i++) {
		if (strcmp(names[i], found) == 0) {
			found = arena_printf(pack->arena, "%s_%u", wanted, (unsigned)number++);
			i = UINT32_MAX; /* begins again */
		}
	}
	return found;
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

/* ---- writing ---- */

static bool failed(const Pack *pack, const char *problem) {
	diag_error(pack->session, 811, (Span){0}, "%s", problem);
	return false;
}

bool pack_write(Pack *pack, void *own) {
	json_t *manifest = own, *files = json_object();
	for (uint32_t i = 0; i < pack->files.count; i++) {
		const PackFile *file = pack->files.data[i];
		unsigned long long hash = (unsigned long long)hash_bytes(text_cstr(&file->text), file->text.length, 0);
		json_t *entry =
			json_pack("{s:I,s:o}", "bytes", (json_int_t)file->text.length, "xxh3", json_sprintf("%016llx", hash));
		json_object_set_new(files, file->name, entry);
	}
	json_object_set_new(manifest, "files", files);
	Text *out = pack_file(pack, "manifest.json");
	char *json = json_dumps(manifest,
	                        JSON_INDENT(2) | (pack->real == IR_F32 ? JSON_REAL_PRECISION(9) : JSON_REAL_PRECISION(17)));
	text_printf(out, "%s\n", json ? json : "{}");
	free(json);
	json_decref(manifest);

	const char *dir = pack->options->out_dir;
	if (!rt_make_folder(pack->arena, dir) && errno != EEXIST) {
		return failed(pack, arena_printf(pack->arena, "cannot make %s: %s", dir, strerror(errno)));
	}
	for (uint32_t i = 0; i < pack->files.count; i++) {
		const PackFile *file = pack->files.data[i];
		const char *path = arena_printf(pack->arena, "%s/%s", dir, file->name);
		const char *problem = rt_write_file(pack->arena, path, text_cstr(&file->text), file->text.length);
		if (problem) {
			return failed(pack, problem);
		}
	}
	return true;
}
