#include "LinuxFiles.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

int64_t linux_file_system(const char *path) {
  struct statfs information;
  if (statfs(path, &information) != 0) return -errno;
  // The field is signed on some architectures; magic numbers are 32 bits.
  return (uint32_t)information.f_type;
}

int linux_lock_directory(const char *path) {
  int file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return -errno;
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    int error = errno;
    close(file);
    return -error;
  }
  return file;
}
