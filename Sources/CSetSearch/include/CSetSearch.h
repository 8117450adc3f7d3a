#ifndef LOOKAHEAD_CSETSEARCH_H
#define LOOKAHEAD_CSETSEARCH_H

// Two instructions of the cache simulator's inner loop that Swift cannot express.

#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/// Prefetches the cache line at `address`.
static inline void prefetch_line(const void *address) { __builtin_prefetch(address); }

/// Returns a bit for each of the 16 bytes, set where it equals `byte`.
static inline uint32_t bytes_equal(const uint8_t *bytes, uint8_t byte) {
#ifdef __SSE2__
  const __m128i all = _mm_loadu_si128((const __m128i *)bytes);
  return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_set1_epi8((char)byte)));
#else
  uint32_t bits = 0;
  for (int i = 0; i < 16; i++) bits |= (uint32_t)(bytes[i] == byte) << i;
  return bits;
#endif
}

#endif
