/* llvm_cache: machine code that outlives the process, in a folder of files. Private to jit/.
 *
 * A file has the name of its key, which is a hash of all that the code was made from: the module as LLVM got it, the processor and its
 * features, and which LLVM it was. So a file is never out of date, only unused. */
#ifndef GRADUS_LLVM_CACHE_H
#define GRADUS_LLVM_CACHE_H

#include "base/base.h"

typedef struct LlvmKey {
	uint64_t words[2];
} LlvmKey;

/* Of bytes, made with these settings. */
LlvmKey llvm_key(const char *settings, const void *bytes, size_t length);
/* As 32 digits, in `arena`. */
const char *llvm_key_text(Arena *arena, const LlvmKey *key);

/* Makes the folder where it is missing. False where it cannot be made, or where others than its owner, who has to be the user of
 * this process, may write into it: what lies in it will be executed. */
bool llvm_cache_open(Arena *arena, const char *folder);
/* The object file of that key, in `arena`. False if there is none, or one that is damaged. */
bool llvm_cache_find(Arena *arena, const char *folder, const LlvmKey *key, char **object, size_t *length);
/* Keeps it, if that is possible; now and then takes away what was not used for longest, where there is too much. Other processes may do
 * all this at the same time. */
void llvm_cache_keep(Arena *arena, const char *folder, const LlvmKey *key, const char *object, size_t length);

#endif
