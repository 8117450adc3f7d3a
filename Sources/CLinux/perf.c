#include "LinuxPerf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int linux_perf_open(const void *attribute, size_t attribute_bytes, int leader) {
  struct perf_event_attr attr;
  if (attribute_bytes > sizeof attr) return -E2BIG;
  memset(&attr, 0, sizeof attr);
  memcpy(&attr, attribute, attribute_bytes);
  attr.size = sizeof attr;
  attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  attr.disabled = leader == -1;  // members follow their leader
  attr.inherit = 0;
  attr.pinned = 0;  // a pinned leader puts every later group into the error state instead of multiplexing it
  int descriptor = (int)syscall(SYS_perf_event_open, &attr, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
  return descriptor >= 0 ? descriptor : -errno;
}

int linux_perf_enable_group(int leader) {
  return ioctl(leader, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP) == 0 ? 0 : -errno;
}

int linux_perf_disable_group(int leader) {
  return ioctl(leader, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP) == 0 ? 0 : -errno;
}

int linux_perf_read(int descriptor, uint64_t counts[3]) {
  ssize_t bytes = read(descriptor, counts, 3 * sizeof counts[0]);
  if (bytes == (ssize_t)(3 * sizeof counts[0])) return 0;
  return bytes < 0 ? -errno : -EIO;  // 0 bytes: the counter went into the error state
}
