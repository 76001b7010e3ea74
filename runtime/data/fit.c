/* Arrays of files as programs declare them. */
#include <string.h>
#include <strings.h>

#include "runtime/data/data.h"

/* The one of that name; or the only one; or the only one with so many axes, of a format that has no names. */
static const DataArray *choose(Arena *arena, const DataFile *file, const char *name, int rank, const char **why) {
	const DataArray *arrays = file->arrays.data, *found = NULL;
	for (uint32_t i = 0; i < file->arrays.count; i++)
		if (strcmp(arrays[i].name, name) == 0)
			return &arrays[i];
	if (file->arrays.count == 1)
		return &arrays[0];
	bool by_rank = strncmp(file->format, "LIBSVM", 6) == 0;
	for (uint32_t i = 0; by_rank && i < file->arrays.count; i++)
		found = arrays[i].rank == rank ? &arrays[i] : found;
	if (found)
		return found;
	Text names = text_new(arena);
	for (uint32_t i = 0; i < file->arrays.count && i < 10; i++)
		text_printf(&names, "%s%s", i ? ", " : "", data_quote(arena, arrays[i].name, strlen(arrays[i].name)));
	*why = file->arrays.count == 0 ? "there is no array in it"
	                               : arena_printf(arena, "none of its arrays is called `%s`; it has %s%s", name,
	                                              text_cstr(&names), file->arrays.count > 10 ? ", ..." : "");
	return NULL;
}

static const char *declared_shape(Arena *arena, int rank, const int64_t *dims) {
	Text text = text_new(arena);
	for (int i = 0; i < rank; i++) {
		text_printf(&text, "%s", i ? ", " : "[");
		if (dims[i] < 0)
			text_char(&text, '_');
		else
			text_printf(&text, "%lld", (long long)dims[i]);
	}
	text_printf(&text, "%s", rank ? "]" : "one number");
	return text_cstr(&text);
}

static void set_open(int rank, int64_t *dims, int64_t which, int64_t size) {
	for (int i = 0; i < rank; i++)
		dims[i] = dims[i] == which ? size : dims[i];
}

/* Axis by axis; the last one declared takes all that are left, an open one only if these are 1. */
static bool fits(const DataArray *array, int rank, int64_t *dims) {
	int at = 0;
	for (int i = 0; i < rank; i++) {
		if (at == array->rank)
			return false;
		int64_t size = array->dims[at++];
		if (i + 1 == rank) {
			for (; at < array->rank; at++) {
				if (dims[i] < 0 && array->dims[at] != 1)
					return false;
				size *= array->dims[at];
			}
		}
		if (dims[i] < 0)
			set_open(rank, dims, dims[i], size);
		if (dims[i] != size)
			return false;
	}
	for (; at < array->rank; at++)
		if (array->dims[at] != 1)
			return false;
	return true;
}

/* Does one size that is read from the file stand for several axes? */
static bool repeats_open(int rank, const int64_t *dims) {
	for (int i = 0; i < rank; i++)
		for (int k = 0; k < i; k++)
			if (dims[i] < 0 && dims[i] == dims[k])
				return true;
	return false;
}

static bool is_one_of(const char *word, const char *const *words, size_t count) {
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(word, words[i]) == 0)
			return true;
	return false;
}

/* Words mean false and true if their numbers, 0 and 1, do: NULL, or the word that does not. */
static const char *no_truth_word(const DataArray *array) {
	static const char *const means[2][4] = {{"false", "f", "no", "n"}, {"true", "t", "yes", "y"}};
	int64_t columns = array->rank == 2 ? array->dims[1] : 1;
	for (int64_t k = 0; k < columns; k++)
		for (uint32_t i = 0; i < array->column_words[k].count; i++)
			if (i > 1 || !is_one_of(array->column_words[k].texts[i], means[i], 4))
				return array->column_words[k].texts[i];
	return NULL;
}

/* NULL, or which element is neither 0 nor 1. */
static const char *not_truth(Arena *arena, const DataArray *array) {
	const char *word = array->words ? no_truth_word(array) : NULL;
	if (word)
		return arena_printf(arena,
		                    "%s holds words other than both `false` and `true`, such as %s; they can be read as `int`",
		                    array->words, data_quote(arena, word, strlen(word)));
	if (array->truth || (array->storage == IR_STORED_U8 && !array->bytes))
		return NULL;
	size_t count = array->bytes ? data_count(array) : 0, i = 0;
	while (i < count && (data_element(array, i) == 0 || data_element(array, i) == 1))
		i++;
	if (i < count)
		return arena_printf(arena, "%s is %.9g, and `bool` is declared: 0 or 1", data_element_name(arena, array, i),
		                    data_element(array, i));
	return array->storage == IR_STORED_U8
	           ? NULL
	           : arena_printf(arena, "it holds numbers (%s), but `bool` is declared", ir_storage_name(array->storage));
}

static const char *not_whole(Arena *arena, const DataArray *array) {
	if (!ir_storage_is_real(array->storage))
		return NULL;
	return array->not_whole ? arena_printf(arena, "%s, but `int` is declared", array->not_whole)
	                        : arena_printf(arena, "it holds real numbers (%s), but `int` is declared",
	                                       ir_storage_name(array->storage));
}

static const char *check_kind(Arena *arena, const DataArray *array, DataKind kind) {
	switch (kind) {
	case DATA_REAL:
		return array->words ? arena_printf(arena,
		                                   "%s holds words, not numbers; words can be read as `int`, numbered "
		                                   "from 0 in the order of the alphabet",
		                                   array->words)
		                    : NULL;
	case DATA_INT: return not_whole(arena, array);
	case DATA_BOOL: return not_truth(arena, array);
	}
	return NULL;
}

const DataArray *data_fit(Arena *arena, const DataFile *file, const char *name, DataKind kind, int rank, int64_t *dims,
                          const char **why) {
	const DataArray *array = choose(arena, file, name, rank, why);
	if (!array)
		return NULL;
	int64_t declared[IR_USER_RANK] = {0};
	for (int i = 0; i < rank; i++)
		declared[i] = dims[i];
	*why = NULL;
	if (!fits(array, rank, dims)) {
		bool merges = rank > 0 && array->rank > rank && declared[rank - 1] < 0;
		*why = arena_printf(arena, "its shape is %s, but %s is declared%s", data_shape(arena, array->rank, array->dims),
		                    declared_shape(arena, rank, declared),
		                    merges                         ? " (axes merge only into a size that is stated)"
		                    : repeats_open(rank, declared) ? " (axes with one name are equally long)"
		                                                   : "");
	} else if (data_count(array) == 0) {
		*why = arena_printf(arena, "it is empty: its shape is %s", data_shape(arena, array->rank, array->dims));
	} else {
		*why = check_kind(arena, array, kind);
	}
	return *why ? NULL : array;
}
