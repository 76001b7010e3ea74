/* limits: what reads well in emitted C. They change texts, and no number. */
#ifndef GRADUS_C_LIMITS_H
#define GRADUS_C_LIMITS_H

enum {
	/* columns of a line, and of a tab: what the text of this project keeps to */
	C_WIDTH = 120,
	C_TAB = 4,
	/* c_region.c, c_math.c: characters of an expression that may stand within another one; two of them, with an operator and a name in
	 * front, fit on a line. In functions of math.def there are longer names in front. */
	C_NESTED = 70,
	C_NESTED_MATH = 60,
	/* c_look.c: terms of a position that may be written out at every use rather than get a name */
	C_SHORT_SUM = 3,
	/* emit_c.c: lines of the program above a kernel that computes them; of more, it says that there are more */
	C_SOURCE_LINES = 12
};

#endif
