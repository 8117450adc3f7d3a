#pragma once
#include <stddef.h>

// Gives each of the descriptors 0, 1 and 2 that is closed a place holder on which reading (0) or writing (1, 2) fails with EBADF.
void linux_hold_standard_streams(void);

// A write to a pipe without a reader now fails with EPIPE, and one beyond the file size limit with EFBIG, instead of ending the
// process by a signal; returns whether it was so for pipes before.
int linux_report_failed_writes(void);

// Ends the process by SIGPIPE.
void linux_end_by_broken_pipe(void);

// Writes all `count` bytes; waits where the descriptor does not block. 0, or the number of the error.
int linux_write(int descriptor, const void *bytes, size_t count);
