#include "paths.h"

// The loop has as many chains as the fp32 loop, because a dot product's latency is at most 5 cycles on all of these CPUs.
enum { CHAINS = 24, CHAINS_256 = 12 };

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bf16"))) static void bf16(size_t iterations) {
  // 0.5 in both halves of every lane: chains grow by 0.5 a step and stop at 2^24 at the latest, far from infinity.
  __m512i half = _mm512_set1_epi16(0x3F00);
  __m512bh factor = (__m512bh)half;
  __m512 chain[CHAINS];
  for (int i = 0; i < CHAINS; i++) chain[i] = _mm512_setzero_ps();
  for (size_t n = 0; n < iterations; n++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; i++) chain[i] = _mm512_dpbf16_ps(chain[i], factor, factor);
    // Without this the compiler may see that all chains are equal.
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; i++) HIDE(IN_VECTOR_REGISTER, chain[i]);
  }
  for (int i = 0; i < CHAINS; i++) CONSUME(IN_VECTOR_REGISTER, chain[i]);
}

#define DEFINE_INT8(name, features, vector, zero, set, dot, chains, constraint)    \
  __attribute__((target(features))) static void name(size_t iterations) {          \
    vector factor = set(1), chain[chains];                                         \
    for (int i = 0; i < chains; i++) chain[i] = zero();                            \
    for (size_t n = 0; n < iterations; n++) {                                      \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < chains; i++)          \
          chain[i] = dot(chain[i], factor, factor);                                \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < chains; i++)          \
          HIDE(constraint, chain[i]);                                              \
    }                                                                              \
    for (int i = 0; i < chains; i++) CONSUME(constraint, chain[i]);                \
  }

DEFINE_INT8(int8_512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512, _mm512_set1_epi8, _mm512_dpbusd_epi32, CHAINS,
            IN_VECTOR_REGISTER)
DEFINE_INT8(int8_256, "avx2,avxvnni", __m256i, _mm256_setzero_si256, _mm256_set1_epi8, _mm256_dpbusd_avx_epi32, CHAINS_256,
            IN_BASELINE_REGISTER)
#endif

bool microbench_has_dot_product(microbench_dot type) {
  switch (type) {
#if defined(__x86_64__)
    case MICROBENCH_BF16: return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bf16");
    case MICROBENCH_INT8:
      return (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni")) ||
             __builtin_cpu_supports("avxvnni");
#endif
    default: return false;
  }
}

double microbench_dot_product(microbench_dot type, size_t iterations) {
  if (!microbench_has_dot_product(type)) return 0;
#if defined(__x86_64__)
  if (type == MICROBENCH_BF16) {
    bf16(iterations);
    return 2.0 * 32 * CHAINS * (double)iterations;
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni")) {
    int8_512(iterations);
    return 2.0 * 64 * CHAINS * (double)iterations;
  }
  int8_256(iterations);
  return 2.0 * 32 * CHAINS_256 * (double)iterations;
#else
  (void)iterations;
  return 0;
#endif
}
