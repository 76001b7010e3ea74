/* Kernels of every sort, at any size and precision: what tests of sizes walk through. */
#ifndef GRADUS_TESTS_JIT_SHAPES_H
#define GRADUS_TESTS_JIT_SHAPES_H

#include "base/base.h"

typedef struct Shape {
	const char *name;
	int rows; /* the work is so many powers of the size, times the size in whole blocks ... */
	int flat; /* ... or, if not 0, so many times all of the points, in whole blocks */
	/* bounds of the count by work, against the best size around: f32, f64; and the same of strict code */
	double bound[2][2];
	const char *text; /* $ stands for the size, R for the type */
} Shape;

static const Shape shapes[] = {
	{.name = "matrix product",
     .rows = 2,
     .bound = {{2.85, 2.15}, {3.3, 2.75}},
     .text = "func @f(%A: R[$, $], %B: R[$, $]) -> (: R[$, $]) { %4: R[$, $] = for i:$ j:$ k:$ { "
             "mul(%A[i, k], %B[k, j]) } sum -> [i, j] return %4 }"},
	{.name = "product with the transposed",
     .rows = 2,
     .bound = {{2, 2.6}, {2.25, 1.85}},
     .text = "func @f(%A: R[$, $], %B: R[$, $]) -> (: R[$, $]) { %4: R[$, $] = for i:$ j:$ k:$ { "
             "mul(%A[i, k], %B[j, k]) } sum -> [i, j] return %4 }"},
	{.name = "product of the transposed",
     .rows = 2,
     .bound = {{2.85, 2.15}, {3.3, 2.75}},
     .text = "func @f(%A: R[$, $], %B: R[$, $]) -> (: R[$, $]) { %4: R[$, $] = for i:$ j:$ k:$ { "
             "mul(%A[k, i], %B[k, j]) } sum -> [i, j] return %4 }"},
	{.name = "matrix and vector",
     .rows = 1,
     .bound = {{1.5, 1.25}, {2.55, 2}},
     .text = "func @f(%A: R[$, $], %x: R[$]) -> (: R[$]) { %4: R[$] = for i:$ k:$ { mul(%A[i, k], %x[k]) } sum -> [i] "
             "return %4 }"},
	{.name = "transposed matrix and vector",
     .rows = 1,
     .bound = {{1.05, 1.15}, {1.45, 1.4}},
     .text = "func @f(%A: R[$, $], %x: R[$]) -> (: R[$]) { %4: R[$] = for j:$ k:$ { mul(%A[k, j], %x[k]) } sum -> [j] "
             "return %4 }"},
	{.name = "narrow matrix and vector",
     .rows = 0,
     .bound = {{1.05, 1.05}, {1.05, 1.05}},
     .text = "func @f(%A: R[$, 3], %x: R[3]) -> (: R[$]) { %4: R[$] = for i:$ k:3 { mul(%A[i, k], %x[k]) } sum -> [i] "
             "return %4 }"},
	{.name = "elementwise",
     .rows = 1,
     .bound = {{4, 4}, {4.05, 4}},
     .text = "func @f(%A: R[$, $], %x: R[$]) -> (: R[$, $]) { %4: R[$, $] = for i:$ j:$ { tanh(mul(%A[i, j], %x[j])) } "
             "-> [i, j] return %4 }"},
	{.name = "elementwise, of one axis",
     .rows = 0,
     .bound = {{2.55, 2.85}, {2.95, 3.25}},
     .text =
         "func @f(%x: R[$], %y: R[$]) -> (: R[$]) { %4: R[$] = for i:$ { exp(mul(%x[i], %y[i])) } -> [i] return %4 }"},
	{.name = "elementwise, of one shape",
     .rows = 1,
     .flat = 1,
     .bound = {{1.3, 1.2}, {1.3, 1.2}},
     .text = "func @f(%A: R[$, $], %B: R[$, $]) -> (: R[$, $]) { %4: R[$, $] = for i:$ j:$ { mul(%A[i, j], %B[i, j]) } "
             "-> [i, j] return %4 }"},
	{.name = "elementwise, of narrow rows",
     .rows = 0,
     .flat = 3,
     .bound = {{1.05, 1.05}, {1.05, 1.05}},
     .text = "func @f(%A: R[$, 3], %B: R[$, 3]) -> (: R[$, 3]) { %4: R[$, 3] = for i:$ j:3 { mul(%A[i, j], %B[i, j]) } "
             "-> [i, j] return %4 }"},
	{.name = "sum of squares",
     .rows = 1,
     .flat = 1,
     .bound = {{1.05, 1.3}, {1.35, 1.35}},
     .text = "func @f(%A: R[$, $], %x: R[$]) -> (: R[]) { %4: R[] = for i:$ j:$ { mul(%A[i, j], %A[i, j]) } sum -> [] "
             "return %4 }"},
	{.name = "outer product",
     .rows = 1,
     .bound = {{1.5, 1.9}, {1.5, 1.9}},
     .text = "func @f(%x: R[$], %y: R[$]) -> (: R[$, $]) { %4: R[$, $] = for i:$ j:$ { mul(%x[i], %y[j]) } -> [i, j] "
             "return %4 }"},
	{.name = "dot product",
     .rows = 0,
     .bound = {{1.15, 1.15}, {4.35, 4.35}},
     .text = "func @f(%x: R[$], %y: R[$]) -> (: R[]) { %4: R[] = for i:$ { mul(%x[i], %y[i]) } sum -> [] return %4 }"},
	{.name = "sum",
     .rows = 1,
     .bound = {{1.5, 1.25}, {8, 8}},
     .text = "func @f(%A: R[$, $], %x: R[$]) -> (: R[]) { %4: R[] = for i:$ j:$ { mul(%A[i, j], %x[j]) } sum -> [] "
             "return %4 }"},
	{.name = "largest of a row",
     .rows = 1,
     .bound = {{1.3, 1.2}, {3.05, 3.05}},
     .text = "func @f(%A: R[$, $], %x: R[$]) -> (: R[$]) { %4: R[$] = for i:$ j:$ { %A[i, j] } max -> [i] return %4 }"},
	{.name = "window",
     .rows = 1,
     .bound = {{3.85, 3.65}, {3.9, 3.7}},
     .text = "func @f(%A: R[$, $], %K: R[3, 3]) -> (: R[$, $]) { %4: R[$, $] = for i:$ j:$ p:3 q:3 { mul(%A[i+p-1, "
             "j+q-1]?, %K[p, q]) } sum -> [i, j] return %4 }"},
	{.name = "gather",
     .rows = 1,
     .bound = {{3.8, 3.7}, {3.85, 3.85}},
     .text = "func @f(%A: R[$, $], %k: int[$]) -> (: R[$, $]) { %4: R[$, $] = for i:$ j:$ { exp(%A[%k[i], j]) "
             "} -> [i, j] return %4 }"},
};

enum { SHAPE_COUNT = sizeof shapes / sizeof *shapes };

static inline const char *shape_text(Arena *arena, const Shape *shape, bool wide, int size) {
	Text text = text_new(arena);
	for (const char *p = shape->text; *p; p++)
		if (*p == '$')
			text_printf(&text, "%d", size);
		else if (*p == 'R')
			text_printf(&text, wide ? "f64" : "f32");
		else
			text_char(&text, *p);
	return text_cstr(&text);
}

#endif
