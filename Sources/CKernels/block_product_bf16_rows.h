// The block-diagonal factor of BH4 in bf16 for few tokens: block_product_rows.h with a pack of outputs along the
// vectors. Pairs are added in the same order as over lane groups, so that a token's sums do not depend on which
// tokens share its batch.

_Static_assert(LK_BF16_OUTPUT_PACK == 16, "the preprocessor must know it");
#define VECTORS (16 / LK_WIDTH)
// Sums: at most half of the registers, but for the portable path, whose compiler may spill.
#if LK_REGISTERS / 2 / LK_ROW_TOKENS / VECTORS > 0
#define ROW_PACKS (LK_REGISTERS / 2 / LK_ROW_TOKENS / VECTORS)
#else
#define ROW_PACKS 1
#endif
// A single token's: a block of 64 outputs, the usual one, or as many as half of the registers hold.
#define SINGLE_PACKS LK_MIN(4, LK_REGISTERS / 2 / VECTORS)

/// `packs` packs of outputs for `tokens` tokens; `w` is the first pack's weights, `x` the tokens' pairs.
INLINE void LK_(row_packs_bf16)(
    const lk_block_product_bf16_rows *a, const uint16_t *w, const uint16_t *x, float *y, const int tokens,
    const int packs) {
  const long half = a->block_size / 2;
  LK_(vec) sum[LK_ROW_TOKENS][4][VECTORS];
#pragma clang loop unroll(full)
  for (int k = 0; k < tokens; k++)
#pragma clang loop unroll(full)
    for (int p = 0; p < packs; p++)
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++) sum[k][p][v] = LK_(splat)(0);
  for (long i = 0; i < half; i++) {
    LK_(uvec) in[LK_ROW_TOKENS];
#pragma clang loop unroll(full)
    for (int k = 0; k < tokens; k++) in[k] = LK_(splat_pair)(x + 2 * (k * half + i));
#pragma clang loop unroll(full)
    for (int p = 0; p < packs; p++)
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++) {
        LK_(uvec) weight = LK_(load_pairs)(w + 2 * ((p * half + i) * LK_BF16_OUTPUT_PACK + v * LK_WIDTH));
#pragma clang loop unroll(full)
        for (int k = 0; k < tokens; k++) sum[k][p][v] = LK_(add_pair_products)(sum[k][p][v], weight, in[k]);
      }
  }
#pragma clang loop unroll(full)
  for (int k = 0; k < tokens; k++)
#pragma clang loop unroll(full)
    for (int p = 0; p < packs; p++)
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++)
        LK_(store)(y + k * a->y_stride + p * LK_BF16_OUTPUT_PACK + v * LK_WIDTH, sum[k][p][v]);
}

static void LK_(block_product_bf16_rows)(const lk_block_product_bf16_rows *a) {
  const long size = a->block_size;
  // Blocks outermost: a block's weights stay in the first-level cache while all tokens pass.
  for (long block = 0; block < a->blocks; block++) {
    const uint16_t *weights = a->weights + block * size * size;
    for (long k = 0; k < a->tokens;) {
      const int tokens = k + LK_ROW_TOKENS <= a->tokens ? LK_ROW_TOKENS : 1;
      for (int t = 0; t < tokens; t++) {
        const lk_to_bf16 round = {
            .x = a->x + (k + t) * a->x_stride + block * size, .y = a->pairs + t * size, .count = size};
        LK_(to_bf16)(&round);
      }
      float *y = a->y + k * a->y_stride + block * size;
      for (long o = 0; o < size;) {
        const uint16_t *w = weights + o * size;
        const long packs = (size - o) / LK_BF16_OUTPUT_PACK;
        if (tokens == LK_ROW_TOKENS && packs >= ROW_PACKS) {
          LK_(row_packs_bf16)(a, w, a->pairs, y + o, LK_ROW_TOKENS, ROW_PACKS);
          o += ROW_PACKS * LK_BF16_OUTPUT_PACK;
        } else if (tokens == LK_ROW_TOKENS) {
          LK_(row_packs_bf16)(a, w, a->pairs, y + o, LK_ROW_TOKENS, 1);
          o += LK_BF16_OUTPUT_PACK;
        } else if (packs >= SINGLE_PACKS) {
          LK_(row_packs_bf16)(a, w, a->pairs, y + o, 1, SINGLE_PACKS);
          o += SINGLE_PACKS * LK_BF16_OUTPUT_PACK;
        } else {
          LK_(row_packs_bf16)(a, w, a->pairs, y + o, 1, 1);
          o += LK_BF16_OUTPUT_PACK;
        }
      }
      k += tokens;
    }
  }
}

#undef VECTORS
#undef ROW_PACKS
#undef SINGLE_PACKS
