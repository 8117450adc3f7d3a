// Pairs of bf16 numbers in 32-bit lanes, the lower half the even one: the operands of vdpbf16ps, which adds the products of
// two pairs to a float. Without that instruction the pair is widened to two floats, by a shift and by a mask.
//
// Products of two bf16 numbers (8 significant bits each) are exact in a float. Widened, the odd product is added first and
// then the even one, each sum rounded to nearest: the same bits on every instruction set. vdpbf16ps rounds to nearest too, but
// its manual leaves open what happens between the two sums, and it takes denormal numbers for 0 and gives 0 for them.
typedef uint32_t LK_(uvec) __attribute__((ext_vector_type(LK_WIDTH)));

INLINE LK_(uvec) LK_(load_pairs)(const uint16_t *p) {
  LK_(uvec) v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void LK_(store_pairs)(uint16_t *p, LK_(uvec) v) { memcpy(p, &v, sizeof v); }

/// The pair at `p` in all lanes.
INLINE LK_(uvec) LK_(splat_pair)(const uint16_t *p) {
  uint32_t pair;
  memcpy(&pair, p, sizeof pair);
  return (LK_(uvec))(pair);
}

#if LK_BF16

/// Both rounded to bf16, to nearest, ties to even; denormal numbers become 0.
INLINE LK_(uvec) LK_(round_to_pairs)(LK_(vec) even, LK_(vec) odd) {
  typedef uint16_t halves __attribute__((ext_vector_type(2 * LK_WIDTH)));
  const halves v = (halves)LK_CVTNE2PS(odd, even);  // even ones first
  return (LK_(uvec))__builtin_shufflevector(
      v, v, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
      31);
}
INLINE LK_(vec) LK_(add_pair_products)(LK_(vec) sum, LK_(uvec) a, LK_(uvec) b) { return LK_DPBF16PS(sum, a, b); }

#else

/// `x` rounded to bf16, to nearest, ties to even, in the upper half of every lane; the lower half is undefined.
INLINE LK_(uvec) LK_(round_to_upper)(LK_(vec) x) {
  LK_(uvec) bits;
  memcpy(&bits, &x, sizeof bits);
  // Just below half of the last kept bit, and that bit itself: a tie carries only into an odd number.
  return bits + 0x7FFF + (bits >> 16 & 1);
}
INLINE LK_(uvec) LK_(round_to_pairs)(LK_(vec) even, LK_(vec) odd) {
  return LK_(round_to_upper)(even) >> 16 | (LK_(round_to_upper)(odd) & 0xFFFF0000u);
}
INLINE LK_(vec) LK_(add_pair_products)(LK_(vec) sum, LK_(uvec) a, LK_(uvec) b) {
  sum += (LK_(vec))(a & 0xFFFF0000u) * (LK_(vec))(b & 0xFFFF0000u);
  sum += (LK_(vec))(a << 16) * (LK_(vec))(b << 16);
  return sum;
}

#endif
