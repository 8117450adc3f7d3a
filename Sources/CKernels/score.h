// Codes and scores from a projection, one vector of tokens at a time; the projection is mixed, biased and consumed in
// registers.

static void LK_(score)(const lk_score *a) {
  for (long lane = 0; lane < LK_LANES; lane += LK_WIDTH) {
    long h_column = 0;
    for (long table = 0; table < a->tables; table++) {
      LK_(vec) magnitude = LK_(splat)(0);
      LK_(vec) product = LK_(splat)(1);
      LK_(ivec) code = (LK_(ivec))(0);
      for (long j = 0; j < a->bits; j++) {
        const long column = table * a->bits + j;
        LK_(vec) z = LK_(load)(a->y + column * a->y_stride + lane) + LK_(splat)(a->bias[column]);
        if (a->h) {
          z += LK_(splat)(a->mix) * LK_(load)(a->h + h_column * LK_LANES + lane);
          h_column = h_column + 1 == a->h_columns ? 0 : h_column + 1;
        }
        if (a->z) LK_(store)(a->z + column * LK_LANES + lane, z);
        LK_(vec) absolute = __builtin_elementwise_abs(z);
        magnitude += absolute;
        product *= LK_(splat)(1) + LK_(exp_nonpositive)(absolute * LK_(splat)(-2));
        // A true comparison is -1 in every lane, so subtracting it shifts in a 1.
        code = code + code - (z > LK_(splat)(0));
      }
      LK_(store_int)(a->codes + table * LK_LANES + lane, code);
      LK_(store)(a->scores + table * LK_LANES + lane, magnitude / product);
    }
  }
}
