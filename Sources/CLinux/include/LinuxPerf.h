#pragma once
#include <stddef.h>
#include <stdint.h>

// Opens a counter on the calling thread, on whichever CPU it runs. `attribute` is a struct perf_event_attr as encoded by
// libpfm; this sets its size, read format (value, time enabled, time running) and, for a group's leader, disabled.
// `leader` is the leader's descriptor or -1. The attribute is untyped so that the kernel's header stays out of this one.
int linux_perf_open(const void *attribute, size_t attribute_bytes, int leader);

// Start and stop all counters of the leader's group together.
int linux_perf_enable_group(int leader);
int linux_perf_disable_group(int leader);

// Reads value, time enabled and time running (ns) of one counter.
int linux_perf_read(int descriptor, uint64_t counts[3]);
