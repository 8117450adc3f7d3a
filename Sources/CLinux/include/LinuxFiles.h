#pragma once
#include <stdint.h>

// Returns the magic number of the file system that `path` lies on: see statfs(2).
int64_t linux_file_system(const char *path);

// Opens the directory at `path` and locks it for this process alone. The lock ends with the process or when the
// descriptor is closed. Returns -EWOULDBLOCK where another process holds the lock.
int linux_lock_directory(const char *path);
