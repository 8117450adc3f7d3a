#pragma once
#include <stddef.h>

// Starts the program at `path` in `directory` (NULL: the current one) and returns its process id. `descriptors`
// become its standard input, output and error. The program is killed when the calling thread ends for any reason.
// `arguments` and `environment` end with NULL.
int linux_spawn(
    const char *path, char *const *arguments, char *const *environment, const char *directory, const int descriptors[3]);

// Waits for a child's end. Returns its exit code, or 256 + the signal that ended it.
int linux_wait(int process);

enum { LINUX_SIGNALLED = 256 };

// Waits for a child's end for at most `nanoseconds`. Returns as linux_wait does, or LINUX_RUNNING where the child
// still runs.
int linux_wait_within(int process, unsigned long long nanoseconds);

enum { LINUX_RUNNING = 1 << 16 };

// Returns a descriptor of an anonymous file in memory that holds `bytes`, positioned at its start and closed on exec.
int linux_memory_file(const void *bytes, size_t count);

// Makes a pipe, both of whose ends are closed on exec.
int linux_pipe(int ends[2]);

// From now on the first SIGINT or SIGTERM is only recorded, and passed on as SIGTERM to the process that
// `linux_pass_interrupt_to` named. Both signals are unblocked. The second one ends this process by the signal's own
// action, unless `patient`.
void linux_note_interrupts(int patient);

// Returns the signal that was recorded, 0 for none.
int linux_interrupt(void);

// Names the child that interrupts are passed to, including one that came before; 0 for none.
void linux_pass_interrupt_to(int process);
