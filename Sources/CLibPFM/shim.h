// The kernel's header comes first: perfmon carries an older copy of perf_event_attr that otherwise clashes.
#include <linux/perf_event.h>
#include <perfmon/pfmlib.h>
#include <perfmon/pfmlib_perf_event.h>
