#pragma once
#include <stddef.h>

// Pins the calling thread to `count` CPUs.
int linux_set_affinity(const int *cpus, size_t count);

// Writes the CPUs that the calling thread may run on, ascending, and returns how many there are; at most `capacity`
// are written. The kernel's mask may be larger than cpu_set_t, so its size is found by trying.
int linux_get_affinity(int *cpus, size_t capacity);

// Reads the mask of the main thread, which the process was started with.
int linux_get_process_affinity(int *cpus, size_t capacity);

// Returns the CPU that the calling thread runs on now.
int linux_current_cpu(void);
