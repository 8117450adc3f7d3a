// The block-diagonal factor of BH4 for few tokens: token-major rows, with outputs along the vector. A lane group would
// compute all of its lanes; here a weight is loaded once per LK_ROW_TOKENS tokens, from wherever it streams.
//
// A vector of 16 floats holds the 8 packed outputs of two consecutive inputs, one of 4 half a pack, so that in all of them
// consecutive memory is one vector.
#if LK_WIDTH == 16
#define VECTORS 1
#define INPUTS 2
#else
#define VECTORS (LK_OUTPUT_PACK / LK_WIDTH)
#define INPUTS 1
#endif
// Sums: tokens x packs x VECTORS, at least 2 FMA pipes x 4 cycles of latency, and at most half of the registers.
#define ROW_PACKS (LK_REGISTERS / 2 / LK_ROW_TOKENS / VECTORS)

/// The inputs at `x` as a vector of weights needs them.
INLINE LK_(vec) LK_(spread_inputs)(const float *x) {
#if INPUTS == 2
  typedef float pair __attribute__((ext_vector_type(2), aligned(4)));
  const pair v = *(const pair *)x;
  return __builtin_shufflevector(v, v, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
#else
  return LK_(splat)(*x);
#endif
}

/// `packs` packs of outputs for `tokens` tokens; `w` is the first pack's weights.
INLINE void LK_(row_packs)(
    const lk_block_product_rows *a, const float *w, const float *x, float *y, const int tokens, const int packs) {
  LK_(vec) sum[LK_ROW_TOKENS][LK_OUTPUT_PACK][VECTORS];
#pragma clang loop unroll(full)
  for (int k = 0; k < tokens; k++)
#pragma clang loop unroll(full)
    for (int p = 0; p < packs; p++)
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++) sum[k][p][v] = LK_(splat)(0);
  for (long i = 0; i < a->block_size; i += INPUTS) {
    LK_(vec) in[LK_ROW_TOKENS];
#pragma clang loop unroll(full)
    for (int k = 0; k < tokens; k++) in[k] = LK_(spread_inputs)(x + k * a->x_stride + i);
#pragma clang loop unroll(full)
    for (int p = 0; p < packs; p++)
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++) {
        LK_(vec) weight = LK_(load)(w + (p * a->block_size + i) * LK_OUTPUT_PACK + v * LK_WIDTH);
#pragma clang loop unroll(full)
        for (int k = 0; k < tokens; k++) sum[k][p][v] += weight * in[k];
      }
  }
#pragma clang loop unroll(full)
  for (int k = 0; k < tokens; k++)
#pragma clang loop unroll(full)
    for (int p = 0; p < packs; p++) {
      float *target = y + k * a->y_stride + p * LK_OUTPUT_PACK;
#if INPUTS == 2
      typedef float half __attribute__((ext_vector_type(8), aligned(4)));
      const LK_(vec) both = sum[k][p][0];
      *(half *)target = __builtin_shufflevector(both, both, 0, 1, 2, 3, 4, 5, 6, 7) +
                        __builtin_shufflevector(both, both, 8, 9, 10, 11, 12, 13, 14, 15);
#else
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++) LK_(store)(target + v * LK_WIDTH, sum[k][p][v]);
#endif
    }
}

static void LK_(block_product_rows)(const lk_block_product_rows *a) {
  const long size = a->block_size;
  // Blocks outermost: a block's weights stay in the first-level cache while all tokens pass.
  for (long block = 0; block < a->blocks; block++) {
    const float *weights = a->weights + block * size * size;
    long k = 0;
    for (; k + LK_ROW_TOKENS <= a->tokens; k += LK_ROW_TOKENS) {
      const float *x = a->x + k * a->x_stride + block * size;
      float *y = a->y + k * a->y_stride + block * size;
      long o = 0;
      for (; o + ROW_PACKS * LK_OUTPUT_PACK <= size; o += ROW_PACKS * LK_OUTPUT_PACK)
        LK_(row_packs)(a, weights + o * size, x, y + o, LK_ROW_TOKENS, ROW_PACKS);
      for (; o < size; o += LK_OUTPUT_PACK) LK_(row_packs)(a, weights + o * size, x, y + o, LK_ROW_TOKENS, 1);
    }
    for (; k < a->tokens; k++) {
      const float *x = a->x + k * a->x_stride + block * size;
      float *y = a->y + k * a->y_stride + block * size;
      long o = 0;
      const long packs = LK_OUTPUT_PACK / VECTORS;  // 8 sums
      for (; o + packs * LK_OUTPUT_PACK <= size; o += packs * LK_OUTPUT_PACK)
        LK_(row_packs)(a, weights + o * size, x, y + o, 1, LK_OUTPUT_PACK / VECTORS);
      for (; o < size; o += LK_OUTPUT_PACK) LK_(row_packs)(a, weights + o * size, x, y + o, 1, 1);
    }
  }
}

#undef VECTORS
#undef INPUTS
#undef ROW_PACKS
