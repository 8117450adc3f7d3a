#include "LinuxStreams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

void linux_hold_standard_streams(void) {
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // open takes the lowest free descriptor, which is this one. Opened for the other direction, its use fails as if closed.
    if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0) return;
  }
}

int linux_report_failed_writes(void) {
  signal(SIGXFSZ, SIG_IGN);
  return signal(SIGPIPE, SIG_IGN) == SIG_IGN;
}

void linux_end_by_broken_pipe(void) {
  signal(SIGPIPE, SIG_DFL);
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  sigprocmask(SIG_UNBLOCK, &pipe, NULL);
  raise(SIGPIPE);
}

int linux_write(int descriptor, const void *bytes, size_t count) {
  for (size_t done = 0; done < count;) {
    ssize_t written = write(descriptor, (const char *)bytes + done, count - done);
    if (written >= 0) {
      done += (size_t)written;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      poll(&(struct pollfd){.fd = descriptor, .events = POLLOUT}, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}
