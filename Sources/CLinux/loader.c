#include "CLinux.h"

#include <dlfcn.h>

const char *linux_file_of(const void *address) {
  Dl_info info;
  return dladdr(address, &info) != 0 ? info.dli_fname : 0;
}
