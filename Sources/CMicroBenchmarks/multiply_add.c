#include "paths.h"

// Enough independent chains to fill two pipelines of the longest current latency (4 cycles fused, 3 + 3 separate on AMD,
// 4 + 4 on Intel), and few enough to stay in registers: 32 with AVX-512, 16 otherwise.
enum { CHAINS_AVX512 = 24, CHAINS_AVX2 = 12, CHAINS_BASELINE = 12 };

// x <- x * factor + term stays between 0 and 1: no denormals, no infinities.
static volatile const float factor_value = 0.5f, term_value = 0.25f;

#if defined(__x86_64__)
FOR_AVX512 static void avx512(size_t iterations) {
  __m512 factor = _mm512_set1_ps(factor_value), term = _mm512_set1_ps(term_value), chain[CHAINS_AVX512];
  for (int i = 0; i < CHAINS_AVX512; i++) chain[i] = term;
  for (size_t n = 0; n < iterations; n++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS_AVX512; i++) chain[i] = _mm512_fmadd_ps(chain[i], factor, term);
  }
  for (int i = 0; i < CHAINS_AVX512; i++) CONSUME(IN_VECTOR_REGISTER, chain[i]);
}

FOR_AVX2 static void avx2(size_t iterations) {
  __m256 factor = _mm256_set1_ps(factor_value), term = _mm256_set1_ps(term_value), chain[CHAINS_AVX2];
  for (int i = 0; i < CHAINS_AVX2; i++) chain[i] = term;
  for (size_t n = 0; n < iterations; n++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS_AVX2; i++) chain[i] = _mm256_fmadd_ps(chain[i], factor, term);
  }
  for (int i = 0; i < CHAINS_AVX2; i++) CONSUME(IN_BASELINE_REGISTER, chain[i]);
}
#endif

static void baseline(size_t iterations) {
  float f = factor_value, t = term_value;
  baseline_vector factor = {f, f, f, f}, term = {t, t, t, t}, chain[CHAINS_BASELINE];
  for (int i = 0; i < CHAINS_BASELINE; i++) chain[i] = term;
  for (size_t n = 0; n < iterations; n++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS_BASELINE; i++) chain[i] = chain[i] * factor + term;
  }
  for (int i = 0; i < CHAINS_BASELINE; i++) CONSUME(IN_BASELINE_REGISTER, chain[i]);
}

double microbench_multiply_add(microbench_path path, size_t iterations) {
  switch (path) {
#if defined(__x86_64__)
    case MICROBENCH_AVX512: avx512(iterations); return 2.0 * 16 * CHAINS_AVX512 * (double)iterations;
    case MICROBENCH_AVX2: avx2(iterations); return 2.0 * 8 * CHAINS_AVX2 * (double)iterations;
#endif
    default: baseline(iterations); return 2.0 * 4 * CHAINS_BASELINE * (double)iterations;
  }
}
