#pragma once
#include <stdbool.h>

// Requests of a program to the valgrind that runs it, in the instruction sequence that valgrind's manual documents
// ("The Client Request mechanism") and its BSD-licensed header valgrind.h spells out for x86-64: four rotations of
// RDI that together change nothing, then an exchange of RBX with itself. Outside valgrind, and on other
// architectures, each is a few instructions that do nothing.

enum {
  LINUX_VALGRIND_RUNNING = 0x1001,
  // Callgrind's own start at 'C' << 24 | 'T' << 16.
  LINUX_CALLGRIND_TOGGLE_COLLECT = 0x43540002,
  LINUX_CALLGRIND_START_INSTRUMENTATION = 0x43540004,
  LINUX_CALLGRIND_STOP_INSTRUMENTATION = 0x43540005,
};

static inline unsigned long long linux_valgrind_request(unsigned long long request) {
#if defined(__x86_64__)
  // The request and its five arguments; RAX points at them, RDX holds the answer outside valgrind, and takes
  // valgrind's own.
  volatile unsigned long long words[6] = {request, 0, 0, 0, 0, 0};
  volatile unsigned long long answer;
  __asm__ volatile(
      "rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi\n\t"
      "xchgq %%rbx, %%rbx"
      : "=d"(answer)
      : "a"(&words[0]), "0"(0ULL)
      : "cc", "memory");
  return answer;
#else
  (void)request;
  return 0;
#endif
}

// Whether valgrind runs this process.
static inline bool linux_runs_under_valgrind(void) { return linux_valgrind_request(LINUX_VALGRIND_RUNNING) != 0; }

// Starts or ends the simulation of caches, and counting where it is switched on, for all threads.
static inline void linux_callgrind_start(void) { linux_valgrind_request(LINUX_CALLGRIND_START_INSTRUMENTATION); }
static inline void linux_callgrind_stop(void) { linux_valgrind_request(LINUX_CALLGRIND_STOP_INSTRUMENTATION); }

// Switches counting on or off for the calling thread; caches are simulated meanwhile.
static inline void linux_callgrind_toggle(void) { linux_valgrind_request(LINUX_CALLGRIND_TOGGLE_COLLECT); }
