#pragma once
#include <stddef.h>
#include <stdint.h>

// Opens a counter: with a negative `cpu` on the calling thread, wherever it runs, else on that CPU for all processes.
// `attribute` is a struct perf_event_attr as encoded by libpfm or by linux_perf_attribute; the call sets its size,
// its read format (the whole group with its times) and, for a group's leader, disabled. `leader` is the leader's
// descriptor or -1. The attribute is untyped so that the kernel's header stays out of this one.
int linux_perf_open(const void *attribute, size_t attribute_bytes, int cpu, int leader);

// Writes the struct perf_event_attr of an event that sysfs describes: the PMU's type, config, config1 and config2. Returns
// its size, 0 where `attribute_bytes` are too few (LINUX_PERF_ATTRIBUTE_ROOM are enough).
enum { LINUX_PERF_ATTRIBUTE_ROOM = 256 };
size_t linux_perf_attribute(uint32_t type, const uint64_t config[3], void *attribute, size_t attribute_bytes);

// Starts or stops all counters of the leader's group together.
int linux_perf_enable_group(int leader);
int linux_perf_disable_group(int leader);

// Words before the first value of a group: number of members, time enabled, time running (ns).
enum { LINUX_PERF_HEADER = 3 };

// Reads a group at one moment: the header, then the values of its members, the leader first, the others as they were opened.
// `counts` has room for LINUX_PERF_HEADER + members words.
int linux_perf_read_group(int leader, uint64_t *counts, size_t members);
