/* emit_pack: what packaging rules and objectives as C shares. Private to runtime/emit/emit_*.c.
 *
 * C text is written from templates in which `@` stands for the prefix and `$` for the prefix in capitals (macros that a
 * user defines). Everything that is written depends on the program alone: no dates, no paths, no addresses. */
#ifndef GRADUS_EMIT_PACK_H
#define GRADUS_EMIT_PACK_H

#include "runtime/emit/emit.h"

/* A text that files are made from; emit_template.c says how it is written. */
typedef struct PackTemplate {
	const char *name, *text;
	size_t length;
} PackTemplate;

extern const PackTemplate pack_templates[];
extern const size_t pack_template_count;

/* What a template can name: values, and lists of scopes. */
typedef struct PackScope PackScope;

typedef struct PackFile {
	const char *name;
	Text text;
} PackFile;

typedef struct Pack {
	Rt *rt;
	Session *session;
	Arena *arena;
	const PackOptions *options;
	const char *prefix, *capitals; /* myopt, MYOPT */
	const char *what;              /* "rule `adam`", for the notice */
	IrScalar real;
	JitCFile *functions;     /* what is compiled for @.c */
	VEC(PackFile *) files;   /* in the order they were begun */
	VEC(const char *) units; /* sources that make up the library: "myopt.c" */
	PackScope *scope;        /* what every template may name */
} Pack;

/* NULL with a diagnostic if the prefix cannot be used. */
Pack *pack_new(Rt *rt, const PackOptions *options, const char *what);
/* E0813, and why; returns false. */
bool pack_refuse_prefix(Session *session, const char *prefix, const char *why);
/* A file to be written: `name` is a template. pack_source begins it with the notice and what the file is. */
Text *pack_file(Pack *pack, const char *name);
Text *pack_source(Pack *pack, const char *name, const char *what);
/* Appends a template (`\@` and `\$` are the plain signs); the second form knows printf's conversions too. */
void pack_put(const Pack *pack, Text *out, const char *text);
/* emit_template.c: the template NAME.in, with what the scope names. Panics where it asks for what is not there. */
void pack_fill(const Pack *pack, Text *out, const char *name, const PackScope *scope);
PackScope *pack_scope(const Pack *pack, const PackScope *outer); /* names are looked up in it, then in `outer` */
void pack_set(const Pack *pack, PackScope *scope, const char *name, const char *value); /* NULL or empty: not there */
void pack_flag(const Pack *pack, PackScope *scope, const char *name, bool value);
void pack_number(const Pack *pack, PackScope *scope, const char *name, int64_t value);
/* One more scope of a list, inside of `scope`. */
PackScope *pack_item(const Pack *pack, PackScope *scope, const char *list);
void pack_printf(const Pack *pack, Text *out, const char *format, ...) BASE_PRINTF(3, 4);
const char *pack_name(const Pack *pack, const char *text); /* a template as a string */
/* A name of the program for a member, unlike the `count` names before it (jit/c/c_names.c has the rules). */
const char *pack_unique(const Pack *pack, Name name, const char *const *names, uint32_t count);
const char *pack_type(const Pack *pack, IrScalar scalar); /* "@_real" expanded, "int64_t", "uint8_t" */
/* [100, 3], or "scalar". */
const char *pack_dims(const Pack *pack, IrType type);
/* A table of `count` numbers, hexadecimal where the language has such literals: `head` is a template that ends in the
 * name. reals or integers. At least one entry. */
void pack_table(const Pack *pack, Text *out, const char *head, IrScalar scalar, const double *reals,
                const int64_t *integers, int64_t count);
/* The bits of numbers, for comparing: uint32_t or uint64_t entries. */
void pack_bits(const Pack *pack, Text *out, const char *head, IrScalar scalar, const double *values, int64_t count);
/* One literal of the pack's real type: 0.5f. */
const char *pack_real(const Pack *pack, double value);

/* @.c after its notice: includes, the check for fast mathematics, the helpers that `body` uses, and `body`. */
void pack_begin(const Pack *pack, Text *out, const char *body);
/* Text with tables: the macro that their numbers need, if they do, and `body`. */
void pack_tables(const Pack *pack, Text *out, const char *body);
/* Makefile, for the units and the programs @_test and example. */
void pack_makefile(Pack *pack);
uint64_t pack_hash(const Pack *pack, const IrFunc *const *funcs, uint32_t count, const double *numbers,
                   int64_t number_count);
/* emit_folder.c: adds manifest.json: `own`, with the files; then writes everything into the folder, if that holds nothing else.
 * `own` is a json_t, and consumed. false with a diagnostic. */
bool pack_write(Pack *pack, void *own);

#endif
