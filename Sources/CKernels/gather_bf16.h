// The gather from bf16 tables. A bf16 number is the upper half of the float of the same value, so a shift widens it.
typedef uint16_t LK_(half) __attribute__((ext_vector_type(LK_WIDTH)));
typedef uint16_t LK_(half_unaligned) __attribute__((ext_vector_type(LK_WIDTH), aligned(2)));
typedef uint32_t LK_(uvec) __attribute__((ext_vector_type(LK_WIDTH)));

INLINE LK_(vec) LK_(widen_bf16)(LK_(half) v) {
  return (LK_(vec))(__builtin_convertvector(v, LK_(uvec)) << 16);
}
INLINE LK_(vec) LK_(load_bf16)(const uint16_t *p) { return LK_(widen_bf16)(*(const LK_(half_unaligned) *)p); }
INLINE LK_(vec) LK_(load_bf16_part)(const uint16_t *p, long count) {
  LK_(half) v = (LK_(half))(0);
  memcpy(&v, p, (size_t)count * sizeof *p);
  return LK_(widen_bf16)(v);
}

#define GATHER_(name) LK_(name##_bf16)
#define ELEMENT uint16_t
#define LOAD_ROW(p) LK_(load_bf16)(p)
#define LOAD_ROW_PART(p, count) LK_(load_bf16_part)(p, count)
#define ROW_WEIGHT(t, k) scores[(t) * LK_LANES + (k)]

#include "gather.h"

#undef GATHER_
#undef ELEMENT
#undef LOAD_ROW
#undef LOAD_ROW_PART
#undef ROW_WEIGHT
