#include "CLinux.h"

#include <dlfcn.h>
#include <link.h>

const char *linux_file_of(const void *address) {
  Dl_info info;
  return dladdr(address, &info) != 0 ? info.dli_fname : 0;
}

// The program is the first object. Returns 1 if it has an interpreter, -1 if not.
static int interpreter_of_first(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size;
  (void)unused;
  for (int i = 0; i < object->dlpi_phnum; i++)
    if (object->dlpi_phdr[i].p_type == PT_INTERP) return 1;
  return -1;
}

bool linux_can_load_libraries(void) { return dl_iterate_phdr(interpreter_of_first, 0) > 0; }
