#pragma once
#include <stddef.h>

// Opens a placeholder for each of the descriptors 0, 1 and 2 that is closed. Reading (0) or writing (1, 2) it fails
// with EBADF.
void linux_hold_standard_streams(void);

// From now on a write to a pipe without a reader fails with EPIPE, and one beyond the file size limit with EFBIG,
// instead of ending the process by a signal. Returns whether this held for pipes before.
int linux_report_failed_writes(void);

// Ends the process by SIGPIPE.
void linux_end_by_broken_pipe(void);

// Writes all `count` bytes, waiting where the descriptor does not block. Returns 0, or the error number.
int linux_write(int descriptor, const void *bytes, size_t count);
