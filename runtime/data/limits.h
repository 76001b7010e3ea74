/* limits: how much of a file is looked at. Chosen, not measured. */
#ifndef GRADUS_DATA_LIMITS_H
#define GRADUS_DATA_LIMITS_H

enum {
	/* open.c, npz.c: bytes that tell the format */
	DATA_HEAD = 4096,
	/* open.c: text up to this length is read even where only its shape is asked for; and packed text */
	DATA_DESCRIBED = 1 << 19,
	DATA_DESCRIBED_PACKED = 1 << 18,
	/* bytes of a header */
	DATA_MOST_NPY_HEADER = 1 << 20,
	SAFETENSORS_MOST_HEADER = 16 << 20
};

#endif
