// Bias and GELU in place. erf by Abramowitz & Stegun 7.1.26, absolute error below 1.5e-7 in exact arithmetic, which is
// one unit in the last place of a float near 1.

INLINE LK_(vec) LK_(gelu)(LK_(vec) x) {
  LK_(vec) u = __builtin_elementwise_abs(x) * LK_(splat)(0.70710678118654752f);
  LK_(vec) t = LK_(splat)(1) / (LK_(splat)(1) + LK_(splat)(0.3275911f) * u);
  LK_(vec) p = LK_(splat)(1.061405429f);
  p = p * t + LK_(splat)(-1.453152027f);
  p = p * t + LK_(splat)(1.421413741f);
  p = p * t + LK_(splat)(-0.284496736f);
  p = p * t + LK_(splat)(0.254829592f);
  // erfc(|x| / sqrt 2): the normal distribution's two tails. gelu(x) = max(x, 0) - |x|/2 erfc, for either sign.
  LK_(vec) tails = p * t * LK_(exp_nonpositive)(-(u * u));
  LK_(vec) half = __builtin_elementwise_abs(x) * LK_(splat)(0.5f);
  return __builtin_elementwise_max(x, LK_(splat)(0)) - half * tails;
}

static void LK_(bias_gelu)(const lk_bias_gelu *a) {
  const long whole = a->columns - a->columns % LK_WIDTH;
  const long rest = a->columns - whole;
  for (long row = 0; row < a->rows; row++) {
    float *x = a->x + row * a->stride;
    for (long c = 0; c < whole; c += LK_WIDTH)
      LK_(store)(x + c, LK_(gelu)(LK_(load)(x + c) + LK_(load)(a->bias + c)));
    if (rest) {
      LK_(vec) v = LK_(load_part)(x + whole, rest) + LK_(load_part)(a->bias + whole, rest);
      LK_(store_part)(x + whole, LK_(gelu)(v), rest);
    }
  }
}
