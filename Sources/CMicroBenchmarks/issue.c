#include "CMicroBenchmarks.h"

// The scalar instructions between vector operations: loads of addresses and counters, sums, a test, a multiplication,
// a store. Only the sums depend on one another, and all data lies in the first-level cache.
bool microbench_instructions(uint64_t *words, uint64_t count) {
#if defined(__x86_64__)
  uint64_t a = 0, b = 0, c = 0, d = 0, e = 0;
  for (uint64_t done = 0; done < count; done += 14)  // two of the 14 are this loop's
    __asm__ volatile(
        "mov (%5), %0\n\t"
        "mov 8(%5), %1\n\t"
        "add $3, %2\n\t"
        "lea 7(%3), %3\n\t"
        "xor $5, %4\n\t"
        "mov 16(%5), %0\n\t"
        "add $1, %2\n\t"
        "lea 1(%3), %3\n\t"
        "cmp $-1, %1\n\t"  // never equal
        "je 1f\n\t"
        "imul $3, %1, %1\n\t"
        "mov %0, 24(%5)\n\t"
        "1:\n\t"
        : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e)
        : "r"(words)
        : "memory", "cc");
  return true;
#elif defined(__aarch64__)
  uint64_t a = 0, b = 0, c = 0, d = 0, e = 0;
  for (uint64_t done = 0; done < count; done += 14)
    __asm__ volatile(
        "ldr %0, [%5]\n\t"
        "ldr %1, [%5, #8]\n\t"
        "add %2, %2, #3\n\t"
        "add %3, %3, #7\n\t"
        "eor %4, %4, #4\n\t"
        "ldr %0, [%5, #16]\n\t"
        "add %2, %2, #1\n\t"
        "add %3, %3, #1\n\t"
        "cmn %1, #1\n\t"
        "b.eq 1f\n\t"
        "mul %1, %1, %1\n\t"
        "str %0, [%5, #24]\n\t"
        "1:\n\t"
        : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e)
        : "r"(words)
        : "memory", "cc");
  return true;
#else
  (void)words;
  (void)count;
  return false;
#endif
}
