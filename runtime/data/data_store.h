/* store: the files of data that programs name. */
#ifndef GRADUS_DATA_STORE_H
#define GRADUS_DATA_STORE_H

#include "frontend/frontend.h"
#include "runtime/data/data.h"

typedef struct DataStore DataStore;

/* folder: where files are looked for first; NULL: nowhere. limit: bytes for each of them. describe: only shapes are wanted, and a file that is not there is no
 * error. Lives in `arena`; what it read, until data_store_free (NULL is fine). */
DataStore *data_store_new(Arena *arena, const char *folder, size_t limit, bool describe);
void data_store_free(DataStore *store);
/* Lets the data of a program be read by it. */
void data_store_use(DataStore *store, FeProgram *program);

#endif
