// The gather from fp32 tables.
#define GATHER_(name) LK_(name)
#define ELEMENT float
#define LOAD_ROW(p) LK_(load)(p)
#define LOAD_ROW_PART(p, count) LK_(load_part)(p, count)
#define ROW_WEIGHT(t, k) scores[(t) * LK_LANES + (k)]

#include "gather.h"

#undef GATHER_
#undef ELEMENT
#undef LOAD_ROW
#undef LOAD_ROW_PART
#undef ROW_WEIGHT
