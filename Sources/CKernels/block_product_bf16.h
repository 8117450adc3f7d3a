// The block-diagonal factor of BH4 in bf16 over lane groups: block_product.h with two inputs at a time. The inputs of
// a block are rounded when the block begins, into pairs that stay in the first-level cache while its outputs are
// computed.

// Register blocking as in block_product.h.
#define OUTPUTS LK_BLOCK_OUTPUTS(LK_WIDTH, LK_REGISTERS)
#define GROUPS LK_BLOCK_GROUPS(LK_WIDTH)
#define VECTORS (LK_LANES / LK_WIDTH)

/// Rounds the inputs of one block of one lane group: [size] features into [halves of size] pairs.
INLINE void LK_(round_block)(const float *x, long size, uint16_t *pairs) {
  for (long i = 0; i < size; i += 2)
    for (long lane = 0; lane < LK_LANES; lane += LK_WIDTH) {
      LK_(vec) even = LK_(load)(x + i * LK_LANES + lane);
      LK_(vec) odd = i + 1 < size ? LK_(load)(x + (i + 1) * LK_LANES + lane) : LK_(splat)(0);
      LK_(store_pairs)(pairs + i * LK_LANES + 2 * lane, LK_(round_to_pairs)(even, odd));
    }
}

/// `w` is the first output's weights, `x` the pairs of `groups` lane groups, one behind the other.
INLINE void LK_(block_rows_bf16)(
    const lk_block_product_bf16 *a, const uint16_t *w, long pack, const uint16_t *x, float *y, const int outputs,
    const int groups) {
  const long half = (a->block_size + 1) / 2;
  LK_(vec) sum[OUTPUTS][GROUPS][VECTORS];
#pragma clang loop unroll(full)
  for (int o = 0; o < outputs; o++)
#pragma clang loop unroll(full)
    for (int g = 0; g < groups; g++)
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++) sum[o][g][v] = LK_(splat)(0);
  for (long i = 0; i < half; i++) {
    LK_(uvec) in[GROUPS][VECTORS];
#pragma clang loop unroll(full)
    for (int g = 0; g < groups; g++)
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++)
        in[g][v] = LK_(load_pairs)(x + 2 * ((g * half + i) * LK_LANES + v * LK_WIDTH));
#pragma clang loop unroll(full)
    for (int o = 0; o < outputs; o++) {
      LK_(uvec) weight = LK_(splat_pair)(w + 2 * (i * pack + o));
#pragma clang loop unroll(full)
      for (int g = 0; g < groups; g++)
#pragma clang loop unroll(full)
        for (int v = 0; v < VECTORS; v++) sum[o][g][v] = LK_(add_pair_products)(sum[o][g][v], weight, in[g][v]);
    }
  }
#pragma clang loop unroll(full)
  for (int o = 0; o < outputs; o++)
#pragma clang loop unroll(full)
    for (int g = 0; g < groups; g++)
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++)
        LK_(store)(y + g * a->y_group_stride + o * LK_LANES + v * LK_WIDTH, sum[o][g][v]);
}

static void LK_(block_product_bf16)(const lk_block_product_bf16 *a) {
  const long size = a->block_size;
  const long half = (size + 1) / 2;
  const long pack = size < LK_BF16_OUTPUT_PACK ? size : LK_BF16_OUTPUT_PACK;
  for (long block = 0; block < a->blocks; block++) {
    const uint16_t *weights = a->weights + block * size * half * 2;
    for (long g = 0; g < a->groups;) {
      const int groups = g + GROUPS <= a->groups ? GROUPS : 1;
      for (int k = 0; k < groups; k++)
        LK_(round_block)(
            a->x + (g + k) * a->x_group_stride + block * size * LK_LANES, size, a->pairs + k * half * LK_LANES * 2);
      float *y = a->y + g * a->y_group_stride + block * size * LK_LANES;
      for (long o = 0; o < size;) {
        const uint16_t *w = weights + 2 * (o / pack * pack * half + o % pack);
        if (pack % OUTPUTS != 0) {
          // A block narrower than the register blocking is computed one output at a time.
          for (int k = 0; k < groups; k++)
            LK_(block_rows_bf16)(
                a, w, pack, a->pairs + k * half * LK_LANES * 2, y + k * a->y_group_stride + o * LK_LANES, 1, 1);
          o += 1;
        } else {
          if (groups == GROUPS)
            LK_(block_rows_bf16)(a, w, pack, a->pairs, y + o * LK_LANES, OUTPUTS, GROUPS);
          else
            LK_(block_rows_bf16)(a, w, pack, a->pairs, y + o * LK_LANES, OUTPUTS, 1);
          o += OUTPUTS;
        }
      }
      g += groups;
    }
  }
}

#undef OUTPUTS
#undef GROUPS
#undef VECTORS
