#include "CMicroBenchmarks.h"

enum { LINE = 64 };

static uint64_t *line(void *base, size_t index) { return (uint64_t *)((char *)base + index * LINE); }

void microbench_link_lines(void *base, size_t lines, uint64_t seed) {
  // Sattolo's algorithm (1986) makes a permutation of exactly one cycle, so a chase visits every line. It works in
  // place: each line first holds the index of its successor.
  for (size_t i = 0; i < lines; i++) *line(base, i) = i;
  uint64_t state = seed | 1;
  for (size_t i = lines; i-- > 1;) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;  // xorshift64 (Marsaglia 2003)
    size_t j = (size_t)(((unsigned __int128)(state * 0x2545F4914F6CDD1D) * i) >> 64);
    uint64_t held = *line(base, i);
    *line(base, i) = *line(base, j);
    *line(base, j) = held;
  }
  for (size_t i = 0; i < lines; i++) *line(base, i) = (uint64_t)(uintptr_t)line(base, *line(base, i));
}

void *microbench_chase(void *start, size_t loads) {
  void **at = start;
  for (; loads >= 16; loads -= 16) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) at = *at;
  }
  for (; loads > 0; loads--) at = *at;
  __asm__ volatile("" ::"r"(at));
  return at;
}

static inline __attribute__((always_inline)) void chase_constant(void **positions, size_t chains, size_t loads) {
  void **at[16];
#pragma clang loop unroll(full)
  for (size_t c = 0; c < chains; c++) at[c] = positions[c];
  for (; loads > 0; loads--) {
#pragma clang loop unroll(full)
    for (size_t c = 0; c < chains; c++) at[c] = *at[c];
  }
#pragma clang loop unroll(full)
  for (size_t c = 0; c < chains; c++) positions[c] = at[c];
}

// Positions lie in memory, because there are more chains than registers. Store-to-load forwarding of a position costs
// a few cycles per round.
static void chase_many(void **positions, size_t chains, size_t loads) {
  for (; loads > 0; loads--) {
#pragma clang loop unroll_count(8)
    for (size_t c = 0; c < chains; c++) positions[c] = *(void **)positions[c];
  }
}

void microbench_chase_together(void **positions, size_t chains, size_t loads) {
  switch (chains) {
    // These positions lie in registers, of which there are at least 16.
    case 1: chase_constant(positions, 1, loads); break;
    case 2: chase_constant(positions, 2, loads); break;
    case 4: chase_constant(positions, 4, loads); break;
    case 8: chase_constant(positions, 8, loads); break;
    default: chase_many(positions, chains, loads);
  }
  __asm__ volatile("" ::: "memory");
}
