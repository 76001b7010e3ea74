/* limits of what is given to LLVM, and why. */
#ifndef GRADUS_LLVM_LIMITS_H
#define GRADUS_LLVM_LIMITS_H

enum {
	/* llvm_schedule.c: steps that one function does. What LLVM does grows as the square of copies and calls in a row. Measured by `eval`
	 * of an objective whose loop carries 1,000 variables (4,100 steps): all in one function 6.6 s and 379 MB, 512 in each 4.1 s, 256 3.0 s and
	 * 166 MB, 128 2.4 s, 64 1.7 s and 144 MB, 32 1.4 s. */
	LLVM_PART_STEPS = 64,
	/* llvm_cache.c: bytes of all files of machine code that are kept between runs, and of one. Chosen: the functions of an experiment are
	 * some 200 kB. */
	LLVM_CACHE_BYTES = 256 << 20,
	LLVM_CACHE_MOST_OF_ONE = 32 << 20,
	/* Of so many files that are kept, about one is followed by a look at how much there is: a folder of 10,000 takes 10 ms. */
	LLVM_CACHE_LOOKS = 16
};

#endif
