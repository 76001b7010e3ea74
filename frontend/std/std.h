/* std: the built-in library, embedded when Gradus was built. */
#ifndef GRADUS_STD_H
#define GRADUS_STD_H

#include <stddef.h>

typedef struct FeStdFile {
	const char *name; /* "adam.grad" */
	const char *text;
	size_t length;
} FeStdFile;

extern const FeStdFile fe_std_files[];
extern const size_t fe_std_file_count;

#endif
