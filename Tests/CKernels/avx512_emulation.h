// Included before everything else (-include) to run the code of the AVX-512 paths on a CPU that has AVX2 only: the compiler
// then makes two vectors of 8 of each vector of 16. What the sources say is checked so, not the instructions that a compiler
// makes of them for AVX-512. The two instructions that the sources name are written out as Intel's manual defines them.
#pragma once

#include <stdint.h>
#include <string.h>

#define LK_AVX512_FEATURES "avx2,fma"
#define LK_AVX512_BF16_FEATURES "avx2,fma"
#define LK_CPU_SUPPORTS(feature) 1
#define LK_DPBF16PS(sum, a, b) emulated_dpbf16ps(sum, a, b)
#define LK_CVTNE2PS(upper, lower) emulated_cvtne2ps2bf16(upper, lower)

typedef float emulated_floats __attribute__((ext_vector_type(16)));
typedef uint32_t emulated_words __attribute__((ext_vector_type(16)));
typedef uint16_t emulated_halves __attribute__((ext_vector_type(32)));

/// Denormal numbers are 0, before and after every operation, whatever the floating-point environment says.
static inline float emulated_flush(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7f800000u) == 0) bits &= 0x80000000u;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/// vdpbf16ps: the odd product first, each sum rounded to nearest.
static inline __attribute__((target("avx2,fma"))) emulated_floats emulated_dpbf16ps(
    emulated_floats sum, emulated_words a, emulated_words b) {
  for (int i = 0; i < 16; i++) {
    float total = emulated_flush(sum[i]);
    for (int odd = 1; odd >= 0; odd--) {
      const uint32_t a_bits = odd ? a[i] & 0xffff0000u : a[i] << 16, b_bits = odd ? b[i] & 0xffff0000u : b[i] << 16;
      float x, y;
      memcpy(&x, &a_bits, sizeof x);
      memcpy(&y, &b_bits, sizeof y);
      total = emulated_flush(__builtin_fmaf(emulated_flush(x), emulated_flush(y), total));
    }
    sum[i] = total;
  }
  return sum;
}

/// vcvtne2ps2bf16: `lower` in the first 16 places, `upper` in the last; to nearest, ties to even.
static inline __attribute__((target("avx2,fma"))) emulated_halves emulated_cvtne2ps2bf16(
    emulated_floats upper, emulated_floats lower) {
  emulated_halves result;
  for (int i = 0; i < 32; i++) {
    const float x = emulated_flush(i < 16 ? lower[i] : upper[i - 16]);
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t rest = bits & 0xffffu;
    bits >>= 16;
    result[i] = (uint16_t)(bits + (rest > 0x8000u || (rest == 0x8000u && (bits & 1))));
  }
  return result;
}
