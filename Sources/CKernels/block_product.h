// The block-diagonal factor of BH4 over lane groups: a small GEMM per block with tokens along the vector.
// Accumulators stay in registers for a whole row of the block; each weight is one broadcast.

// Register blocking: OUTPUTS x GROUPS x VECTORS accumulators (see LK_BLOCK_OUTPUTS).
#define OUTPUTS LK_BLOCK_OUTPUTS(LK_WIDTH, LK_REGISTERS)
#define GROUPS LK_BLOCK_GROUPS(LK_WIDTH)
#define VECTORS (LK_LANES / LK_WIDTH)

INLINE void LK_(block_rows)(
    const lk_block_product *a, const float *w, long pack, const float *x, float *y, const int outputs,
    const int groups) {
  LK_(vec) sum[OUTPUTS][GROUPS][VECTORS];
#pragma clang loop unroll(full)
  for (int o = 0; o < outputs; o++)
#pragma clang loop unroll(full)
    for (int g = 0; g < groups; g++)
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++) sum[o][g][v] = LK_(splat)(0);
  for (long i = 0; i < a->block_size; i++) {
    LK_(vec) in[GROUPS][VECTORS];
#pragma clang loop unroll(full)
    for (int g = 0; g < groups; g++)
#pragma clang loop unroll(full)
      for (int v = 0; v < VECTORS; v++) in[g][v] = LK_(load)(x + g * a->x_group_stride + i * LK_LANES + v * LK_WIDTH);
#pragma clang loop unroll(full)
    for (int o = 0; o < outputs; o++) {
      LK_(vec) weight = LK_(splat)(w[i * pack + o]);
#pragma clang loop unroll(full)
      for (int g = 0; g < groups; g++)
#pragma clang loop unroll(full)
        for (int v = 0; v < VECTORS; v++) sum[o][g][v] += weight * in[g][v];
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

static void LK_(block_product)(const lk_block_product *a) {
  const long size = a->block_size;
  const long pack = size < LK_OUTPUT_PACK ? size : LK_OUTPUT_PACK;
  for (long block = 0; block < a->blocks; block++) {
    const float *x = a->x + block * size * LK_LANES;
    float *y = a->y + block * size * LK_LANES;
    const float *weights = a->weights + block * size * size;
    for (long g = 0; g < a->groups;) {
      const int groups = g + GROUPS <= a->groups ? GROUPS : 1;
      const float *xg = x + g * a->x_group_stride;
      float *yg = y + g * a->y_group_stride;
      for (long o = 0; o < size;) {
        const float *w = weights + o / pack * pack * size + o % pack;
        if (pack % OUTPUTS != 0) {
          // A block narrower than the register blocking is computed one output at a time.
          for (int k = 0; k < groups; k++)
            LK_(block_rows)(a, w, pack, xg + k * a->x_group_stride, yg + k * a->y_group_stride + o * LK_LANES, 1, 1);
          o += 1;
        } else {
          if (groups == GROUPS)
            LK_(block_rows)(a, w, pack, xg, yg + o * LK_LANES, OUTPUTS, GROUPS);
          else
            LK_(block_rows)(a, w, pack, xg, yg + o * LK_LANES, OUTPUTS, 1);
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
