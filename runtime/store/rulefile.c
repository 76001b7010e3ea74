/* A trained rule as source: the text that was written, with the learned numbers where their starting values stood. What
 * is a scalar can be read in place, what is a tensor lies in a safetensors file beside it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"

typedef struct Edit {
	uint32_t start, end;
	const char *text;
} Edit;

typedef struct Edits {
	Arena *arena;
	VEC(Edit) list;
} Edits;

static void edit(Edits *edits, uint32_t start, uint32_t end, const char *text) {
	Edit one = {start, end, text};
	vec_push(edits->arena, &edits->list, one);
}

static int by_start(const void *a, const void *b) {
	const Edit *x = a, *y = b;
	return (x->start > y->start) - (x->start < y->start);
}

static void print_edited(const Source *source, Span span, const Edits *edits, Text *out) {
	uint32_t at = span.start;
	for (uint32_t i = 0; i < edits->list.count; i++) {
		const Edit *one = &edits->list.data[i];
		text_bytes(out, source->text + at, one->start - at);
		text_printf(out, "%s", one->text);
		at = one->end;
	}
	text_bytes(out, source->text + at, span.end - at);
}

const char *rt_written(const Session *session, Arena *arena, Span span) {
	const Source *source = session->sources.data[span.file];
	return arena_printf(arena, "%.*s", (int)(span.end - span.start), source->text + span.start);
}

static const AstDeclare *find_learn(const AstBlock *body, Name name) {
	for (uint32_t i = 0; i < body->count; i++) {
		const AstStmt *stmt = body->data[i];
		if (stmt->kind == AST_LEARN && stmt->declare.names.count > 0 && stmt->declare.names.data[0].name == name) {
			return &stmt->declare;
		}
		if (stmt->kind == AST_WHEN) {
			const AstDeclare *inner = find_learn(&stmt->when.yes, name);
			inner = inner ? inner : find_learn(&stmt->when.no, name);
			if (inner) {
				return inner;
			}
		}
	}
	return NULL;
}

/* ": [4, 8] ~ normal(0, 1)" */
static void hole_shape(const FeRule *rule, const FeSlot *slot, const Session *session, Text *out) {
	enum { LONGEST_START = 40 };
	text_printf(out, " : [");
	for (int i = 0; i < slot->type.rank; i++) {
		text_printf(out, slot->type.dims[i] < 0 ? "%sn" : "%s%lld", i ? ", " : "", (long long)slot->type.dims[i]);
	}
	text_char(out, ']');
	const AstDeclare *learn = find_learn(&rule->decl->body, slot->name);
	if (!learn || !learn->source.file || learn->source.end - learn->source.start > LONGEST_START) {
		return;
	}
	const char *start = rt_written(session, out->arena, learn->source);
	if (!strchr(start, '\n')) {
		text_printf(out, " %s", start);
	}
}

const char *rt_holes(RtTask *task, const double *theta, Arena *arena) {
	enum { SHOWN = 8 };
	const FeRule *rule = task->rule;
	const Session *session = task->rt->session;
	Text out = text_new(arena);
	double *natural = ARENA_ARRAY(arena, double, rule->learned_count + 1);
	uint32_t holes = 0;
	if (rule->learned_count == 0 || !rt_theta_natural(task, theta, natural)) {
		return NULL;
	}
	for (uint32_t i = 0; i < rule->learned.count; i++) {
		const FeSlot *slot = &rule->learned.data[i].slot;
		if (fe_is_from_file(rule->decl, slot->name) || holes++ >= SHOWN) {
			continue;
		}
		text_printf(&out, "%s%s", out.length > 0 ? ", " : "", session_text(session, slot->name));
		if (slot->type.rank == 0) {
			text_printf(&out, " = ");
			text_real(&out, natural[slot->offset], rule->real == IR_F32);
		} else {
			hole_shape(rule, slot, session, &out);
		}
	}
	if (holes > SHOWN) {
		text_printf(&out, " and %u more", (unsigned)(holes - SHOWN));
	}
	return holes > 0 ? text_cstr(&out) : NULL;
}

/* The fewest digits that read back as this number of the rule's precision. Where they would name a number on a limit or
 * beyond it, all digits of the number itself, which lies inside. */
static const char *learned_text(Arena *arena, double value, const FeLearned *learned, IrScalar real) {
	Text text = text_new(arena);
	text_real(&text, value, real == IR_F32);
	double read = strtod(text_cstr(&text), NULL);
	if (isfinite(value) && !(read > learned->low && read < learned->high)) {
		text = text_new(arena);
		text_real(&text, value, false);
	}
	return text_cstr(&text);
}

/* An extent as the file says it: what follows from the size of x says so, so that the rule stays tied to it, and for other sizes
 * the tensor in the file is refused. Where no axis is as long as x, the first one is said relative to it. */
static void put_extent(Text *text, const FeLearned *learned, uint32_t axis, int64_t n) {
	long long extent = (long long)learned->slot.type.dims[axis], more = extent - (long long)n;
	if (learned->like_x >> axis & 1) {
		text_printf(text, "size(x)");
	} else if (axis == 0 && learned->by_size && !learned->like_x && n > 0) {
		text_printf(text, "size(x) %c %lld", more < 0 ? '-' : '+', more < 0 ? -more : more);
	} else {
		text_printf(text, "%lld", extent);
	}
}

/* n: the size of x. */
static void edit_learned(Edits *edits, const AstDeclare *declare, const FeLearned *learned, IrScalar real, int64_t n,
                         const double *values, const char *weights) {
	const FeSlot *slot = &learned->slot;
	uint32_t start = declare->source.start;
	Text text = text_new(edits->arena);
	if (slot->type.rank == 0) {
		if (declare->value) {
			start = declare->value->span.start; /* comments between `=` and the value stay */
		}
		text_printf(&text, "%s%s", declare->value ? "" : "= ",
		            learned_text(edits->arena, values[slot->offset], learned, real));
	} else {
		/* A file is read in the shape of a type: one that was not written, or is the whole of it only with a head, is put. */
		bool typed = declare->type.span.file != 0 && !declare->has_head;
		if (declare->has_head) {
			start = declare->names.data[0].span.end;
		}
		text_printf(&text, "%s", typed ? "" : declare->has_head ? " : [" : ": [");
		for (uint32_t i = 0; !typed && i < slot->type.rank; i++) {
			put_extent(&text, learned, i, n);
			text_printf(&text, "%s", i + 1 < slot->type.rank ? ", " : "] ");
		}
		text_printf(&text, "from \"%s\"", weights);
	}
	edit(edits, start, declare->source.end, text_cstr(&text));
}

/* Hyperparameters: what the call gave becomes the default, and what was opened gets its learned value. */
static void edit_params(const Rt *rt, Edits *edits, const FeCall *call, const FeRule *rule, const double *natural) {
	const AstDecl *decl = rule->decl;
	for (uint32_t i = 0; i < decl->params.count; i++) {
		const AstParam *param = &decl->params.data[i];
		const char *value = NULL;
		for (uint32_t k = 0; k < call->names.count; k++) {
			if (call->names.data[k] == param->name.name) {
				value = rt_written(rt->session, edits->arena, call->values.data[k]->span);
			}
		}
		for (uint32_t k = 0; k < rule->learned.count; k++) {
			const FeLearned *learned = &rule->learned.data[k];
			if (learned->from_hyper && learned->slot.name == param->name.name) {
				value = learned_text(edits->arena, natural[learned->slot.offset], learned, rule->real);
			}
		}
		if (value && param->value) {
			edit(edits, param->value->span.start, param->value->span.end, value);
		} else if (value) {
			uint32_t end = param->name.span.end;
			edit(edits, end, end, arena_printf(edits->arena, " = %s", value));
		}
	}
}

static void print_decl(const Rt *rt, const AstDecl *decl, const Edits *edits, Text *out) {
	print_edited(rt->session->sources.data[decl->span.file], decl->span, edits, out);
	text_char(out, '\n');
}

static bool is_letter(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '\'' ||
	       (unsigned char)c >= 0x80;
}

static bool mentions(const char *text, const char *word) {
	size_t length = strlen(word);
	for (const char *at = text; (at = strstr(at, word)) != NULL; at += length) {
		if ((at == text || !is_letter(at[-1])) && !is_letter(at[length])) {
			return true;
		}
	}
	return false;
}

/* Which of the program's constants, functions and rules the given text needs, directly or not. */
static void find_needed(const Rt *rt, const AstDecl *rule, const char *text, bool *needed) {
	Arena *arena = arena_new();
	for (uint32_t i = 0; i < fe_decl_count(rt->program); i++) {
		const AstDecl *other = fe_decl(rt->program, i);
		bool usable = other->kind == AST_FN || other->kind == AST_CONST || other->kind == AST_OPTIMIZER;
		if (!usable || other == rule || needed[i] || !mentions(text, session_text(rt->session, other->name.name))) {
			continue;
		}
		needed[i] = true;
		find_needed(rt, rule, rt_written(rt->session, arena, other->span), needed);
	}
	arena_free(arena);
}

void rt_rule_source(Rt *rt, const FeCall *call, const FeRule *rule, const double *natural, const char *weights,
                    Text *out, RtTensors *tensors) {
	const AstDecl *decl = rule->decl;
	Arena *arena = out->arena;
	Edits edits = {.arena = arena}, none = {.arena = arena};
	int64_t n = ir_type(rule->init, rule->init->params.data[0].value).dims[0];
	tensors->items = ARENA_ARRAY(arena, RtTensor, rule->learned.count + 1);
	tensors->count = 0;
	for (uint32_t i = 0; i < rule->learned.count; i++) {
		const FeLearned *learned = &rule->learned.data[i];
		const FeSlot *slot = &learned->slot;
		if (learned->from_hyper) {
			continue;
		}
		const AstDeclare *declare = find_learn(&decl->body, slot->name);
		if (declare && declare->source.file != 0) {
			edit_learned(&edits, declare, learned, rule->real, n, natural, weights);
		}
		if (slot->type.rank > 0) {
			RtTensor *tensor = &tensors->items[tensors->count++];
			*tensor = (RtTensor){
				.name = session_text(rt->session, slot->name), .scalar = rule->real, .rank = slot->type.rank};
			memcpy(tensor->dims, slot->type.dims, sizeof tensor->dims);
			tensor->values = arena_copy(arena, natural + slot->offset, sizeof(double) * (size_t)slot->count);
		}
	}
	edit_params(rt, &edits, call, rule, natural);
	if (edits.list.count > 0) {
		qsort(edits.list.data, edits.list.count, sizeof(Edit), by_start);
	}
	/* What the rule uses stands in front of it, so that the file can be used alone. */
	Text self = text_new(arena);
	print_decl(rt, decl, &edits, &self);
	bool *needed = ARENA_ARRAY(arena, bool, fe_decl_count(rt->program) + 1);
	find_needed(rt, decl, text_cstr(&self), needed);
	for (uint32_t i = 0; i < fe_decl_count(rt->program); i++) {
		if (needed[i]) {
			print_decl(rt, fe_decl(rt->program, i), &none, out);
			text_char(out, '\n');
		}
	}
	text_printf(out, "%s", text_cstr(&self));
}

/* ---- loading ---- */

/* An FeLoader; the context is the session, whose memory holds what is said. */
static bool load_weights(void *context, const char *path, const char *name, const IrType *shape, double *out,
                         const char **problem) {
	Arena *arena = ((Session *)context)->arena, *scratch = arena_new();
	const char *error = rt_safetensors_one(scratch, path, name, shape, out);
	for (int64_t i = 0; !error && i < ir_type_elements(*shape, NULL); i++) {
		error = isfinite(out[i]) ? NULL : "one of its numbers is not finite";
	}
	*problem = error ? arena_strdup(arena, error) : NULL;
	arena_free(scratch);
	return !error;
}

void rt_use_weights(Session *session, FeProgram *program) {
	fe_set_loader(program, load_weights, session);
}
