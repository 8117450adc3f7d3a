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

/// The file that the dynamic loader mapped at `address`, as the loader names it; NULL where it mapped none there.
const char *linux_file_of(const void *address);

/// Whether this executable was linked dynamically. One linked statically has a C library of its own, and a library that it
/// loads all the same brings another one, in another state: loading OpenBLAS ended such a process with SIGFPE.
bool linux_can_load_libraries(void);
