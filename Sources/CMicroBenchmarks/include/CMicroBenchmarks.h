#pragma once

// Inner loops, each bound by one limit of a core: its arithmetic, a level of its memory hierarchy, its clock. They
// neither take times nor allocate. Each is compiled for several vector widths; call `microbench_has` before using
// one.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
  // The architecture's baseline: 128-bit vectors (SSE2 or NEON).
  MICROBENCH_BASELINE = 0,
  // 256-bit vectors and fused multiply-add.
  MICROBENCH_AVX2 = 1,
  // 512-bit vectors and fused multiply-add.
  MICROBENCH_AVX512 = 2,
} microbench_path;

// Bytes that a step of the memory loops covers; sizes must be multiples of it, and addresses of 64.
enum { MICROBENCH_STEP = 512 };

// A row that is read at random must be a multiple of this many bytes: a pair of lines.
enum { MICROBENCH_ROW_STEP = 128 };

// Whether this CPU, and this build, have the path.
bool microbench_has(microbench_path path);

// Independent fp32 multiply-adds in registers; returns how many floating-point operations were done (two per lane).
double microbench_multiply_add(microbench_path path, size_t iterations);

typedef enum {
  // Pairs of bf16 products summed in fp32: vdpbf16ps of AVX512_BF16.
  MICROBENCH_BF16 = 0,
  // Fours of unsigned times signed bytes summed in 32 bits: vpdpbusd of AVX512_VNNI or AVX_VNNI.
  MICROBENCH_INT8 = 1,
} microbench_dot;

// Whether this CPU, and this build, have the dot product.
bool microbench_has_dot_product(microbench_dot type);

// Independent dot products in registers; returns how many operations were done (two per product), 0 without them.
double microbench_dot_product(microbench_dot type, size_t iterations);

// A matrix product on packed panels, as inside a BLAS: a register tile of C += A B with `depth` steps, operands loaded from
// `panels` of `a` (each depth x tile rows floats) and of `b` (each depth x tile columns floats), every panel of `a` with
// every panel of `b`, `passes` times. Returns how many floating-point operations were done. `c` takes one tile.
double microbench_product(
    microbench_path path, const float *a, size_t a_panels, const float *b, size_t b_panels, float *c, size_t depth,
    size_t passes);
// The register tile of that product: rows (a multiple of the vector) and columns.
size_t microbench_product_rows(microbench_path path);
size_t microbench_product_columns(microbench_path path);

// Reads `bytes` from `base` in order, `passes` times.
void microbench_read(microbench_path path, const void *base, size_t bytes, size_t passes);

// Writes all of `base` in order, `passes` times; through the caches, or past them (non-temporal).
void microbench_write(microbench_path path, void *base, size_t bytes, size_t passes);
void microbench_write_past_caches(microbench_path path, void *base, size_t bytes, size_t passes);

// Copies `bytes` in order, `passes` times, with ordinary stores.
void microbench_copy(microbench_path path, void *to, const void *from, size_t bytes, size_t passes);

// Reads the rows that `indices` name, one after the other; a row is a multiple of MICROBENCH_ROW_STEP bytes.
void microbench_read_rows(
    microbench_path path, const void *base, size_t row_bytes, const uint32_t *indices, size_t count);

// Number of rows that are read together, piece by piece: the number of tables of a layer of the published shape.
enum { MICROBENCH_ROW_GROUP = 128 };

// Reads the rows that `indices` name in groups of MICROBENCH_ROW_GROUP (of which `count` is a multiple): one piece of
// each row of the group before the next piece of any. A piece is a multiple of 64 bytes and divides the row.
void microbench_read_row_pieces(
    microbench_path path, const void *base, size_t row_bytes, size_t piece_bytes, const uint32_t *indices, size_t count);

// Links the 64-byte lines of `base` into one random cycle: each line begins with the address of the next.
void microbench_link_lines(void *base, size_t lines, uint64_t seed);

// Follows `loads` links from `start`, each load waiting for the one before; returns where it ends.
void *microbench_chase(void *start, size_t loads);

// Follows `loads` links of each of `chains` chains side by side, each load waiting only for the one before it on its own
// chain; `positions` holds where the chains begin and then where they end.
void microbench_chase_together(void **positions, size_t chains, size_t loads);

typedef enum {
  // Loads: every line is read.
  MICROBENCH_READS = 0,
  // Loads and as many ordinary stores: a line of the source and one of the destination are read, then the latter written.
  MICROBENCH_COPIES = 1,
  // Ordinary stores: every line is read (write-allocate), then written.
  MICROBENCH_WRITES = 2,
  // Non-temporal stores: every line is written.
  MICROBENCH_WRITES_PAST_CACHES = 3,
} microbench_traffic_kind;

// Touches every line of `bytes` (a multiple of MICROBENCH_STEP) from `base + offset` once, in order; copies write to the
// same places `half` bytes further on. After every step, `pause` iterations of an empty loop.
void microbench_traffic(
    microbench_traffic_kind kind, void *base, size_t half, size_t offset, size_t bytes, size_t pause);

// Follows `loads` links from `start` and touches the next `lines` lines, from `base + offset` on, after every link,
// without waiting for them. Returns where the chase ends.
void *microbench_chase_in_traffic(
    microbench_traffic_kind kind, void *start, size_t loads, void *base, size_t half, size_t offset, size_t lines);

// Executes `count` (a multiple of 64) additions that each wait for the one before: one per core cycle on every current
// core. Returns false where this architecture has no such loop.
bool microbench_dependent_adds(uint64_t count);

// Returns the name and version of the C compiler that built these loops.
const char *microbench_compiler(void);

// Executes `count` multiply-adds that each wait for the one before.
void microbench_dependent_multiply_adds(microbench_path path, size_t count);

// Dependent multiply-adds on each vector in `microbench_polynomials`.
enum { MICROBENCH_CHAIN = 16 };

// Replaces every number of the `bytes` (a multiple of 64) at `x` by a polynomial of it, vector after vector, `passes`
// times. How much of the chains' latency a core hides depends on the size of its scheduler window.
void microbench_polynomials(microbench_path path, float *x, size_t bytes, size_t passes);

// Multiply-adds on every vector that `microbench_busy_rows` reads. They take about as long as a current core takes to
// read the vector from its second-level cache, so that incomplete overlap of the two shows.
enum { MICROBENCH_ROW_MULTIPLY_ADDS = 3 };

// Reads rows as `microbench_read_rows` does, and adds up multiples of their numbers.
void microbench_busy_rows(
    microbench_path path, const void *base, size_t row_bytes, const uint32_t *indices, size_t count);

// Executes about `count` instructions of several kinds with few dependencies, with loads from and a store to the four
// `words`, which must be 0. Returns false where this architecture has no such loop.
bool microbench_instructions(uint64_t *words, uint64_t count);
