/* The data of programs: every file is read once, however many objectives, problems and threads look at it. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/data/data_store.h"

typedef struct Entry {
	const char *key, *path;
	DataFile file;
	const char *problem; /* NULL: it could be read */
	bool missing;        /* it could not even be opened */
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
	for (uint32_t i = 0; store && i < store->entries.count; i++)
		data_close(&store->entries.data[i]->file);
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
	found->storage = array->storage;
	found->elements = array->bytes;
	return true;
}

void data_store_use(DataStore *store, FeProgram *program) {
	fe_set_data(program, read_data, store);
}
