/* limits: of emitted C. Chosen, not measured, but for GOLDEN_OPERATIONS: the evaluator does some 30 million operations a second,
 * so that the figures of a self-test take ten seconds at most. */
#ifndef GRADUS_EMIT_LIMITS_H
#define GRADUS_EMIT_LIMITS_H

enum {
	/* the horizon of a rule that reads it, where nothing says for how many steps it was trained */
	PACK_HORIZON = 100,
	/* numbers that stand in the source itself; longer tables get a unit of their own */
	PACK_INLINE = 65536,
	/* emit_rule_golden.c: steps of a rule's self-test */
	GOLDEN_STEPS = 12,
	/* emit_objective_test.c: points at which an objective's self-test compares; fewer where the evaluator would take minutes */
	GOLDEN_POINTS = 4,
	GOLDEN_OPERATIONS = 300000000,
	/* from so many operations of all points on, the figures are computed by strict machine code, which has the bits of the evaluator.
	 * Estimated: compiling the gradient of a mixture model takes about as long as evaluating so many */
	GOLDEN_COMPILED = 10000000,
	/* emit_rule_once.c: elements of what is computed once for all coordinates (what is larger stays where it is used), and
	 * characters of the name that it gets */
	PACK_ONCE_ELEMENTS = 64,
	PACK_ONCE_NAME = 40,
	/* emit_folder.c: bytes of a file that is looked at to tell whether an emission wrote it, and where in it that has to stand */
	PACK_MOST_FILE = 16000000,
	PACK_NOTICE_WITHIN = 400
};

#endif
