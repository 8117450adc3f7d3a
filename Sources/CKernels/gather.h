// The weighted gather: for each token, the rows that its codes select, scaled by their scores and summed in registers.
// The body of gather_fp32.h, gather_bf16.h and gather_int8.h, which say what a row is made of:
//   GATHER_(name)            a name of this type's copy
//   ELEMENT                  an element of a row in memory
//   LOAD_ROW(p)              LK_WIDTH elements at p as floats
//   LOAD_ROW_PART(p, count)  the first count (0..<LK_WIDTH) of them, the rest 0
//   ROW_WEIGHT(t)            what the row of table t is multiplied by

// Vectors of output columns held in registers at once: half of the register file for the sums, which leaves the other
// half for rows in flight, and is at least 2 FMA pipes x 4 cycles of latency.
#define SUMS (LK_REGISTERS / 2)

INLINE void GATHER_(prefetch_row)(const ELEMENT *row, long columns) {
  const long line = 64 / sizeof(ELEMENT);  // elements in a 64-byte cache line
  for (long c = 0; c < columns; c += line) __builtin_prefetch(row + c, 0, 3);
}

/// Adds all tables' rows for one token over `vectors` whole vectors plus `rest` columns (0..<LK_WIDTH).
INLINE void GATHER_(gather_columns)(
    const lk_gather *a, const int32_t *codes, const float *scores, long column, float *out, const int vectors,
    const long rest) {
  LK_(vec) sum[SUMS + 1];
  const float *start = a->bias ? a->bias + column : out;
#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) sum[v] = LK_(load)(start + v * LK_WIDTH);
  if (rest) sum[vectors] = LK_(load_part)(start + vectors * LK_WIDTH, rest);

  const ELEMENT *table = (const ELEMENT *)a->tables + column;
  for (long t = 0; t < a->table_count; t++) {
    const ELEMENT *row = table + codes[t * LK_LANES] * a->row_stride;
    LK_(vec) weight = LK_(splat)(ROW_WEIGHT(t));
    if (a->prefetch && t + a->prefetch < a->table_count)
      GATHER_(prefetch_row)(
          table + a->prefetch * a->table_stride + codes[(t + a->prefetch) * LK_LANES] * a->row_stride,
          vectors * LK_WIDTH + rest);
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sum[v] += weight * LOAD_ROW(row + v * LK_WIDTH);
    if (rest) sum[vectors] += weight * LOAD_ROW_PART(row + vectors * LK_WIDTH, rest);
    table += a->table_stride;
  }

#pragma clang loop unroll(full)
  for (int v = 0; v < vectors; v++) LK_(store)(out + v * LK_WIDTH, sum[v]);
  if (rest) LK_(store_part)(out + vectors * LK_WIDTH, sum[vectors], rest);
}

/// Prefetches the codes and scores of the lane group after token `k`'s: the addresses of rows wait for them.
INLINE void GATHER_(prefetch_codes)(const lk_gather *a, long k) {
  const long group = (k / LK_LANES + 1) * a->group_stride;
  for (long t = 0; t < a->table_count; t++) {
    __builtin_prefetch(a->codes + group + t * LK_LANES, 0, 3);
    __builtin_prefetch(a->scores + group + t * LK_LANES, 0, 3);
  }
}

static void GATHER_(gather)(const lk_gather *a) {
  const long end = a->first_token + a->tokens;
  // After i tokens, floor(lines i / tokens) lines of the next call's memory have been prefetched; the remainder is carried
  // along, because two divisions a token and call would cost as much as the rows.
  const char *next = a->next;
  const long lines = next ? a->next_bytes / 64 : 0;
  long carried = 0;
  for (long k = a->first_token; k < end; k++) {
    for (carried += lines; carried >= a->tokens; carried -= a->tokens, next += 64)
      // Locality 2: into the second-level cache. The first is busy with the rows of this call.
      __builtin_prefetch(next, 0, 2);
    // Only where that group belongs to the call.
    if (k % LK_LANES == 0 && k + LK_LANES < end) GATHER_(prefetch_codes)(a, k);
    const int32_t *codes = a->codes + k / LK_LANES * a->group_stride + k % LK_LANES;
    const float *scores = a->scores + k / LK_LANES * a->group_stride + k % LK_LANES;
    float *out = a->out + (k - a->first_token) * a->out_stride;
    long column = 0;
    for (; column + SUMS * LK_WIDTH <= a->columns; column += SUMS * LK_WIDTH)
      GATHER_(gather_columns)(a, codes, scores, column, out + column, SUMS, 0);
    if (column + SUMS / 2 * LK_WIDTH <= a->columns) {
      GATHER_(gather_columns)(a, codes, scores, column, out + column, SUMS / 2, 0);
      column += SUMS / 2 * LK_WIDTH;
    }
    if (column + SUMS / 4 * LK_WIDTH <= a->columns) {
      GATHER_(gather_columns)(a, codes, scores, column, out + column, SUMS / 4, 0);
      column += SUMS / 4 * LK_WIDTH;
    }
    for (; column + LK_WIDTH <= a->columns; column += LK_WIDTH)
      GATHER_(gather_columns)(a, codes, scores, column, out + column, 1, 0);
    if (column < a->columns) GATHER_(gather_columns)(a, codes, scores, column, out + column, 0, a->columns - column);
  }
}

#undef SUMS
