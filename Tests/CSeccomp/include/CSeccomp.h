#pragma once

// Denies mbind and move_pages to the calling thread for the rest of its life, with the error number `code`: what the seccomp
// profile of a container does to a process. Returns 0 or -errno.
int seccomp_deny_placement(int code);
