/* A trained rule as source: the text that was written, with the learned numbers where their starting values stood. What
 * is a scalar can be read in place, what is a tensor lies in a safetensors file beside it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/store/store.h"

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
	if (learned->like_x >> axis & 1)
		text_printf(text, "size(x)");
	else if (axis == 0 && learned->by_size && !learned->like_x && n > 0)
		text_printf(text, "size(x) %c %lld", more < 0 ? '-' : '+', more < 0 ? -more : more);
	else
		text_printf(text, "%lld", extent);
}

/* n: the size of x. */
static void edit_learned(Edits *edits, const FeLearned *learned, IrScalar real, int64_t n, const double *values,
                         const char *weights) {
	const FeSlot *slot = &learned->slot;
	const AstDeclare *declare = learned->declare;
	uint32_t start = declare->source.start;
	Text text = text_new(edits->arena);
	if (slot->type.rank == 0) {
		if (declare->value)
			start = declare->value->span.start; /* comments between `=` and the value stay */
		text_printf(&text, "%s%s", declare->value ? "" : "= ",
		            learned_text(edits->arena, values[slot->offset], learned, real));
	} else {
		/* A file is read in the shape of a type: one that was not written, or is the whole of it only with a head, is put. */
		bool typed = declare->type.span.file != 0 && !declare->has_head;
		if (declare->has_head)
			start = declare->names.data[0].span.end;
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
		for (uint32_t k = 0; k < call->names.count; k++)
			if (call->names.data[k] == param->name.name)
				value = source_excerpt(rt->session, edits->arena, call->values.data[k]->span);
		for (uint32_t k = 0; k < rule->learned.count; k++) {
			const FeLearned *learned = &rule->learned.data[k];
			if (learned->from_hyper && learned->slot.name == param->name.name)
				value = learned_text(edits->arena, natural[learned->slot.offset], learned, rule->real);
		}
		if (value && param->value) {
			edit(edits, param->value->span.start, param->value->span.end, value);
		} else if (value) {
			uint32_t end = param->name.span.end;
			edit(edits, end, end, arena_printf(edits->arena, " = %s", value));
		}
	}
}

static void print_decl(const Rt *rt, const AstDecl *decl, Edits *edits, Text *out) {
	if (edits->list.count > 0)
		qsort(edits->list.data, edits->list.count, sizeof(Edit), by_start);
	print_edited(rt->session->sources.data[decl->span.file], decl->span, edits, out);
	text_char(out, '\n');
}

/* What the rule uses stands in front of it, so that the file can be used alone. */
static void print_needed(const Rt *rt, const FeCall *call, Text *out) {
	Edits none = {.arena = out->arena};
	bool *needed = ARENA_ARRAY(out->arena, bool, fe_decl_count(rt->program) + 1);
	fe_needed(rt->program, call, needed);
	for (uint32_t i = 0; i < fe_decl_count(rt->program); i++) {
		if (needed[i]) {
			print_decl(rt, fe_decl(rt->program, i), &none, out);
			text_char(out, '\n');
		}
	}
}

void store_rule_source(Rt *rt, const FeCall *call, const FeRule *rule, const double *natural, const char *weights,
                       Text *out, Safetensors *tensors) {
	const AstDecl *decl = rule->decl;
	Arena *arena = out->arena;
	Edits edits = {.arena = arena};
	int64_t n = ir_type(rule->init, rule->init->params.data[0].value).dims[0];
	tensors->items = ARENA_ARRAY(arena, Safetensor, rule->learned.count + 1);
	tensors->count = 0;
	for (uint32_t i = 0; i < rule->learned.count; i++) {
		const FeLearned *learned = &rule->learned.data[i];
		const FeSlot *slot = &learned->slot;
		if (learned->from_hyper)
			continue;
		if (learned->declare->source.file != 0)
			edit_learned(&edits, learned, rule->real, n, natural, weights);
		if (slot->type.rank > 0) {
			Safetensor *tensor = &tensors->items[tensors->count++];
			*tensor = (Safetensor){
				.name = session_text(rt->session, slot->name), .scalar = rule->real, .rank = slot->type.rank};
			memcpy(tensor->dims, slot->type.dims, sizeof tensor->dims);
			tensor->values = arena_copy(arena, natural + slot->offset, sizeof(double) * (size_t)slot->count);
		}
	}
	edit_params(rt, &edits, call, rule, natural);
	print_needed(rt, call, out);
	print_decl(rt, decl, &edits, out);
}

void store_filled_source(const Rt *rt, const FeCall *call, const FeRule *rule, const StoreFill *fill, Text *out) {
	Edits edits = {.arena = out->arena};
	edit_params(rt, &edits, call, rule, NULL);
	edit(&edits, fill->hole.start, fill->hole.end, fill->formula);
	if (fill->name)
		edit(&edits, call->decl->name.span.start, call->decl->name.span.end, fill->name);
	if (!fill->alone)
		print_needed(rt, call, out);
	print_decl(rt, call->decl, &edits, out);
}

/* ---- loading ---- */

/* An FeLoader; the context is the session, whose memory holds what is said. */
static bool load_weights(void *context, const char *path, const char *name, const IrType *shape, double *out,
                         const char **problem) {
	Arena *arena = ((Session *)context)->arena, *scratch = arena_new();
	const char *error = safetensors_one(scratch, path, name, shape, out);
	for (int64_t i = 0; !error && i < ir_type_elements(*shape, NULL); i++)
		error = isfinite(out[i]) ? NULL : "one of its numbers is not finite";
	*problem = error ? arena_strdup(arena, error) : NULL;
	arena_free(scratch);
	return !error;
}

void store_use_weights(Session *session, FeProgram *program) {
	fe_set_loader(program, load_weights, session);
}
