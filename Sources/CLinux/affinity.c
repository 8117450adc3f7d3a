#include "LinuxAffinity.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

// No kernel is built for more CPUs than this (CONFIG_NR_CPUS is at most 8192 on x86-64); the search stops well above it.
enum { LARGEST_MASK = 1 << 17 };

int linux_set_affinity(const int *cpus, size_t count) {
  int largest = 0;
  for (size_t i = 0; i < count; i++) {
    if (cpus[i] < 0 || cpus[i] >= LARGEST_MASK) return -EINVAL;
    if (cpus[i] > largest) largest = cpus[i];
  }
  cpu_set_t *mask = CPU_ALLOC(largest + 1);
  if (!mask) return -ENOMEM;
  size_t size = CPU_ALLOC_SIZE(largest + 1);
  CPU_ZERO_S(size, mask);
  for (size_t i = 0; i < count; i++) CPU_SET_S(cpus[i], size, mask);
  int result = sched_setaffinity(0, size, mask) == 0 ? 0 : -errno;
  CPU_FREE(mask);
  return result;
}

static int get_affinity(pid_t thread, int *cpus, size_t capacity) {
  for (int bits = CPU_SETSIZE; bits <= LARGEST_MASK; bits *= 2) {
    cpu_set_t *mask = CPU_ALLOC(bits);
    if (!mask) return -ENOMEM;
    size_t size = CPU_ALLOC_SIZE(bits);
    CPU_ZERO_S(size, mask);
    if (sched_getaffinity(thread, size, mask) == 0) {
      size_t found = 0;
      for (int cpu = 0; cpu < bits; cpu++) {
        if (!CPU_ISSET_S(cpu, size, mask)) continue;
        if (found < capacity) cpus[found] = cpu;
        found++;
      }
      CPU_FREE(mask);
      return (int)found;
    }
    int error = errno;
    CPU_FREE(mask);
    if (error != EINVAL) return -error;  // EINVAL: the kernel's mask is larger
  }
  return -EINVAL;
}

int linux_get_affinity(int *cpus, size_t capacity) { return get_affinity(0, cpus, capacity); }

int linux_get_process_affinity(int *cpus, size_t capacity) { return get_affinity(getpid(), cpus, capacity); }

int linux_current_cpu(void) {
  int cpu = sched_getcpu();
  return cpu >= 0 ? cpu : -errno;
}
