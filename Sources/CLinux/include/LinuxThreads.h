#pragma once
#include <stdint.h>

// Starts a thread that is pinned to `cpu` before its first instruction and runs `body(context)`.
int linux_thread_start(int cpu, void (*body)(void *), void *context, uintptr_t *thread);

// Waits for the thread's end.
int linux_thread_join(uintptr_t thread);

// Sleeps while *word == expected; returns early on a wake-up or a signal, so callers loop.
void linux_futex_wait(const void *word, uint32_t expected);

// Wakes every thread that sleeps on `word`.
void linux_futex_wake_all(const void *word);

// Returns how often the kernel has preempted the calling thread; negative on failure.
long linux_thread_preemptions(void);

// Tells the core that this is a spin loop, which frees resources for an SMT sibling and saves power.
static inline void linux_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}
