// The gather from int8 tables: a row's scale is folded into its score, so that its elements need only be converted.
typedef int8_t LK_(bytes) __attribute__((ext_vector_type(LK_WIDTH)));
typedef int8_t LK_(bytes_unaligned) __attribute__((ext_vector_type(LK_WIDTH), aligned(1)));

INLINE LK_(vec) LK_(widen_int8)(LK_(bytes) v) {
  return __builtin_convertvector(__builtin_convertvector(v, LK_(ivec)), LK_(vec));
}
INLINE LK_(vec) LK_(load_int8)(const int8_t *p) { return LK_(widen_int8)(*(const LK_(bytes_unaligned) *)p); }
INLINE LK_(vec) LK_(load_int8_part)(const int8_t *p, long count) {
  LK_(bytes) v = (LK_(bytes))(0);
  memcpy(&v, p, (size_t)count);
  return LK_(widen_int8)(v);
}

#define GATHER_(name) LK_(name##_int8)
#define ELEMENT int8_t
#define LOAD_ROW(p) LK_(load_int8)(p)
#define LOAD_ROW_PART(p, count) LK_(load_int8_part)(p, count)
#define ROW_WEIGHT(t, k) \
  (scores[(t) * LK_LANES + (k)] * a->scales[(t) * a->scale_stride + codes[(t) * LK_LANES + (k)]])

#include "gather.h"

#undef GATHER_
#undef ELEMENT
#undef LOAD_ROW
#undef LOAD_ROW_PART
#undef ROW_WEIGHT
