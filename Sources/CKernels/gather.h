// The weighted gather: for each token, the rows that its codes select, scaled by their scores and summed in registers.
// The body of gather_fp32.h, gather_bf16.h and gather_int8.h, which say what a row is made of:
//   GATHER_(name)            a name of this type's copy
//   ELEMENT                  an element of a row in memory
//   LOAD_ROW(p)              LK_WIDTH elements at p as floats
//   LOAD_ROW_PART(p, count)  the first count (0..<LK_WIDTH) of them, the rest 0
//   ROW_WEIGHT(t, k)         what token k's row of table t is multiplied by

// Vectors of output columns held in registers at once: half of the register file for the sums, which leaves the other
// half for rows in flight.
#define SUMS (LK_REGISTERS / 2)

// Sums of a piece narrower than this are joined by those of the following tokens: 2 FMA pipes x 4 cycles of latency. More
// sums at a time gained nothing.
#define CHAINS 8
#define TOGETHER(vectors) ((vectors) < CHAINS ? CHAINS / (vectors) : 1)

INLINE void GATHER_(prefetch_row)(const ELEMENT *row, long columns) {
  const long line = 64 / sizeof(ELEMENT);  // elements in a 64-byte cache line
  for (long c = 0; c < columns; c += line) __builtin_prefetch(row + c, 0, 3);
}

/// Adds all tables' rows for `tokens` tokens of one lane group over `vectors` whole vectors plus `rest` columns
/// (0..<LK_WIDTH). `start` and `out` are the first token's, at `column`.
INLINE void GATHER_(gather_columns)(
    const lk_gather *a, const int32_t *codes, const float *scores, long column, const float *start, float *out,
    const int tokens, const int vectors, const long rest, const bool streaming) {
  LK_(vec) sum[CHAINS][SUMS + 1];
#pragma clang loop unroll(full)
  for (int k = 0; k < tokens; k++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sum[k][v] = LK_(load)(start + k * a->start_stride + v * LK_WIDTH);
    if (rest) sum[k][vectors] = LK_(load_part)(start + k * a->start_stride + vectors * LK_WIDTH, rest);
  }

  const ELEMENT *table = (const ELEMENT *)a->tables + column;
  for (long t = 0; t < a->table_count; t++) {
    const bool prefetching = a->prefetch && t + a->prefetch < a->table_count;
#pragma clang loop unroll(full)
    for (int k = 0; k < tokens; k++) {
      const ELEMENT *row = table + codes[t * LK_LANES + k] * a->row_stride;
      LK_(vec) weight = LK_(splat)(ROW_WEIGHT(t, k));
      if (prefetching)
        GATHER_(prefetch_row)(
            table + a->prefetch * a->table_stride + codes[(t + a->prefetch) * LK_LANES + k] * a->row_stride,
            vectors * LK_WIDTH + rest);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sum[k][v] += weight * LOAD_ROW(row + v * LK_WIDTH);
      if (rest) sum[k][vectors] += weight * LOAD_ROW_PART(row + vectors * LK_WIDTH, rest);
    }
    table += a->table_stride;
  }

#pragma clang loop unroll(full)
  for (int k = 0; k < tokens; k++) {
    float *target = out + k * a->out_stride;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      if (streaming)
        LK_(stream)(target + v * LK_WIDTH, sum[k][v]);
      else
        LK_(store)(target + v * LK_WIDTH, sum[k][v]);
    if (rest) LK_(store_part)(target + vectors * LK_WIDTH, sum[k][vectors], rest);
  }
}

/// All whole pieces of `vectors` vectors from `column` on, for `count` tokens of one lane group, as many at a time as keep
/// the FMA pipes busy. Returns the column behind them.
INLINE long GATHER_(gather_pieces)(
    const lk_gather *a, const int32_t *codes, const float *scores, long column, const float *start, float *out,
    long count, const int vectors, const bool streaming) {
  const int together = TOGETHER(vectors);
  for (; column + vectors * LK_WIDTH <= a->columns; column += vectors * LK_WIDTH) {
    long k = 0;
    for (; k + together <= count; k += together)
      GATHER_(gather_columns)(
          a, codes + k, scores + k, column, start + k * a->start_stride + column, out + k * a->out_stride + column,
          together, vectors, 0, streaming);
    for (; k < count; k++)
      GATHER_(gather_columns)(
          a, codes + k, scores + k, column, start + k * a->start_stride + column, out + k * a->out_stride + column, 1,
          vectors, 0, streaming);
  }
  return column;
}

/// Prefetches the codes and scores of the lane group after token `k`'s: the addresses of rows wait for them.
INLINE void GATHER_(prefetch_codes)(const lk_gather *a, long k) {
  const long group = (k / LK_LANES + 1) * a->group_stride;
  for (long t = 0; t < a->table_count; t++) {
    __builtin_prefetch(a->codes + group + t * LK_LANES, 0, 3);
    __builtin_prefetch(a->scores + group + t * LK_LANES, 0, 3);
  }
}

INLINE void GATHER_(gather_tokens)(const lk_gather *a, const bool streaming) {
  const long end = a->first_token + a->tokens;
  // After i tokens, floor(lines i / tokens) lines of the next call's memory have been prefetched; the remainder is carried
  // along, because two divisions a token and call would cost as much as the rows.
  const char *next = a->next;
  const long lines = next ? a->next_bytes / 64 : 0;
  long carried = 0;
  long count;
  for (long k = a->first_token; k < end; k += count) {
    // A token at a time where a piece keeps the pipes busy by itself, so that the whole of a row is read while its page is
    // open; else as many as the narrowest piece takes together, within a lane group and the call.
    count = a->columns < CHAINS * LK_WIDTH ? LK_MIN(CHAINS, LK_LANES - k % LK_LANES) : 1;
    count = LK_MIN(count, end - k);
    for (carried += count * lines; carried >= a->tokens; carried -= a->tokens, next += 64)
      // Locality 2: into the second-level cache. The first is busy with the rows of this call.
      __builtin_prefetch(next, 0, 2);
    // Only where that group belongs to the call.
    if (k % LK_LANES == 0 && k + LK_LANES < end) GATHER_(prefetch_codes)(a, k);
    const int32_t *codes = a->codes + k / LK_LANES * a->group_stride + k % LK_LANES;
    const float *scores = a->scores + k / LK_LANES * a->group_stride + k % LK_LANES;
    const float *start = a->start + (k - a->first_token) * a->start_stride;
    float *out = a->out + (k - a->first_token) * a->out_stride;
    long column = 0;
    column = GATHER_(gather_pieces)(a, codes, scores, column, start, out, count, SUMS, streaming);
    column = GATHER_(gather_pieces)(a, codes, scores, column, start, out, count, SUMS / 2, streaming);
    column = GATHER_(gather_pieces)(a, codes, scores, column, start, out, count, SUMS / 4, streaming);
    column = GATHER_(gather_pieces)(a, codes, scores, column, start, out, count, SUMS / 8, streaming);
    if (SUMS / 8 > 1) column = GATHER_(gather_pieces)(a, codes, scores, column, start, out, count, 1, streaming);
    if (column < a->columns)
      for (long i = 0; i < count; i++)
        GATHER_(gather_columns)(
            a, codes + i, scores + i, column, start + i * a->start_stride + column, out + i * a->out_stride + column, 1,
            0, a->columns - column, false);
  }
}

static void GATHER_(gather)(const lk_gather *a) {
  // Non-temporal stores need whole vectors' alignment, and are worth it only if they fill cache lines.
  if (a->streaming && (uintptr_t)a->out % 64 == 0 && a->out_stride % 16 == 0) {
    GATHER_(gather_tokens)(a, true);
    LK_(stream_end)();
  } else {
    GATHER_(gather_tokens)(a, false);
  }
}

#undef SUMS
#undef CHAINS
#undef TOGETHER
