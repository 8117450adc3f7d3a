#include "LinuxThreads.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// No kernel is built for more CPUs than this; it bounds the mask that a wrong number would allocate.
enum { LARGEST_CPU = 1 << 17 };

struct start {
  void (*body)(void *);
  void *context;
};

static void *run(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  start.body(start.context);
  return NULL;
}

int linux_thread_start(int cpu, void (*body)(void *), void *context, uintptr_t *thread) {
  if (cpu < 0 || cpu >= LARGEST_CPU) return -EINVAL;
  struct start *start = malloc(sizeof *start);
  cpu_set_t *mask = CPU_ALLOC(cpu + 1);
  if (!start || !mask) {
    free(start);
    if (mask) CPU_FREE(mask);
    return -ENOMEM;
  }
  *start = (struct start){body, context};
  size_t size = CPU_ALLOC_SIZE(cpu + 1);
  CPU_ZERO_S(size, mask);
  CPU_SET_S(cpu, size, mask);

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  int error = pthread_attr_setaffinity_np(&attributes, size, mask);
  pthread_t handle = 0;
  if (!error) error = pthread_create(&handle, &attributes, run, start);
  pthread_attr_destroy(&attributes);
  CPU_FREE(mask);
  if (error) {
    free(start);
    return -error;
  }
  *thread = (uintptr_t)handle;
  return 0;
}

int linux_thread_join(uintptr_t thread) { return -pthread_join((pthread_t)thread, NULL); }

void linux_futex_wait(const void *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void linux_futex_wake_all(const void *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

long linux_thread_preemptions(void) {
  struct rusage usage;
  return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : -1;
}
