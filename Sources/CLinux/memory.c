#include "LinuxMemory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14; older C libraries do not name it
#endif

int linux_map_guarded(size_t bytes, size_t alignment, struct linux_mapping *mapping) {
  if (bytes > SIZE_MAX - 2 * alignment) return -ENOMEM;
  // One alignment for the guard below (and for aligning the base), one for the guard above.
  size_t reserved = bytes + 2 * alignment;
  void *reservation = mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reservation == MAP_FAILED) return -errno;
  uintptr_t base = ((uintptr_t)reservation + alignment) & ~(uintptr_t)(alignment - 1);
  if (mprotect((void *)base, bytes, PROT_READ | PROT_WRITE) != 0) {
    int error = errno;
    munmap(reservation, reserved);
    return -error;
  }
  *mapping = (struct linux_mapping){(void *)base, reservation, reserved};
  return 0;
}

int linux_map_hugetlb(size_t bytes, struct linux_mapping *mapping) {
  void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
  if (base == MAP_FAILED) return -errno;
  *mapping = (struct linux_mapping){base, base, bytes};
  return 0;
}

void linux_unmap(const struct linux_mapping *mapping) { munmap(mapping->reservation, mapping->reserved_bytes); }

int linux_advise_huge_pages(void *base, size_t bytes, int enable) {
  return madvise(base, bytes, enable ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) == 0 ? 0 : -errno;
}

int linux_populate(void *base, size_t bytes) {
  return madvise(base, bytes, MADV_POPULATE_WRITE) == 0 ? 0 : -errno;
}

void linux_touch(void *base, size_t bytes, size_t stride) {
  // Read at run time: the compiler turns an atomic addition of a constant 0 into a load, which maps the shared zero page.
  // Addition, because an unoptimised atomic OR is a loop that loads first, and then every page faults twice.
  volatile unsigned char unknown = 0;
  unsigned char zero = unknown;
  for (size_t offset = 0; offset < bytes; offset += stride) {
    atomic_fetch_add_explicit((_Atomic unsigned char *)base + offset, zero, memory_order_relaxed);
  }
}
