#include "CMicroBenchmarks.h"

#define FOUR(text) text text text text
#define SIXTY_FOUR(text) FOUR(FOUR(FOUR(text)))

bool microbench_dependent_adds(uint64_t count) {
  uint64_t sum = 0, one = 1;
  for (uint64_t done = 0; done < count; done += 64) {
    // Register operands: recent Intel cores execute additions of an immediate at renaming, in no time at all.
#if defined(__x86_64__)
    __asm__ volatile(SIXTY_FOUR("add %1, %0\n\t") : "+r"(sum) : "r"(one));
#elif defined(__aarch64__)
    __asm__ volatile(SIXTY_FOUR("add %0, %0, %1\n\t") : "+r"(sum) : "r"(one));
#else
    return false;
#endif
  }
  return true;
}
