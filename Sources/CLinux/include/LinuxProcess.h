#pragma once
#include <stddef.h>

// Starts the program at `path` in `directory` (NULL: the current one) and returns its process id. `descriptors` become its
// standard input, output and error; it is killed when the calling thread ends, however that happens. `arguments` and
// `environment` end with NULL.
int linux_spawn(
    const char *path, char *const *arguments, char *const *environment, const char *directory, const int descriptors[3]);

// Waits for a child's end: its exit code, or 256 + the signal that ended it.
int linux_wait(int process);

enum { LINUX_SIGNALLED = 256 };

// The same, but for at most `nanoseconds`: LINUX_RUNNING where it runs on.
int linux_wait_within(int process, unsigned long long nanoseconds);

enum { LINUX_RUNNING = 1 << 16 };

// A descriptor of an anonymous file in memory that holds `bytes`, read from its start; closed when another program starts.
int linux_memory_file(const void *bytes, size_t count);

// A pipe, both ends closed when another program starts.
int linux_pipe(int ends[2]);

// From now on the first SIGINT or SIGTERM is only noted, and passed on as SIGTERM to the process that
// `linux_pass_interrupt_to` named, even where they were blocked so far. The second ends this process by the signal's own action, unless `patient`.
void linux_note_interrupts(int patient);

// The signal that was noted; 0 for none.
int linux_interrupt(void);

// Names the child to be told of interrupts, one that came before included; 0 for none.
void linux_pass_interrupt_to(int process);
