#include "LinuxPerf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

size_t linux_perf_attribute(uint32_t type, const uint64_t config[3], void *attribute, size_t attribute_bytes) {
  struct perf_event_attr attr;
  if (attribute_bytes < sizeof attr) return 0;
  memset(&attr, 0, sizeof attr);  // counters outside the cores refuse to leave out privilege levels, so none is excluded
  attr.type = type;
  attr.config = config[0];
  attr.config1 = config[1];
  attr.config2 = config[2];
  memcpy(attribute, &attr, sizeof attr);
  return sizeof attr;
}

int linux_perf_open(const void *attribute, size_t attribute_bytes, int cpu, int leader) {
  struct perf_event_attr attr;
  if (attribute_bytes > sizeof attr) return -E2BIG;
  memset(&attr, 0, sizeof attr);
  memcpy(&attr, attribute, attribute_bytes);
  attr.size = sizeof attr;
  attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  attr.disabled = leader == -1;  // members follow their leader
  attr.inherit = 0;
  attr.pinned = 0;  // a pinned leader puts every later group into the error state instead of multiplexing it
  int descriptor = (int)syscall(SYS_perf_event_open, &attr, cpu < 0 ? 0 : -1, cpu, leader, PERF_FLAG_FD_CLOEXEC);
  return descriptor >= 0 ? descriptor : -errno;
}

int linux_perf_enable_group(int leader) {
  return ioctl(leader, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP) == 0 ? 0 : -errno;
}

int linux_perf_disable_group(int leader) {
  return ioctl(leader, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP) == 0 ? 0 : -errno;
}

int linux_perf_read_group(int leader, uint64_t *counts, size_t members) {
  size_t wanted = (LINUX_PERF_HEADER + members) * sizeof counts[0];
  ssize_t bytes = read(leader, counts, wanted);
  if (bytes < 0) return -errno;
  // 0 bytes mean that the group is in the error state. Another number of members means that one has joined or left
  // unexpectedly.
  return (size_t)bytes == wanted && counts[0] == members ? 0 : -EIO;
}
