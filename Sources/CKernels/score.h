// Codes and scores from a hash, SCORED vectors of tokens at a time; the hash is mixed, biased and consumed in
// registers.

// Two vectors side by side share their constants and addresses, and double the number of chains in flight.
#define SCORED (LK_LANES / LK_WIDTH > 1 ? 2 : 1)

static void LK_(score)(const lk_score *a) {
  // Stores may alias the memory of the arguments, so they are copied once.
  const lk_score own = *a;
  for (long lane = 0; lane < LK_LANES; lane += SCORED * LK_WIDTH) {
    const float *y = own.y + lane;
    const float *bias = own.bias;
    long h_column = 0;
    long column = 0;
    for (long table = 0; table < own.tables; table++) {
      LK_(vec) magnitude[SCORED];
      LK_(vec) product[SCORED];
      LK_(ivec) code[SCORED];
#pragma clang loop unroll(full)
      for (int v = 0; v < SCORED; v++) {
        magnitude[v] = LK_(splat)(0);
        product[v] = LK_(splat)(1);
        code[v] = (LK_(ivec))(0);
      }
      for (long j = 0; j < own.bits; j++, column++, y += own.y_stride) {
        const float *h = own.h ? own.h + h_column * LK_LANES + lane : 0;
        if (h) h_column = h_column + 1 == own.h_columns ? 0 : h_column + 1;
#pragma clang loop unroll(full)
        for (int v = 0; v < SCORED; v++) {
          LK_(vec) z = LK_(load)(y + v * LK_WIDTH) + LK_(splat)(bias[column]);
          if (h) z += LK_(splat)(own.mix) * LK_(load)(h + v * LK_WIDTH);
          if (own.z) LK_(store)(own.z + column * LK_LANES + lane + v * LK_WIDTH, z);
          LK_(vec) absolute = __builtin_elementwise_abs(z);
          magnitude[v] += absolute;
          product[v] *= LK_(splat)(1) + LK_(exp_nonpositive)(absolute * LK_(splat)(-2));
          // A true comparison is -1 in every lane, so subtracting it shifts in a 1.
          code[v] = code[v] + code[v] - (z > LK_(splat)(0));
        }
      }
#pragma clang loop unroll(full)
      for (int v = 0; v < SCORED; v++) {
        LK_(store_int)(own.codes + table * LK_LANES + lane + v * LK_WIDTH, code[v]);
        LK_(store)(own.scores + table * LK_LANES + lane + v * LK_WIDTH, magnitude[v] / product[v]);
      }
    }
  }
}
