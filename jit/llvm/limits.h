/* limits of what is given to LLVM, and why. */
#ifndef GRADUS_LLVM_LIMITS_H
#define GRADUS_LLVM_LIMITS_H

enum {
	/* llvm_schedule.c: steps that one function does. What LLVM does grows as the square of copies and calls in a row. Measured by `eval`
	 * of an objective whose loop carries 1,000 variables (4,100 steps): all in one function 6.6 s and 379 MB, 512 in each 4.1 s, 256 3.0 s and
	 * 166 MB, 128 2.4 s, 64 1.7 s and 144 MB, 32 1.4 s. */
	LLVM_PART_STEPS = 64
};

#endif
