#include "paths.h"

// Dependent arithmetic: one chain of multiply-adds, and many vectors with a chain each.

// x <- x * 0.5 + 0.25 stays between 0 and 1. The constants are volatile, so that the compiler knows neither.
static volatile const float factor_value = 0.5f, term_value = 0.25f;

// Steps of one vector's polynomial: as long as the longest path through an exponential, its scaling and the following
// operations.
enum { DEGREE = MICROBENCH_CHAIN };

#define DEFINE_CHAINS(name, target, vector, vector_bytes, constraint, multiply_add, splat)                          \
  target static void name##_dependent(size_t count) {                                                              \
    vector factor = splat(factor_value), term = splat(term_value), x = term;                                       \
    for (size_t n = 0; n < count; n++) {                                                                           \
      x = multiply_add(x, factor, term);                                                                           \
      HIDE(constraint, x);                                                                                         \
    }                                                                                                              \
  }                                                                                                                \
  target static void name##_polynomials(float *x, size_t bytes) {                                                  \
    vector term = splat(term_value);                                                                               \
    for (char *at = (char *)x, *end = at + bytes; at < end; at += vector_bytes) {                                  \
      vector value = *(vector *)at, sum = term;                                                                    \
      _Pragma("clang loop unroll(full)") for (int step = 0; step < DEGREE; step++)                                 \
          sum = multiply_add(sum, value, term);                                                                    \
      *(vector *)at = sum;                                                                                         \
    }                                                                                                              \
  }

#define SPLAT_BASELINE(x) ({ float x_ = (x); (baseline_vector){x_, x_, x_, x_}; })
#define MULTIPLY_ADD_BASELINE(a, b, c) ((a) * (b) + (c))
DEFINE_CHAINS(baseline, , baseline_vector, 16, IN_BASELINE_REGISTER, MULTIPLY_ADD_BASELINE, SPLAT_BASELINE)

#if defined(__x86_64__)
DEFINE_CHAINS(avx2, FOR_AVX2, __m256, 32, IN_BASELINE_REGISTER, _mm256_fmadd_ps, _mm256_set1_ps)
DEFINE_CHAINS(avx512, FOR_AVX512, __m512, 64, IN_VECTOR_REGISTER, _mm512_fmadd_ps, _mm512_set1_ps)
#endif

void microbench_dependent_multiply_adds(microbench_path path, size_t count) {
  switch (path) {
#if defined(__x86_64__)
    case MICROBENCH_AVX512: avx512_dependent(count); break;
    case MICROBENCH_AVX2: avx2_dependent(count); break;
#endif
    default: baseline_dependent(count);
  }
}

void microbench_polynomials(microbench_path path, float *x, size_t bytes, size_t passes) {
  for (size_t pass = 0; pass < passes; pass++) {
    switch (path) {
#if defined(__x86_64__)
      case MICROBENCH_AVX512: avx512_polynomials(x, bytes); break;
      case MICROBENCH_AVX2: avx2_polynomials(x, bytes); break;
#endif
      default: baseline_polynomials(x, bytes);
    }
  }
}
