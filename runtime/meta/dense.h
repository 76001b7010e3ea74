/* Small matrices of doubles, row by row. Private to runtime/meta. */
#ifndef GRADUS_META_DENSE_H
#define GRADUS_META_DENSE_H

#include <stdbool.h>

typedef enum DenseForm { DENSE_PLAIN, DENSE_TURNED } DenseForm; /* as it lies there, or transposed */

/* out[n, m] (+)= scale A B, where A is [n, k] (turned: lies there as [k, n]) and B [k, m]. */
void meta_product(DenseForm form, int n, int k, int m, double scale, const double *a, const double *b, double *out);
/* a[n, n] becomes its lower Cholesky factor, zeros above; false if it is not positive definite, or not finite. */
bool meta_cholesky(int n, double *a);
/* L y = b, and L' y = b, for the columns of b[n, columns], in place. */
void meta_solve_lower(int n, const double *lower, double *b, int columns);
void meta_solve_upper(int n, const double *lower, double *b, int columns);
double meta_log_determinant(int n, const double *lower); /* of L L' */
void meta_symmetric(int n, double *a);                   /* (A + A') / 2 */
/* The symmetric a[n, n] becomes diagonal: its eigenvalues, of which the columns of vectors[n, n] are the eigenvectors. */
void meta_eigen(int n, double *a, double *vectors);
/* Negative eigenvalues of the symmetric a[n, n] become 0. room: 2 n n. */
void meta_make_positive(int n, double *a, double *room);

#endif
