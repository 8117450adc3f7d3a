// Transpose of up to LK_LANES token-major rows into one lane group. Whole LK_WIDTH x LK_WIDTH tiles go through registers
// by log2(LK_WIDTH) rounds of interleaving; the ragged edge goes element by element.

/// Transposes the LK_WIDTH x LK_WIDTH tile at `x` (row stride `x_stride`) into `y` (row stride LK_LANES).
INLINE void LK_(transpose_tile)(const float *x, long x_stride, float *y) {
  LK_(vec) rows[LK_WIDTH];
  LK_(vec) next[LK_WIDTH];
#pragma clang loop unroll(full)
  for (int i = 0; i < LK_WIDTH; i++) rows[i] = LK_(load)(x + i * x_stride);
  // One round maps row pair (i, i + width/2) to its element-wise interleaving; log2(width) rounds transpose the tile.
#pragma clang loop unroll(full)
  for (int round = 1; round < LK_WIDTH; round *= 2) {
#pragma clang loop unroll(full)
    for (int i = 0; i < LK_WIDTH / 2; i++) {
      LK_(vec) a = rows[i];
      LK_(vec) b = rows[i + LK_WIDTH / 2];
#if LK_WIDTH == 16
      next[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      next[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif LK_WIDTH == 8
      next[2 * i] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
      next[2 * i + 1] = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
      next[2 * i] = __builtin_shufflevector(a, b, 0, 4, 1, 5);
      next[2 * i + 1] = __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < LK_WIDTH; i++) rows[i] = next[i];
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < LK_WIDTH; i++) LK_(store)(y + i * LK_LANES, rows[i]);
}

static void LK_(to_lanes)(const lk_to_lanes *a) {
  const long whole_columns = a->columns - a->columns % LK_WIDTH;
  const long whole_rows = a->rows - a->rows % LK_WIDTH;
  for (long row = 0; row < whole_rows; row += LK_WIDTH)
    for (long c = 0; c < whole_columns; c += LK_WIDTH)
      LK_(transpose_tile)(a->x + row * a->x_stride + c, a->x_stride, a->lanes + c * LK_LANES + row);
  for (long row = 0; row < a->rows; row++)
    for (long c = row < whole_rows ? whole_columns : 0; c < a->columns; c++)
      a->lanes[c * LK_LANES + row] = a->x[row * a->x_stride + c];
  if (a->rows < LK_LANES)
    for (long c = 0; c < a->columns; c++)
      for (long row = a->rows; row < LK_LANES; row++) a->lanes[c * LK_LANES + row] = 0;
  memset(a->lanes + a->columns * LK_LANES, 0, (size_t)((a->padded_columns - a->columns) * LK_LANES) * sizeof(float));
}
