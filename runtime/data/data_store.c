/* The data of programs: every file is read once, however many objectives, problems and threads look at it. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/data/data_store.h"
#include "runtime/data/limits.h"

/* An array whose words are numbered as those of another one are. */
typedef struct Alike {
	const DataArray *array;
	const void *like; /* the elements of the other one */
	DataArray numbered;
} Alike;

typedef struct Entry {
	const char *key, *path;
	DataFile file;
	const char *problem; /* NULL: it could be read */
	bool missing;        /* it could not even be opened */
	VEC(Alike) alike;
} Entry;

struct DataStore {
	Arena *arena;
	const char *folder;
	size_t limit;
	bool describe;
	VEC(Entry *) entries;
};

DataStore *data_store_new(Arena *arena, const char *folder, size_t limit, bool describe) {
	DataStore *store = ARENA_NEW(arena, DataStore);
	*store = (DataStore){.arena = arena, .folder = folder, .limit = limit, .describe = describe};
	return store;
}

void data_store_free(DataStore *store) {
	for (uint32_t i = 0; store && i < store->entries.count; i++) {
		Entry *entry = store->entries.data[i];
		data_close(&entry->file);
		for (uint32_t k = 0; k < entry->alike.count; k++)
			free((void *)(uintptr_t)entry->alike.data[k].numbered.bytes);
	}
}

/* In the folder of data, if there is one and it has the file; else from the source that names it. */
static const char *path_of(DataStore *store, const FeDataWanted *wanted) {
	if (store->folder && wanted->path[0] != '/') {
		const char *path = arena_printf(store->arena, "%s/%s", store->folder, wanted->path);
		struct stat info;
		if (stat(path, &info) == 0 || !wanted->beside)
			return path;
	}
	return wanted->beside;
}

static const char *key_of(DataStore *store, const char *path, const DataRequest *request) {
	Text key = text_new(store->arena);
	text_printf(&key, "%s|%d|%lld", path, request->raw, (long long)request->width);
	for (uint32_t i = 0; i < request->column_count; i++) {
		const DataColumn *c = &request->columns[i];
		text_printf(&key, "|%lld..%lld %s", (long long)c->low, (long long)c->high, c->name ? c->name : "");
	}
	return text_cstr(&key);
}

static Entry *entry_of(DataStore *store, const char *path, const DataRequest *request) {
	const char *key = key_of(store, path, request);
	for (uint32_t i = 0; i < store->entries.count; i++)
		if (strcmp(store->entries.data[i]->key, key) == 0)
			return store->entries.data[i];
	Entry *entry = ARENA_NEW(store->arena, Entry);
	*entry = (Entry){.key = key, .path = path};
	uint64_t length;
	int fd = file_open(store->arena, path, &length, &entry->problem);
	entry->missing = fd < 0;
	if (fd >= 0) {
		close(fd);
		entry->problem = data_open(store->arena, path, request, &entry->file);
	}
	vec_push(store->arena, &store->entries, entry);
	return entry;
}

/* ---- words ---- */

/* Where the words of a column stand among those of another one; NULL with the reason. */
static const int64_t *places_of(DataStore *store, const DataWords *own, const FeDataWords *other, const char *name,
                                const char **problem) {
	int64_t *places = ARENA_ARRAY(store->arena, int64_t, own->count + 1);
	Text strange = text_new(store->arena);
	uint32_t at = 0, count = 0;
	for (uint32_t i = 0; i < own->count; i++) { /* both are sorted */
		const char *word = own->texts[i];
		while (at < other->count && strcmp(other->texts[at], word) < 0)
			at++;
		places[i] = at;
		if (at < other->count && strcmp(other->texts[at], word) == 0)
			continue;
		if (count++ < DATA_SHOWN_WORDS)
			text_printf(&strange, "%s%s", count > 1 ? ", " : "", data_quote(store->arena, word, strlen(word)));
	}
	if (count == 0)
		return places;
	*problem = arena_printf(store->arena, "its word%s %s%s %s not among the words of `%s`, whose place it takes",
	                        count == 1 ? "" : "s", text_cstr(&strange), count > DATA_SHOWN_WORDS ? ", ..." : "",
	                        count == 1 ? "is" : "are", name);
	return NULL;
}

/* A copy of an array of words, numbered as wanted->like; NULL with the reason. */
static const DataArray *number_alike(DataStore *store, Entry *entry, const DataArray *array, const FeDataWanted *wanted,
                                     const char **problem) {
	const FeDataFound *like = wanted->like;
	for (uint32_t i = 0; i < entry->alike.count; i++)
		if (entry->alike.data[i].array == array && entry->alike.data[i].like == like->elements)
			return &entry->alike.data[i].numbered;
	uint32_t columns = array->words ? (uint32_t)array->dims[1] : like->columns;
	const int64_t **places = ARENA_ARRAY(store->arena, const int64_t *, columns + 1);
	for (uint32_t k = 0; k < columns && k < like->columns; k++) {
		DataWords own = array->words ? array->column_words[k] : (DataWords){0};
		FeDataWords other = like->words ? like->words[k] : (FeDataWords){0};
		if ((own.count == 0) != (other.count == 0)) {
			*problem =
				arena_printf(store->arena, "it holds %s where `%s`, whose place it takes, holds %s",
			                 own.count ? "words" : "numbers", wanted->like_name, own.count ? "numbers" : "words");
			return NULL;
		}
		if (own.count && !(places[k] = places_of(store, &own, &other, wanted->like_name, problem)))
			return NULL;
	}
	size_t count = data_count(array);
	int64_t *elements = malloc(count * sizeof *elements + 1);
	if (!elements) {
		*problem = "there is no memory for it";
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const int64_t *to = places[i % columns];
		int64_t plain =
			array->storage == IR_STORED_I64 ? ((const int64_t *)array->bytes)[i] : (int64_t)data_element(array, i);
		elements[i] = to ? to[plain] : plain;
	}
	Alike alike = {array, like->elements, *array};
	alike.numbered.storage = IR_STORED_I64;
	alike.numbered.bytes = elements;
	vec_push(store->arena, &entry->alike, alike);
	return &entry->alike.data[entry->alike.count - 1].numbered;
}

static void tell_words(DataStore *store, const DataArray *array, FeDataFound *found) {
	found->columns = array->rank == 2 ? (uint32_t)array->dims[1] : 1;
	if (!array->words)
		return;
	FeDataWords *words = ARENA_ARRAY(store->arena, FeDataWords, found->columns + 1);
	for (uint32_t k = 0; k < found->columns; k++)
		words[k] = (FeDataWords){array->column_words[k].texts, array->column_words[k].count};
	found->words = words;
}

/* An FeDataReader. */
static bool read_data(void *context, FeDataWanted *wanted, FeDataFound *found, const char **problem) {
	DataStore *store = context;
	const char *path = path_of(store, wanted);
	*found = (FeDataFound){.path = path};
	*problem = wanted->problem ? wanted->problem : "nothing may be read there";
	if (!path)
		return false;
	DataRequest request = {.raw = wanted->bytes, .describe = store->describe, .limit = store->limit};
	DataColumn *columns = ARENA_ARRAY(store->arena, DataColumn, wanted->columns.count + 1);
	for (uint32_t i = 0; i < wanted->columns.count; i++) {
		const FeDataColumn *c = &wanted->columns.data[i];
		columns[i] = (DataColumn){c->name, c->low, c->high};
	}
	request.columns = columns;
	request.column_count = wanted->columns.count;
	request.width = wanted->rank == 2 && wanted->dims[1] > 0 ? wanted->dims[1] : 0;
	Entry *entry = entry_of(store, path, &request);
	*problem = entry->problem;
	if (entry->problem) {
		found->missing = entry->missing ? entry->problem : NULL;
		found->unknown = true;
		return entry->missing && store->describe;
	}
	found->unknown = entry->file.unknown;
	if (found->unknown)
		return true;
	static const DataKind kinds[] = {[FE_DATA_REAL] = DATA_REAL, [FE_DATA_INT] = DATA_INT, [FE_DATA_BOOL] = DATA_BOOL};
	const DataArray *array =
		data_fit(store->arena, &entry->file, wanted->name, kinds[wanted->kind], wanted->rank, wanted->dims, problem);
	if (!array)
		return false;
	tell_words(store, array, found);
	bool worded = array->words || (wanted->like && wanted->like->words);
	if (wanted->like && worded && array->bytes && wanted->like->elements &&
	    !(array = number_alike(store, entry, array, wanted, problem)))
		return false;
	found->storage = array->storage;
	found->elements = array->bytes;
	return true;
}

void data_store_use(DataStore *store, FeProgram *program) {
	fe_set_data(program, read_data, store);
}
