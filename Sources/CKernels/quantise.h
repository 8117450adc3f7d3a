// Conversion of a dense layer's activations between the types of its products. The check in Swift repeats this
// rounding bit for bit, so no product and sum may contract to a fused multiply-add: the instruction sets would round
// differently.

typedef uint32_t LK_(uvec) __attribute__((ext_vector_type(LK_WIDTH)));
typedef uint16_t LK_(halves) __attribute__((ext_vector_type(LK_WIDTH)));
typedef uint8_t LK_(unsigned_bytes) __attribute__((ext_vector_type(LK_WIDTH)));

/// Copies the first `part` of LK_WIDTH elements. Whole vectors, the common case, are copied at a size that the
/// compiler knows.
INLINE void LK_(copy_part)(void *to, const void *from, long part, size_t element) {
  if (part == LK_WIDTH)
    memcpy(to, from, LK_WIDTH * element);
  else
    memcpy(to, from, (size_t)part * element);
}

static void LK_(to_bf16)(const lk_to_bf16 *a) {
  for (long i = 0; i < a->count; i += LK_WIDTH) {
    const long part = a->count - i < LK_WIDTH ? a->count - i : LK_WIDTH;
    LK_(vec) x = part == LK_WIDTH ? LK_(load)(a->x + i) : LK_(load_part)(a->x + i, part);
    LK_(uvec) bits;
    memcpy(&bits, &x, sizeof bits);
    // Just below half of the last kept bit, and that bit itself: a tie carries only into an odd number.
    LK_(halves) y = __builtin_convertvector((bits + 0x7FFF + (bits >> 16 & 1)) >> 16, LK_(halves));
    LK_(copy_part)(a->y + i, &y, part, sizeof(uint16_t));
  }
}

static void LK_(quantise)(const lk_quantise *a) {
#pragma clang fp contract(off)
  const float shifter = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number, ties to even, kept in the low bits
  const long whole = a->columns - a->columns % LK_WIDTH;
  const long rest = a->columns - whole;
  for (long row = 0; row < a->rows; row++) {
    const float *x = a->x + row * a->x_stride;
    uint8_t *y = a->y + row * a->y_stride;
    LK_(vec) most = LK_(splat)(0);
    for (long c = 0; c < whole; c += LK_WIDTH)
      most = __builtin_elementwise_max(most, __builtin_elementwise_abs(LK_(load)(x + c)));
    if (rest) most = __builtin_elementwise_max(most, __builtin_elementwise_abs(LK_(load_part)(x + whole, rest)));
    float largest = 0;
    for (int i = 0; i < LK_WIDTH; i++) largest = most[i] > largest ? most[i] : largest;
    // A scale below the normal numbers would itself be too coarse, so such a row becomes a row of zeros.
    float scale = largest / 127.0f;
    const float inverse = scale >= 1.17549435e-38f ? 127.0f / largest : 0.0f;
    a->scales[row] = inverse > 0 ? scale : 0;
    for (long c = 0; c < a->columns; c += LK_WIDTH) {
      const long part = c < whole ? LK_WIDTH : rest;
      LK_(vec) v = part == LK_WIDTH ? LK_(load)(x + c) : LK_(load_part)(x + c, part);
      LK_(vec) shifted = v * LK_(splat)(inverse) + LK_(splat)(shifter);
      LK_(uvec) bits;
      memcpy(&bits, &shifted, sizeof bits);
      LK_(unsigned_bytes) q = __builtin_convertvector((bits + LK_ZERO_POINT) & 255, LK_(unsigned_bytes));
      LK_(copy_part)(y + c, &q, part, sizeof(uint8_t));
    }
  }
}

static void LK_(dequantise)(const lk_dequantise *a) {
  for (long row = 0; row < a->rows; row++) {
    const int32_t *x = a->x + row * a->x_stride;
    float *y = a->y + row * a->y_stride;
    const float row_scale = a->row_scales[row];
    for (long c = 0; c < a->columns; c += LK_WIDTH) {
      const long part = a->columns - c < LK_WIDTH ? a->columns - c : LK_WIDTH;
      LK_(ivec) sum = {0}, zero = {0};
      LK_(vec) scale = LK_(splat)(0), bias = LK_(splat)(0);
      LK_(copy_part)(&sum, x + c, part, sizeof(int32_t));
      LK_(copy_part)(&zero, a->column_zeros + c, part, sizeof(int32_t));
      LK_(copy_part)(&scale, a->column_scales + c, part, sizeof(float));
      if (a->bias) LK_(copy_part)(&bias, a->bias + c, part, sizeof(float));
      LK_(vec) v = __builtin_convertvector(sum - zero, LK_(vec)) * (scale * LK_(splat)(row_scale)) + bias;
      LK_(copy_part)(y + c, &v, part, sizeof(float));
    }
  }
}
