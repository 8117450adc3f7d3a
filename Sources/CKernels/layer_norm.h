// Layer normalisation of token-major rows, two passes over a row that stays in the first-level cache: mean, then the
// sum of squared deviations, which does not cancel as E[x^2] - E[x]^2 would.
#include <math.h>

/// Adds a vector to `sum`, or its squared distance from `mean` where `squares`.
INLINE LK_(vec) LK_(norm_add)(LK_(vec) sum, const float *x, float mean, const bool squares) {
  if (!squares) return sum + LK_(load)(x);
  const LK_(vec) deviation = LK_(load)(x) - LK_(splat)(mean);
  return sum + deviation * deviation;
}

/// The sum of the `n` values at `x`, or of their squared distances from `mean` where `squares`.
INLINE float LK_(norm_sum)(const float *x, long n, float mean, const bool squares) {
  LK_(vec) sums[LK_NORM_SUMS];
#pragma clang loop unroll(full)
  for (int i = 0; i < LK_NORM_SUMS; i++) sums[i] = LK_(splat)(0);
  long c = 0;
  for (; c + LK_NORM_SUMS * LK_WIDTH <= n; c += LK_NORM_SUMS * LK_WIDTH) {
#pragma clang loop unroll(full)
    for (int i = 0; i < LK_NORM_SUMS; i++) {
      sums[i] = LK_(norm_add)(sums[i], x + c + i * LK_WIDTH, mean, squares);
    }
  }
  for (; c + LK_WIDTH <= n; c += LK_WIDTH) sums[0] = LK_(norm_add)(sums[0], x + c, mean, squares);
#pragma clang loop unroll(full)
  for (int half = LK_NORM_SUMS / 2; half > 0; half /= 2)
#pragma clang loop unroll(full)
    for (int i = 0; i < half; i++) sums[i] += sums[i + half];
  float total = LK_(sum)(sums[0]);
  for (; c < n; c++) total += squares ? (x[c] - mean) * (x[c] - mean) : x[c];
  return total;
}

static void LK_(layer_norm)(const lk_layer_norm *a) {
  const long n = a->columns;
  const long whole = n - n % LK_WIDTH;
  const float *scale = a->scale;
  const float *shift = a->shift;
  for (long row = 0; row < a->rows; row++) {
    const float *x = a->x + row * a->x_stride;
    float *y = a->y + row * a->y_stride;
    const float mean = LK_(norm_sum)(x, n, 0, false) / (float)n;
    const float inverse = 1.0f / sqrtf(LK_(norm_sum)(x, n, mean, true) / (float)n + a->epsilon);
#pragma clang loop unroll_count(4)
    for (long c = 0; c < whole; c += LK_WIDTH) {
      LK_(vec) normal = (LK_(load)(x + c) - LK_(splat)(mean)) * LK_(splat)(inverse);
      LK_(store)(y + c, normal * LK_(load)(scale + c) + LK_(load)(shift + c));
    }
    for (long c = whole; c < n; c++) y[c] = (x[c] - mean) * inverse * scale[c] + shift[c];
  }
}
