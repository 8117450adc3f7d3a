#pragma once
#include <stddef.h>

// An anonymous mapping: the usable bytes, and the address range to give back to the kernel.
struct linux_mapping {
  void *base;
  void *reservation;
  size_t reserved_bytes;
};

// Maps `bytes` readable and writable, aligned to `alignment` (a power of two, at least a page) with an inaccessible guard
// on both sides: the kernel cannot merge it with a neighbour, so smaps describes exactly this mapping.
int linux_map_guarded(size_t bytes, size_t alignment, struct linux_mapping *mapping);

// Maps `bytes` (a multiple of the huge page size) of the kernel's default huge pages, reserved but not yet touched.
int linux_map_hugetlb(size_t bytes, struct linux_mapping *mapping);

void linux_unmap(const struct linux_mapping *mapping);

// Asks for (enable != 0) or refuses transparent huge pages.
int linux_advise_huge_pages(void *base, size_t bytes, int enable);

// Faults in every page for writing (Linux 5.14). Returns an error where a page cannot be allocated; contents stay.
int linux_populate(void *base, size_t bytes);

// Writes to one byte of every `stride` without changing it: one write fault per page that is not there yet. An atomic
// addition of 0, because a read first would map the shared zero page and fault twice.
void linux_touch(void *base, size_t bytes, size_t stride);
