#include "LinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Runs in the child between fork and exec, and makes only calls that are safe there.
static void become(
    const char *path, char *const *arguments, char *const *environment, const char *directory, const int descriptors[3],
    int report, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Checks for a parent that ended before the call above, which would not be reported.
  if (getppid() != parent) _exit(127);
  // The descriptors are moved out of the way first, because one of them may be 0, 1 or 2 itself.
  int moved[3];
  for (int i = 0; i < 3; i++) moved[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, 3);
  for (int i = 0; i < 3; i++) {
    if (moved[i] < 0 || dup2(moved[i], i) < 0) goto failed;
  }
  if (directory && chdir(directory) != 0) goto failed;
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  // The calling thread's mask is not inherited: a thread pool blocks signals that the program must receive.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(path, arguments, environment);
failed:;
  int error = errno;
  if (write(report, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

int linux_spawn(
    const char *path, char *const *arguments, char *const *environment, const char *directory, const int descriptors[3]) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return -errno;
  // Our handlers must not run in the child.
  sigset_t all, mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  pid_t parent = getpid();
  pid_t child = fork();
  int error = child < 0 ? errno : 0;
  if (child == 0) become(path, arguments, environment, directory, descriptors, report[1], parent);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  close(report[1]);
  // A successful exec closes the pipe.
  if (!error) {
    ssize_t count;
    do count = read(report[0], &error, sizeof error);
    while (count < 0 && errno == EINTR);
    if (count != sizeof error) error = 0;
    if (error) linux_wait(child);
  }
  close(report[0]);
  return error ? -error : child;
}

static int ending(int status) {
  return WIFSIGNALED(status) ? LINUX_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

int linux_wait(int process) {
  int status;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return -errno;
  }
  return ending(status);
}

int linux_wait_within(int process, unsigned long long nanoseconds) {
  // Most children end during the first short polls; for the others a poll every 10 ms costs nothing.
  unsigned long long waited = 0, step = 50000;
  for (;;) {
    int status;
    pid_t ended = waitpid(process, &status, WNOHANG);
    if (ended == process) return ending(status);
    if (ended < 0 && errno != EINTR) return -errno;
    if (waited >= nanoseconds) return LINUX_RUNNING;
    nanosleep(&(struct timespec){.tv_nsec = (long)step}, NULL);
    waited += step;
    if (step < 10000000) step *= 2;
  }
}

int linux_memory_file(const void *bytes, size_t count) {
  int file = memfd_create("input", MFD_CLOEXEC);
  if (file < 0) return -errno;
  for (size_t done = 0; done < count;) {
    ssize_t written = write(file, (const char *)bytes + done, count - done);
    if (written < 0 && errno != EINTR) {
      int error = errno;
      close(file);
      return -error;
    }
    if (written > 0) done += (size_t)written;
  }
  lseek(file, 0, SEEK_SET);
  return file;
}

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }

static _Atomic int noted;
static _Atomic int listener;
static _Atomic int is_patient;

static void note(int number) {
  int saved = errno;
  if (atomic_exchange(&noted, number) != 0 && !is_patient) {
    signal(number, SIG_DFL);
    raise(number);  // delivered when this handler returns
  }
  int child = listener;
  if (child > 0) kill(child, SIGTERM);
  errno = saved;
}

void linux_note_interrupts(int patient) {
  is_patient = patient;
  struct sigaction action = {.sa_handler = note};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  // The parent may have blocked them, as a pool's threads do, and the mask is inherited.
  sigset_t both;
  sigemptyset(&both);
  sigaddset(&both, SIGINT);
  sigaddset(&both, SIGTERM);
  pthread_sigmask(SIG_UNBLOCK, &both, NULL);
}

int linux_interrupt(void) { return noted; }

void linux_pass_interrupt_to(int process) {
  listener = process;
  if (process > 0 && noted) kill(process, SIGTERM);
}
