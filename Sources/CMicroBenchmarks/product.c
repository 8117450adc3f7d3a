#include "paths.h"

// Arithmetic with operands from the caches: the rate of multiply-adds whose operands do not stay in registers.

// The register tiles of current BLAS kernels: as many accumulators as leave registers for one step's operands.
enum { ROWS_AVX512 = 3, COLUMNS_AVX512 = 8, ROWS_AVX2 = 2, COLUMNS_AVX2 = 6, ROWS_BASELINE = 2, COLUMNS_BASELINE = 4 };

#define DEFINE_PRODUCT(name, target, vector, lanes, rows, columns, constraint, multiply_add, broadcast)               \
  target static void name##_product(                                                                                  \
      const float *a, size_t a_panels, const float *b, size_t b_panels, float *c, size_t depth) {                     \
    for (size_t j = 0; j < b_panels; j++) {                                                                           \
      for (size_t i = 0; i < a_panels; i++) {                                                                         \
        const float *at = a + i * depth * rows * lanes, *bt = b + j * depth * columns;                                \
        vector sum[rows][columns] = {0};                                                                              \
        for (size_t k = 0; k < depth; k++, at += rows * lanes, bt += columns) {                                       \
          vector left[rows];                                                                                          \
          _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) left[r] = *(const vector *)(at + r * lanes); \
          _Pragma("clang loop unroll(full)") for (int n = 0; n < columns; n++) {                                      \
            vector right = broadcast(bt[n]);                                                                          \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {                                       \
              sum[r][n] = multiply_add(left[r], right, sum[r][n]);                                                    \
            }                                                                                                         \
          }                                                                                                           \
        }                                                                                                             \
        _Pragma("clang loop unroll(full)") for (int n = 0; n < columns; n++) {                                        \
          _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {                                         \
            *(vector *)(c + (n * rows + r) * lanes) = sum[r][n];                                                      \
          }                                                                                                           \
        }                                                                                                             \
        __asm__ volatile("" ::: "memory");                                                                            \
      }                                                                                                               \
    }                                                                                                                 \
  }

#define BROADCAST_BASELINE(x) ({ float x_ = (x); (baseline_vector){x_, x_, x_, x_}; })
#define MULTIPLY_ADD_BASELINE(a, b, c) ((a) * (b) + (c))
DEFINE_PRODUCT(
    baseline, , baseline_vector, 4, ROWS_BASELINE, COLUMNS_BASELINE, IN_BASELINE_REGISTER, MULTIPLY_ADD_BASELINE,
    BROADCAST_BASELINE)

#if defined(__x86_64__)
DEFINE_PRODUCT(
    avx2, FOR_AVX2, __m256, 8, ROWS_AVX2, COLUMNS_AVX2, IN_BASELINE_REGISTER, _mm256_fmadd_ps, _mm256_set1_ps)
DEFINE_PRODUCT(
    avx512, FOR_AVX512, __m512, 16, ROWS_AVX512, COLUMNS_AVX512, IN_VECTOR_REGISTER, _mm512_fmadd_ps, _mm512_set1_ps)
#endif

size_t microbench_product_rows(microbench_path path) {
  switch (path) {
    case MICROBENCH_AVX512: return ROWS_AVX512 * 16;
    case MICROBENCH_AVX2: return ROWS_AVX2 * 8;
    default: return ROWS_BASELINE * 4;
  }
}

size_t microbench_product_columns(microbench_path path) {
  switch (path) {
    case MICROBENCH_AVX512: return COLUMNS_AVX512;
    case MICROBENCH_AVX2: return COLUMNS_AVX2;
    default: return COLUMNS_BASELINE;
  }
}

double microbench_product(
    microbench_path path, const float *a, size_t a_panels, const float *b, size_t b_panels, float *c, size_t depth,
    size_t passes) {
  for (size_t pass = 0; pass < passes; pass++) {
    switch (path) {
#if defined(__x86_64__)
      case MICROBENCH_AVX512: avx512_product(a, a_panels, b, b_panels, c, depth); break;
      case MICROBENCH_AVX2: avx2_product(a, a_panels, b, b_panels, c, depth); break;
#endif
      default: baseline_product(a, a_panels, b, b_panels, c, depth);
    }
  }
  size_t tile = microbench_product_rows(path) * microbench_product_columns(path);
  return 2.0 * (double)tile * (double)depth * (double)a_panels * (double)b_panels * (double)passes;
}
