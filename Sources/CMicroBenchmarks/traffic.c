#include "paths.h"

enum { LINE = 64 };

// One access moves a whole line, so that the loop's own instructions are not the limit; only a store past the caches
// has to fill the line. The value is (1, 0, 0, 0), because some CPUs treat lines of zeros specially.
static inline void touch(microbench_traffic_kind kind, char *base, size_t half, size_t offset) {
  const baseline_vector value = {1};
  switch (kind) {
    case MICROBENCH_READS: {
      baseline_vector loaded = *(const volatile baseline_vector *)(base + offset);
      CONSUME(IN_BASELINE_REGISTER, loaded);
      break;
    }
    case MICROBENCH_COPIES: *(volatile baseline_vector *)(base + half + offset) = *(const baseline_vector *)(base + offset); break;
    case MICROBENCH_WRITES: *(volatile baseline_vector *)(base + offset) = value; break;
    case MICROBENCH_WRITES_PAST_CACHES:
      for (int part = 0; part < LINE / 16; part++) {
        __builtin_nontemporal_store(value, (baseline_vector *)(base + offset + part * 16));
      }
  }
}

static inline void pause_for(size_t additions) {
  for (size_t i = 0; i < additions; i++) __asm__ volatile("" : "+r"(i));
}

#define FOR_EACH_KIND(kind, statement)                                                   \
  switch (kind) {                                                                        \
    case MICROBENCH_READS: { const microbench_traffic_kind k = MICROBENCH_READS; statement } break;   \
    case MICROBENCH_COPIES: { const microbench_traffic_kind k = MICROBENCH_COPIES; statement } break; \
    case MICROBENCH_WRITES: { const microbench_traffic_kind k = MICROBENCH_WRITES; statement } break; \
    case MICROBENCH_WRITES_PAST_CACHES: { const microbench_traffic_kind k = MICROBENCH_WRITES_PAST_CACHES; statement } break; \
  }

static inline __attribute__((always_inline)) void traffic(
    microbench_traffic_kind kind, char *base, size_t half, size_t offset, size_t bytes, size_t pause) {
  for (size_t end = offset + bytes; offset < end; offset += MICROBENCH_STEP) {
#pragma clang loop unroll(full)
    for (int line = 0; line < MICROBENCH_STEP / LINE; line++) touch(kind, base, half, offset + (size_t)line * LINE);
    pause_for(pause);
  }
}

void microbench_traffic(
    microbench_traffic_kind kind, void *base, size_t half, size_t offset, size_t bytes, size_t pause) {
  FOR_EACH_KIND(kind, traffic(k, base, half, offset, bytes, pause);)
}

static inline __attribute__((always_inline)) void **chase(
    microbench_traffic_kind kind, void **at, size_t loads, char *base, size_t half, size_t offset, size_t lines) {
  for (; loads > 0; loads--) {
    at = *at;
    for (size_t end = offset + lines * LINE; offset < end; offset += LINE) touch(kind, base, half, offset);
  }
  return at;
}

void *microbench_chase_in_traffic(
    microbench_traffic_kind kind, void *start, size_t loads, void *base, size_t half, size_t offset, size_t lines) {
  void **at = start;
  FOR_EACH_KIND(kind, at = chase(k, at, loads, base, half, offset, lines);)
  __asm__ volatile("" ::"r"(at));
  return at;
}
