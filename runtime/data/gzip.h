/* gzip: what it packed. */
#ifndef GRADUS_DATA_GZIP_H
#define GRADUS_DATA_GZIP_H

#include "runtime/data/data.h"

/* Unpacks at most `most` bytes of the input into new memory, which the caller frees; *whole: that was all of it. expected: about how many there will be, or 0. */
const char *data_gunzip(DataInput *in, size_t most, size_t expected, DataBlock *out, bool *whole);

#endif
