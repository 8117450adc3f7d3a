// Layer normalisation of token-major rows, two passes over a row that stays in the first-level cache: mean, then the
// sum of squared deviations, which does not cancel as E[x^2] - E[x]^2 would.
#include <math.h>

static void LK_(layer_norm)(const lk_layer_norm *a) {
  const long n = a->columns;
  const long whole = n - n % LK_WIDTH;
  for (long row = 0; row < a->rows; row++) {
    const float *x = a->x + row * a->x_stride;
    float *y = a->y + row * a->y_stride;

    LK_(vec) sums = LK_(splat)(0);
    for (long c = 0; c < whole; c += LK_WIDTH) sums += LK_(load)(x + c);
    float total = LK_(sum)(sums);
    for (long c = whole; c < n; c++) total += x[c];
    const float mean = total / (float)n;

    LK_(vec) squares = LK_(splat)(0);
    for (long c = 0; c < whole; c += LK_WIDTH) {
      LK_(vec) deviation = LK_(load)(x + c) - LK_(splat)(mean);
      squares += deviation * deviation;
    }
    total = LK_(sum)(squares);
    for (long c = whole; c < n; c++) total += (x[c] - mean) * (x[c] - mean);
    const float inverse = 1.0f / sqrtf(total / (float)n + a->epsilon);

    for (long c = 0; c < whole; c += LK_WIDTH) {
      LK_(vec) normal = (LK_(load)(x + c) - LK_(splat)(mean)) * LK_(splat)(inverse);
      LK_(store)(y + c, normal * LK_(load)(a->scale + c) + LK_(load)(a->shift + c));
    }
    for (long c = whole; c < n; c++) y[c] = (x[c] - mean) * inverse * a->scale[c] + a->shift[c];
  }
}
