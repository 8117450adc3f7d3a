#pragma once
#include <stdint.h>

// The magic number of the file system that `path` lies on: see statfs(2).
int64_t linux_file_system(const char *path);

// Opens the directory at `path` and locks it for this process alone; the lock goes with the process, or when the descriptor
// is closed. -EWOULDBLOCK where another one holds it.
int linux_lock_directory(const char *path);
