// Walsh-Hadamard stages over lane groups: butterflies between whole features, so no shuffles. Three stages at a time
// (radix 8) halve the passes over the data; one or two remaining stages run as radix 2 or 4.

INLINE void LK_(butterflies)(float *lanes, long length, long stride, const int radix) {
  for (long base = 0; base < length; base += radix * stride)
    for (long k = 0; k < stride * LK_LANES; k += LK_WIDTH) {
      float *p = lanes + base * LK_LANES + k;
      LK_(vec) v[8];
#pragma clang loop unroll(full)
      for (int i = 0; i < radix; i++) v[i] = LK_(load)(p + i * stride * LK_LANES);
#pragma clang loop unroll(full)
      for (int half = 1; half < radix; half *= 2)
#pragma clang loop unroll(full)
        for (int i = 0; i < radix; i++)
          if ((i & half) == 0) {
            LK_(vec) a = v[i];
            LK_(vec) b = v[i + half];
            v[i] = a + b;
            v[i + half] = a - b;
          }
#pragma clang loop unroll(full)
      for (int i = 0; i < radix; i++) LK_(store)(p + i * stride * LK_LANES, v[i]);
    }
}

static void LK_(hadamard)(const lk_hadamard *a) {
  for (long g = 0; g < a->groups; g++) {
    float *lanes = a->lanes + g * a->group_stride;
    long stride = a->first_stride;
    while (stride < a->length) {
      const long stages = __builtin_ctzl((unsigned long)(a->length / stride));
      if (stages >= 3 && stages != 4) {
        LK_(butterflies)(lanes, a->length, stride, 8);
        stride *= 8;
      } else if (stages >= 2) {
        LK_(butterflies)(lanes, a->length, stride, 4);
        stride *= 4;
      } else {
        LK_(butterflies)(lanes, a->length, stride, 2);
        stride *= 2;
      }
    }
  }
}
