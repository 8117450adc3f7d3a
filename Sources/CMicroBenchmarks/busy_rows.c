#include "paths.h"

// Reads rows at random as stream.c does, with arithmetic on their numbers meanwhile.

enum { LINE = 64, CHAINS = 8, MULTIPLY_ADDS = MICROBENCH_ROW_MULTIPLY_ADDS };

#define DEFINE_BUSY_ROWS(name, target, vector, vector_bytes, constraint, multiply_add, splat)                      \
  target static void name##_busy_rows(const char *base, size_t row_bytes, const uint32_t *rows, size_t count) {    \
    vector factor = splat(0.5f), sum[CHAINS];                                                                      \
    for (int i = 0; i < CHAINS; i++) sum[i] = factor;                                                              \
    for (size_t i = 0; i < count; i++) {                                                                           \
      const char *at = base + (size_t)rows[i] * row_bytes;                                                         \
      for (const char *end = at + row_bytes; at < end; at += 2 * LINE) {                                           \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < 2 * LINE / vector_bytes; v++) {                     \
          vector loaded = *(const vector *)(at + v * vector_bytes);                                                \
          _Pragma("clang loop unroll(full)") for (int m = 0; m < MULTIPLY_ADDS; m++) {                             \
            vector *chain = &sum[(v * MULTIPLY_ADDS + m) % CHAINS];                                                \
            *chain = multiply_add(factor, loaded, *chain);                                                         \
            HIDE(constraint, *chain);                                                                              \
          }                                                                                                        \
        }                                                                                                          \
      }                                                                                                            \
    }                                                                                                              \
  }

#define SPLAT_BASELINE(x) ((baseline_vector){x, x, x, x})
#define MULTIPLY_ADD_BASELINE(a, b, c) ((a) * (b) + (c))
DEFINE_BUSY_ROWS(baseline, , baseline_vector, 16, IN_BASELINE_REGISTER, MULTIPLY_ADD_BASELINE, SPLAT_BASELINE)

#if defined(__x86_64__)
DEFINE_BUSY_ROWS(avx2, FOR_AVX2, __m256, 32, IN_BASELINE_REGISTER, _mm256_fmadd_ps, _mm256_set1_ps)
DEFINE_BUSY_ROWS(avx512, FOR_AVX512, __m512, 64, IN_VECTOR_REGISTER, _mm512_fmadd_ps, _mm512_set1_ps)
#endif

void microbench_busy_rows(
    microbench_path path, const void *base, size_t row_bytes, const uint32_t *indices, size_t count) {
  switch (path) {
#if defined(__x86_64__)
    case MICROBENCH_AVX512: avx512_busy_rows(base, row_bytes, indices, count); break;
    case MICROBENCH_AVX2: avx2_busy_rows(base, row_bytes, indices, count); break;
#endif
    default: baseline_busy_rows(base, row_bytes, indices, count);
  }
}
