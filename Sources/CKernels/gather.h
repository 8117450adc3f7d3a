// The weighted gather: for each token, the rows that its codes select, scaled by their scores and summed in registers.
// This is the body of gather_fp32.h, gather_bf16.h and gather_int8.h, which define the row type:
//   GATHER_(name)            a name of this type's copy
//   ELEMENT                  an element of a row in memory
//   LOAD_ROW(p)              LK_WIDTH elements at p as floats
//   LOAD_ROW_PART(p, count)  the first count (0..<LK_WIDTH) of them, the rest 0
//   ROW_WEIGHT(t, k)         what token k's row of table t is multiplied by

// Vectors of output columns held in registers at once: half of the register file for the sums, which leaves the other
// half for rows in flight.
#define SUMS (LK_REGISTERS / 2)

// Where a piece is narrower than LK_GATHER_SUMS vectors, the sums of several tokens are computed together.
#define TOGETHER(vectors) ((vectors) < LK_GATHER_SUMS ? LK_GATHER_SUMS / (vectors) : 1)

INLINE void GATHER_(prefetch_row)(const ELEMENT *row, long columns) {
  const long line = 64 / sizeof(ELEMENT);  // elements in a 64-byte cache line
  for (long c = 0; c < columns; c += line) __builtin_prefetch(row + c, 0, 3);
}

/// Adds the rows of tables `from`..<`to` to the sums of `tokens` tokens of one lane group, `vectors` whole vectors and `rest`
/// columns (0..<LK_WIDTH) from `column` on.
INLINE void GATHER_(add_rows)(
    const lk_gather *a, const int32_t *codes, const float *scores, long column, LK_(vec) sum[LK_GATHER_SUMS][SUMS + 1],
    const int tokens, const int vectors, const long rest, long from, long to, const bool prefetching) {
  const ELEMENT *table = (const ELEMENT *)a->tables + column + from * a->table_stride;
  for (long t = from; t < to; t++) {
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
}

/// Adds all tables' rows for `tokens` tokens of one lane group over `vectors` whole vectors plus `rest` columns
/// (0..<LK_WIDTH). `start` and `out` are the first token's, at `column`.
INLINE void GATHER_(gather_columns)(
    const lk_gather *a, const int32_t *codes, const float *scores, long column, const float *start, float *out,
    const int tokens, const int vectors, const long rest, const bool prefetching) {
  LK_(vec) sum[LK_GATHER_SUMS][SUMS + 1];
#pragma clang loop unroll(full)
  for (int k = 0; k < tokens; k++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sum[k][v] = LK_(load)(start + k * a->start_stride + v * LK_WIDTH);
    if (rest) sum[k][vectors] = LK_(load_part)(start + k * a->start_stride + vectors * LK_WIDTH, rest);
  }
  long prefetched = 0;
  if (prefetching && a->prefetch < a->table_count) {
    prefetched = a->table_count - a->prefetch;
    GATHER_(add_rows)(a, codes, scores, column, sum, tokens, vectors, rest, 0, prefetched, true);
  }
  GATHER_(add_rows)(a, codes, scores, column, sum, tokens, vectors, rest, prefetched, a->table_count, false);
#pragma clang loop unroll(full)
  for (int k = 0; k < tokens; k++) {
    float *target = out + k * a->out_stride;
    if (a->streaming && !rest) {
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) LK_(stream)(target + v * LK_WIDTH, sum[k][v]);
    } else {
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) LK_(store)(target + v * LK_WIDTH, sum[k][v]);
    }
    if (rest) LK_(store_part)(target + vectors * LK_WIDTH, sum[k][vectors], rest);
  }
}

/// The lines of the next call's memory that are prefetched: after i tokens, floor(lines i / tokens) lines. The
/// remainder is carried along, because two divisions per token and call would cost as much as the rows.
typedef struct {
  const char *next;
  long lines;
  long tokens;
  long carried;
} GATHER_(ahead);

INLINE void GATHER_(prefetch_next)(GATHER_(ahead) * ahead, long count) {
  for (ahead->carried += count * ahead->lines; ahead->carried >= ahead->tokens; ahead->carried -= ahead->tokens) {
    // Locality 2 is the second-level cache; the first level is busy with the rows of this call.
    __builtin_prefetch(ahead->next, 0, 2);
    ahead->next += 64;
  }
}

/// Prefetches the codes and scores of the lane group after token `k`'s, because the addresses of rows depend on them.
INLINE void GATHER_(prefetch_codes)(const lk_gather *a, long k) {
  const long group = (k / LK_LANES + 1) * a->group_stride;
  for (long t = 0; t < a->table_count; t++) {
    __builtin_prefetch(a->codes + group + t * LK_LANES, 0, 3);
    __builtin_prefetch(a->scores + group + t * LK_LANES, 0, 3);
  }
}

/// Calls of exactly `vectors` vectors, at most SUMS: lane group by lane group, with as many tokens at a time as keep
/// the FMA pipes busy.
INLINE void GATHER_(gather_narrow)(const lk_gather *a, GATHER_(ahead) ahead, const int vectors, const bool prefetching) {
  const int together = TOGETHER(vectors);
  const long end = a->first_token + a->tokens;
  const float *start = a->start;
  float *out = a->out;
  for (long k = a->first_token; k < end;) {
    const int32_t *codes = a->codes + k / LK_LANES * a->group_stride + k % LK_LANES;
    const float *scores = a->scores + k / LK_LANES * a->group_stride + k % LK_LANES;
    const long stop = LK_MIN(end, (k / LK_LANES + 1) * LK_LANES);
    // Only where that group belongs to the call.
    if (stop < end) GATHER_(prefetch_codes)(a, k);
    while (k < stop) {
      const int count = k + together <= stop ? together : 1;
      GATHER_(prefetch_next)(&ahead, count);
      if (count == together)
        GATHER_(gather_columns)(a, codes, scores, 0, start, out, together, vectors, 0, prefetching);
      else
        GATHER_(gather_columns)(a, codes, scores, 0, start, out, 1, vectors, 0, prefetching);
      codes += count;
      scores += count;
      start += count * a->start_stride;
      out += count * a->out_stride;
      k += count;
    }
  }
}

/// All whole pieces of `vectors` vectors of one token from `column` on. Returns the column behind them.
INLINE long GATHER_(gather_pieces)(
    const lk_gather *a, const int32_t *codes, const float *scores, long column, const float *start, float *out,
    const int vectors, const bool prefetching) {
  for (; column + vectors * LK_WIDTH <= a->columns; column += vectors * LK_WIDTH)
    GATHER_(gather_columns)(a, codes, scores, column, start + column, out + column, 1, vectors, 0, prefetching);
  return column;
}

/// Adds one token's row of the only table to `start`, in columns of whole vectors. The sum of a single row need not
/// stay in registers, so its address and weight are computed once and not for every piece. Returns the column behind
/// them.
INLINE long GATHER_(add_row)(
    const lk_gather *a, const int32_t *codes, const float *scores, const float *start, float *out) {
  const ELEMENT *row = (const ELEMENT *)a->tables + codes[0] * a->row_stride;
  const LK_(vec) weight = LK_(splat)(ROW_WEIGHT(0, 0));
  const long whole = a->columns - a->columns % LK_WIDTH;
  long column = 0;
  for (; column + SUMS * LK_WIDTH <= whole; column += SUMS * LK_WIDTH) {
#pragma clang loop unroll(full)
    for (int v = 0; v < SUMS; v++) {
      const long c = column + v * LK_WIDTH;
      LK_(store)(out + c, LK_(load)(start + c) + weight * LOAD_ROW(row + c));
    }
  }
  for (; column < whole; column += LK_WIDTH)
    LK_(store)(out + column, LK_(load)(start + column) + weight * LOAD_ROW(row + column));
  return column;
}

/// Calls of any width: one token after the other, so that a whole row is read while its DRAM page is open.
INLINE void GATHER_(gather_wide)(const lk_gather *a, GATHER_(ahead) ahead, const bool prefetching) {
  const long end = a->first_token + a->tokens;
  const float *start = a->start;
  float *out = a->out;
  for (long k = a->first_token; k < end; k++, start += a->start_stride, out += a->out_stride) {
    GATHER_(prefetch_next)(&ahead, 1);
    if (k % LK_LANES == 0 && k + LK_LANES < end) GATHER_(prefetch_codes)(a, k);
    const int32_t *codes = a->codes + k / LK_LANES * a->group_stride + k % LK_LANES;
    const float *scores = a->scores + k / LK_LANES * a->group_stride + k % LK_LANES;
    long column = 0;
    if (a->table_count == 1 && !a->streaming) {
      column = GATHER_(add_row)(a, codes, scores, start, out);
    } else {
      column = GATHER_(gather_pieces)(a, codes, scores, column, start, out, SUMS, prefetching);
      column = GATHER_(gather_pieces)(a, codes, scores, column, start, out, SUMS / 2, prefetching);
      column = GATHER_(gather_pieces)(a, codes, scores, column, start, out, SUMS / 4, prefetching);
      column = GATHER_(gather_pieces)(a, codes, scores, column, start, out, 1, prefetching);
    }
    if (column < a->columns)
      GATHER_(gather_columns)(
          a, codes, scores, column, start + column, out + column, 1, 0, a->columns - column, prefetching);
  }
}

INLINE void GATHER_(gather_tokens)(const lk_gather *a, const bool prefetching) {
  const GATHER_(ahead) ahead = {a->next, a->next ? a->next_bytes / 64 : 0, a->tokens, 0};
  switch (a->columns) {
    case SUMS * LK_WIDTH:
      GATHER_(gather_narrow)(a, ahead, SUMS, prefetching);
      break;
    case SUMS / 2 * LK_WIDTH:
      GATHER_(gather_narrow)(a, ahead, SUMS / 2, prefetching);
      break;
    case SUMS / 4 * LK_WIDTH:
      GATHER_(gather_narrow)(a, ahead, SUMS / 4, prefetching);
      break;
    case SUMS / 8 * LK_WIDTH:
      GATHER_(gather_narrow)(a, ahead, SUMS / 8, prefetching);
      break;
    default:
      GATHER_(gather_wide)(a, ahead, prefetching);
  }
}

static void GATHER_(gather)(const lk_gather *call) {
  // A local copy that no store can alias, so that its members stay in registers.
  lk_gather a = *call;
  // Non-temporal stores need alignment to whole vectors, and pay off only where they fill cache lines.
  a.streaming = a.streaming && (uintptr_t)a.out % 64 == 0 && a.out_stride % 16 == 0;
  if (a.prefetch > 0)
    GATHER_(gather_tokens)(&a, true);
  else
    GATHER_(gather_tokens)(&a, false);
  if (a.streaming) LK_(stream_end)();
}

#undef SUMS
#undef TOGETHER
