#pragma once

#include <stdbool.h>

// Fixed-arity shims for what Swift cannot express: variadic system calls, function-like macros and thread attributes.
// Unless a comment says otherwise a function returns a non-negative result, or -errno.

#include "LinuxAffinity.h"
#include "LinuxFiles.h"
#include "LinuxMemory.h"
#include "LinuxPerf.h"
#include "LinuxProcess.h"
#include "LinuxStreams.h"
#include "LinuxThreads.h"
#include "LinuxValgrind.h"

/// The file that the dynamic loader mapped at `address`, as the loader names it; NULL where it mapped none there.
const char *linux_file_of(const void *address);

/// Whether this executable was linked dynamically. A statically linked one has its own C library, and a library that
/// it loads brings a second one in another state: OpenBLAS then ends the process with SIGFPE.
bool linux_can_load_libraries(void);
