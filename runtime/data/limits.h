/* limits: how much of a file is looked at, and how much of it a message shows. Chosen, not measured. */
#ifndef GRADUS_DATA_LIMITS_H
#define GRADUS_DATA_LIMITS_H

enum {
	/* open.c, npz.c: bytes that tell the format */
	DATA_HEAD = 4096,
	/* open.c: text up to this length is read even where only its shape is asked for; and packed text */
	DATA_DESCRIBED = 1 << 19,
	DATA_DESCRIBED_PACKED = 1 << 18,
	/* memory.c: elements that are looked through for a NaN at once; characters of a text that a message quotes */
	DATA_CHECKED = 4096,
	DATA_SHOWN_TEXT = 40,
	/* data_store.c: words of a column that a message lists */
	DATA_SHOWN_WORDS = 8,
	/* gzip.c: bytes of the first piece that is unpacked into, which then doubles */
	DATA_FIRST_ROOM = 65536,
	/* bytes of a header */
	DATA_MOST_NPY_HEADER = 1 << 20,
	SAFETENSORS_MOST_HEADER = 16 << 20
};

#endif
