// Transpose of up to LK_LANES token-major rows into one lane group. Whole LK_WIDTH x LK_WIDTH tiles go through registers
// by log2(LK_WIDTH) rounds of interleaving; the ragged edge goes element by element.

/// Transposes the LK_WIDTH x LK_WIDTH tile at `x` (row stride `x_stride`) into `y` (row stride LK_LANES).
INLINE void LK_(transpose_tile)(const float *x, long x_stride, float *y) {
  LK_(vec) rows[LK_WIDTH];
  LK_(vec) next[LK_WIDTH];
#pragma clang loop unroll(full)
  for (int i = 0; i < LK_WIDTH; i++) rows[i] = LK_(load)(x + i * x_stride);
#if LK_WIDTH == 8
  // AVX2 has no instruction that interleaves across the halves of a register, so two rounds work within the halves
  // and one exchanges them.
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i += 2) {
    next[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    next[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    // Takes the first four rows, then the last four.
    const int from = i < 2 ? i : i + 2;
    rows[2 * i] = __builtin_shufflevector(next[from], next[from + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    rows[2 * i + 1] = __builtin_shufflevector(next[from], next[from + 2], 2, 3, 10, 11, 6, 7, 14, 15);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    LK_(vec) low = __builtin_shufflevector(rows[i], rows[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    rows[i + 4] = __builtin_shufflevector(rows[i], rows[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    rows[i] = low;
  }
#else
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
#else
      next[2 * i] = __builtin_shufflevector(a, b, 0, 4, 1, 5);
      next[2 * i + 1] = __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < LK_WIDTH; i++) rows[i] = next[i];
  }
#endif
#pragma clang loop unroll(full)
  for (int i = 0; i < LK_WIDTH; i++) LK_(store)(y + i * LK_LANES, rows[i]);
}

static void LK_(to_lanes)(const lk_to_lanes *arguments) {
  // Stores may alias the memory of the arguments, so they are copied once.
  const lk_to_lanes own = *arguments;
  const lk_to_lanes *a = &own;
  const long whole_columns = a->columns - a->columns % LK_WIDTH;
  const long whole_rows = a->rows - a->rows % LK_WIDTH;
  // Takes all rows of some columns at a time, so that each line of lanes is written at once.
  for (long c = 0; c < whole_columns; c += LK_WIDTH)
    for (long row = 0; row < whole_rows; row += LK_WIDTH)
      LK_(transpose_tile)(a->x + row * a->x_stride + c, a->x_stride, a->lanes + c * LK_LANES + row);
  for (long row = 0; row < a->rows; row++)
    for (long c = row < whole_rows ? whole_columns : 0; c < a->columns; c++)
      a->lanes[c * LK_LANES + row] = a->x[row * a->x_stride + c];
  if (a->rows < LK_LANES)
    for (long c = 0; c < a->columns; c++)
      for (long row = a->rows; row < LK_LANES; row++) a->lanes[c * LK_LANES + row] = 0;
  memset(a->lanes + a->columns * LK_LANES, 0, (size_t)((a->padded_columns - a->columns) * LK_LANES) * sizeof(float));
}
