// Vectors of LK_WIDTH floats in the compiler's own vector language; included once per instruction set by each_isa.h.
// Products and sums in one expression contract to fused multiply-adds where the instruction set has them.
#include <string.h>

typedef float LK_(vec) __attribute__((ext_vector_type(LK_WIDTH)));
typedef int32_t LK_(ivec) __attribute__((ext_vector_type(LK_WIDTH)));
typedef float LK_(vec_unaligned) __attribute__((ext_vector_type(LK_WIDTH), aligned(4)));
typedef int32_t LK_(ivec_unaligned) __attribute__((ext_vector_type(LK_WIDTH), aligned(4)));

#define INLINE static inline __attribute__((always_inline))
#define LK_MIN(a, b) ((a) < (b) ? (a) : (b))

INLINE LK_(vec) LK_(load)(const float *p) { return *(const LK_(vec_unaligned) *)p; }
INLINE void LK_(store)(float *p, LK_(vec) v) { *(LK_(vec_unaligned) *)p = v; }
INLINE void LK_(store_int)(int32_t *p, LK_(ivec) v) { *(LK_(ivec_unaligned) *)p = v; }

/// Stores past the caches: `p` is aligned to the vector. Such stores are not ordered with later ones before `stream_end`.
INLINE void LK_(stream)(float *p, LK_(vec) v) { __builtin_nontemporal_store(v, (LK_(vec) *)p); }
INLINE void LK_(stream_end)(void) {
#if defined(__x86_64__)
  __asm__ volatile("sfence" ::: "memory");
#endif
}

INLINE LK_(vec) LK_(splat)(float x) { return (LK_(vec))(x); }

/// The first `count` (0..<LK_WIDTH) floats at `p`, the rest 0.
INLINE LK_(vec) LK_(load_part)(const float *p, long count) {
  LK_(vec) v = (LK_(vec))(0.0f);
  memcpy(&v, p, (size_t)count * sizeof(float));
  return v;
}
INLINE void LK_(store_part)(float *p, LK_(vec) v, long count) { memcpy(p, &v, (size_t)count * sizeof(float)); }

INLINE float LK_(sum)(LK_(vec) v) {
  float total = 0;
  for (int i = 0; i < LK_WIDTH; i++) total += v[i];
  return total;
}

/// exp(x) for x <= 0, relative error below 2e-7. x below -60 gives exp(-60) = 8.8e-27, which is negligible beside 1
/// and still a normal number after the factors of a GELU; denormal numbers (below 1.2e-38) are many times as slow on
/// cores that handle them in microcode. Cody-Waite reduction x = n ln 2 + r with ln 2 in two parts, |r| <= ln 2 / 2,
/// and the Cephes `expf` polynomial.
INLINE LK_(vec) LK_(exp_nonpositive)(LK_(vec) x) {
  const float shifter = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest whole number
  x = __builtin_elementwise_max(x, LK_(splat)(-60.0f));
  LK_(vec) shifted = x * LK_(splat)(1.44269504088896341f) + LK_(splat)(shifter);
  LK_(vec) n = shifted - LK_(splat)(shifter);
  LK_(vec) r = x - n * LK_(splat)(0.693359375f);
  r = r - n * LK_(splat)(-2.12194440e-4f);
  LK_(vec) p = LK_(splat)(1.9875691500e-4f);
  p = p * r + LK_(splat)(1.3981999507e-3f);
  p = p * r + LK_(splat)(8.3334519073e-3f);
  p = p * r + LK_(splat)(4.1665795894e-2f);
  p = p * r + LK_(splat)(1.6666665459e-1f);
  p = p * r + LK_(splat)(5.0000001201e-1f);
  p = p * (r * r) + r + LK_(splat)(1.0f);
  // The low bits of `shifted` are n in two's complement; moved to the exponent field they multiply by 2^n.
  LK_(ivec) exponent;
  LK_(ivec) bits;
  memcpy(&exponent, &shifted, sizeof exponent);
  memcpy(&bits, &p, sizeof bits);
  bits += exponent << 23;
  memcpy(&p, &bits, sizeof p);
  return p;
}
