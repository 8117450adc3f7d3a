// Every micro-kernel of every instruction set that this CPU offers, against naive loops in double precision.
//
//   parity [--slack] [isa...]
//
// With names it also checks that exactly these paths are offered, which proves the dispatch. `--slack` leaves 64
// readable bytes behind every buffer, for an emulator that reads more than the instruction does.
//
// A plain program, built and run by scripts/test-kernels, so that it runs under sanitizers and emulators too. Buffers
// are as long as the contract in CKernels.h says and not a float longer: they end at an unreadable page, or are heap
// blocks of the address sanitizer. Gaps between rows are NaN, so that a value read from one shows; where a kernel
// writes, gaps must keep their bits.
//
// With avx512_emulation.h included before it, the code of the AVX-512 paths runs on a CPU with AVX2.
//
// Per operation it prints the number of cases, and in brackets the largest error as a share of the tolerance. Sums of
// whole numbers, transforms and transposes must be exact, codes too except where rounding decides the sign of a
// projection; other tolerances are stated where they are used.
#include <CKernels.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/// Spacing of floats just above 1: twice the largest rounding error of one operation on values near 1.
static const double ulp = 0x1p-23;

// MARK: - Cases

static long passed, failed;
static long cases_of_operation;
/// Largest error of the current operation, as a share of its tolerance.
static double worst;
static char description[256];
static char first_mismatch[128];

static void begin(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(description, sizeof description, format, arguments);
  va_end(arguments);
  first_mismatch[0] = 0;
}

static void mismatch(const char *what, long index, double actual, double expected) {
  if (first_mismatch[0]) return;
  snprintf(first_mismatch, sizeof first_mismatch, "%s %ld is %.9g, expected %.9g", what, index, actual, expected);
}

/// |actual - expected| <= tolerance; a NaN is never near.
static void near(const char *what, long index, float actual, double expected, double tolerance) {
  const double error = fabs((double)actual - expected);
  if (!(error <= tolerance))
    mismatch(what, index, actual, expected);
  else if (tolerance > 0 && error / tolerance > worst)
    worst = error / tolerance;
}

static void release_buffers(void);

static void end(void) {
  cases_of_operation++;
  if (first_mismatch[0]) {
    if (++failed <= 20) printf("FAILED %s: %s\n", description, first_mismatch);
  } else {
    passed++;
  }
  release_buffers();
}

/// A kernel that leaves its buffers dies here, with the case that did it.
static void crashed(int number) {
  char line[400];
  const int length = snprintf(line, sizeof line, "FAILED %s: killed by signal %d\n", description, number);
  if (write(STDOUT_FILENO, line, (size_t)length) < 0) _exit(3);
  _exit(2);
}

// MARK: - Buffers

enum { SLOTS = 9, SLOT_BYTES = 8 << 20 };
static char *slots[SLOTS];
static int slots_used;
static size_t slack;

/// A buffer of exactly `count` 4-byte elements, each a NaN whose bits no arithmetic yields.
static void *buffer(long count) {
  const size_t bytes = (size_t)count * 4;
  if (slots_used == SLOTS || bytes + slack > SLOT_BYTES) abort();
  char *start;
  if (SANITIZED) {
    slots[slots_used] = start = malloc(bytes);
    if (!start) abort();
  } else {
    // Ends where the unreadable page begins.
    if (!slots[slots_used]) {
      const size_t page = (size_t)sysconf(_SC_PAGESIZE);
      char *mapped = mmap(0, SLOT_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (mapped == MAP_FAILED || mprotect(mapped + SLOT_BYTES, page, PROT_NONE) != 0) abort();
      slots[slots_used] = mapped + SLOT_BYTES;
    }
    start = slots[slots_used] - slack - bytes;
  }
  slots_used++;
  const uint32_t untouched = 0x7fc5a5a5;
  for (long i = 0; i < count; i++) memcpy(start + i * 4, &untouched, 4);
  return start;
}

static void release_buffers(void) {
  if (SANITIZED)
    for (int i = 0; i < slots_used; i++) free(slots[i]);
  slots_used = 0;
}

static void is_untouched(const char *what, const float *p, long from, long to) {
  for (long i = from; i < to; i++) {
    uint32_t bits;
    memcpy(&bits, p + i, 4);
    if (bits != 0x7fc5a5a5) mismatch(what, i, p[i], NAN);
  }
}

// MARK: - Random values, the same on every machine

static uint64_t state;

static uint64_t draw(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 2685821657736338717u;
}

/// A whole number in low...high.
static long whole(long low, long high) { return low + (long)((draw() >> 33) % (uint64_t)(high - low + 1)); }
static bool coin(void) { return whole(0, 1); }
static float real(void) { return (float)whole(-1000000, 1000000) / 500000.0f; }

/// `exact`: small whole numbers, whose products and sums a float holds exactly in any order of addition.
static float value(bool exact) { return exact ? (float)whole(-9, 9) : real(); }

static void fill(float *p, long count, bool exact) {
  for (long i = 0; i < count; i++) p[i] = value(exact);
}

static long buffer_floats(long rows, long stride, long columns) { return (rows - 1) * stride + columns; }

/// `rows` rows of `columns` values; the gaps between them stay NaN.
static float *matrix(long rows, long stride, long columns, bool exact) {
  float *p = buffer(buffer_floats(rows, stride, columns));
  for (long r = 0; r < rows; r++) fill(p + r * stride, columns, exact);
  return p;
}

/// Tolerance of a sum of `terms` terms of total magnitude `magnitude`: rounding errors add up like a random walk.
static double sum_tolerance(bool exact, long terms, double magnitude) {
  return exact ? 0 : ulp * (4 + sqrt((double)terms)) * magnitude;
}

// MARK: - Operations

static void layer_norm_case(const lk_kernels *kernels, long rows, long columns) {
  const long x_stride = columns + whole(0, 5);
  const long y_stride = columns + whole(0, 5);
  float *x = matrix(rows, x_stride, columns, false);
  float *scale = matrix(1, 0, columns, false);
  float *shift = matrix(1, 0, columns, false);
  float *y = buffer(buffer_floats(rows, y_stride, columns));
  for (long r = 0; r < rows; r++) {
    const float offset = coin() ? 10 * real() : 0;
    const float spread = whole(0, 7) == 0 ? 0 : 1;  // at times a row of one value: variance 0
    for (long c = 0; c < columns; c++) x[r * x_stride + c] = offset + spread * x[r * x_stride + c];
  }
  const lk_layer_norm a = {
      .x = x, .x_stride = x_stride, .y = y, .y_stride = y_stride, .rows = rows, .columns = columns, .scale = scale,
      .shift = shift, .epsilon = 1e-5f};
  begin("layer_norm rows=%ld columns=%ld strides=%ld,%ld", rows, columns, x_stride, y_stride);
  kernels->layer_norm(&a);

  for (long r = 0; r < rows; r++) {
    double mean = 0, variance = 0, largest = 0;
    for (long c = 0; c < columns; c++) mean += x[r * x_stride + c];
    mean /= (double)columns;
    for (long c = 0; c < columns; c++) {
      const double deviation = x[r * x_stride + c] - mean;
      variance += deviation * deviation;
      largest = fmax(largest, fabs(x[r * x_stride + c]));
    }
    const double inverse = 1 / sqrt(variance / (double)columns + (double)a.epsilon);
    const double relative = ulp * (4 + sqrt((double)columns));
    for (long c = 0; c < columns; c++) {
      const double normal = (x[r * x_stride + c] - mean) * inverse;
      // The mean's rounding moves every deviation; the deviation and the scaling round once more.
      const double normal_error = relative * (largest * inverse * (1 + fabs(normal)) + fabs(normal));
      near(
          "y", r * y_stride + c, y[r * y_stride + c], normal * scale[c] + shift[c],
          fabs(scale[c]) * normal_error + ulp * (fabs(normal * scale[c]) + fabs(shift[c])));
    }
    if (r + 1 < rows) is_untouched("gap of y", y, r * y_stride + columns, (r + 1) * y_stride);
  }
  end();
}

static void layer_norm(const lk_kernels *kernels) {
  for (long rows = 1; rows <= 16; rows++)
    for (long columns = 1; columns <= 300; columns++) layer_norm_case(kernels, rows, columns);
}

static void to_lanes_case(const lk_kernels *kernels, long rows, long columns) {
  const long stride = columns + whole(0, 5);
  const long padded = columns + (coin() ? whole(0, 20) : 0);
  float *x = matrix(rows, stride, columns, false);
  float *lanes = buffer(padded * LK_LANES);
  const lk_to_lanes a = {
      .x = x, .x_stride = stride, .lanes = lanes, .rows = rows, .columns = columns, .padded_columns = padded};
  begin("to_lanes rows=%ld columns=%ld padded=%ld stride=%ld", rows, columns, padded, stride);
  kernels->to_lanes(&a);

  for (long c = 0; c < padded; c++)
    for (long r = 0; r < LK_LANES; r++)
      near("lane", c * LK_LANES + r, lanes[c * LK_LANES + r], r < rows && c < columns ? x[r * stride + c] : 0, 0);
  end();
}

static void to_lanes(const lk_kernels *kernels) {
  for (long rows = 1; rows <= LK_LANES; rows++)
    for (long columns = 1; columns <= 300; columns++) to_lanes_case(kernels, rows, columns);
}

static void block_product_case(const lk_kernels *kernels, long size, long blocks, long groups) {
  const bool exact = coin();
  const long features = blocks * size * LK_LANES;
  const long x_stride = features + (coin() ? whole(0, 40) : 0);
  const long y_stride = features + (coin() ? whole(0, 40) : 0);
  const long pack = size < LK_OUTPUT_PACK ? size : LK_OUTPUT_PACK;
  float *weights = matrix(1, 0, blocks * size * size, exact);
  float *x = matrix(groups, x_stride, features, exact);
  float *y = buffer(buffer_floats(groups, y_stride, features));
  const lk_block_product a = {
      .weights = weights, .x = x, .x_group_stride = x_stride, .y = y, .y_group_stride = y_stride, .blocks = blocks,
      .block_size = size, .groups = groups};
  begin("block_product size=%ld blocks=%ld groups=%ld strides=%ld,%ld", size, blocks, groups, x_stride, y_stride);
  kernels->block_product(&a);

  for (long g = 0; g < groups; g++) {
    for (long block = 0; block < blocks; block++)
      for (long o = 0; o < size; o++)
        for (long lane = 0; lane < LK_LANES; lane++) {
          double sum = 0, magnitude = 0;
          for (long i = 0; i < size; i++) {
            const double term = (double)weights[((block * (size / pack) + o / pack) * size + i) * pack + o % pack] *
                                x[g * x_stride + (block * size + i) * LK_LANES + lane];
            sum += term;
            magnitude += fabs(term);
          }
          const long index = g * y_stride + (block * size + o) * LK_LANES + lane;
          near("y", index, y[index], sum, sum_tolerance(exact, size, magnitude));
        }
    if (g + 1 < groups) is_untouched("gap of y", y, g * y_stride + features, (g + 1) * y_stride);
  }
  end();
}

static void block_product(const lk_kernels *kernels) {
  // The packing admits sizes up to LK_OUTPUT_PACK and its multiples.
  for (long size = 1; size <= 64; size += size < LK_OUTPUT_PACK ? 1 : LK_OUTPUT_PACK)
    for (long blocks = 1; blocks <= 3; blocks++)
      for (long groups = 1; groups <= 5; groups++) block_product_case(kernels, size, blocks, groups);
}

static void block_product_rows_case(const lk_kernels *kernels, long size, long blocks, long tokens) {
  const bool exact = coin();
  const long features = blocks * size;
  const long x_stride = features + (coin() ? whole(0, 40) : 0);
  const long y_stride = features + (coin() ? whole(0, 40) : 0);
  float *weights = matrix(1, 0, blocks * size * size, exact);
  float *x = matrix(tokens, x_stride, features, exact);
  float *y = buffer(buffer_floats(tokens, y_stride, features));
  const lk_block_product_rows a = {
      .weights = weights, .x = x, .x_stride = x_stride, .y = y, .y_stride = y_stride, .blocks = blocks,
      .block_size = size, .tokens = tokens};
  begin("block_product_rows size=%ld blocks=%ld tokens=%ld strides=%ld,%ld", size, blocks, tokens, x_stride, y_stride);
  kernels->block_product_rows(&a);

  for (long k = 0; k < tokens; k++) {
    for (long block = 0; block < blocks; block++)
      for (long o = 0; o < size; o++) {
        double sum = 0, magnitude = 0;
        for (long i = 0; i < size; i++) {
          const long pack = block * (size / LK_OUTPUT_PACK) + o / LK_OUTPUT_PACK;
          const double term = (double)weights[(pack * size + i) * LK_OUTPUT_PACK + o % LK_OUTPUT_PACK] *
                              x[k * x_stride + block * size + i];
          sum += term;
          magnitude += fabs(term);
        }
        const long index = k * y_stride + block * size + o;
        near("y", index, y[index], sum, sum_tolerance(exact, size, magnitude));
      }
    if (k + 1 < tokens) is_untouched("gap of y", y, k * y_stride + features, (k + 1) * y_stride);
  }
  end();
}

static void block_product_rows(const lk_kernels *kernels) {
  for (long size = LK_OUTPUT_PACK; size <= 128; size += LK_OUTPUT_PACK)
    for (long blocks = 1; blocks <= 3; blocks++)
      for (long tokens = 1; tokens <= 9; tokens++) block_product_rows_case(kernels, size, blocks, tokens);
}

/// The number that `x` rounds to in bf16, to nearest, ties to even.
static float rounded_to_bf16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const uint32_t rest = bits & 0xffffu;
  bits &= 0xffff0000u;
  if (rest > 0x8000u || (rest == 0x8000u && (bits >> 16 & 1))) bits += 0x10000u;
  memcpy(&x, &bits, sizeof bits);
  return x;
}

/// `count` bf16 numbers, in 4-byte elements; `exact` ones are whole numbers.
static uint16_t *bf16_weights(long count, bool exact) {
  uint16_t *p = buffer((count + 1) / 2);
  for (long i = 0; i < count; i++) {
    float x = whole(0, 31) == 0 && !exact ? 1e-39f : value(exact);
    x = rounded_to_bf16(x);
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    p[i] = (uint16_t)(bits >> 16);
  }
  return p;
}

static float widened(uint16_t x) {
  const uint32_t bits = (uint32_t)x << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// Inputs that must be rounded: ties, both ways, a carry into the exponent, and next to nothing.
static void add_bf16_specials(float *p, long count) {
  static const float special[] = {0x1.01p0f, 0x1.03p0f, -0x1.01p0f, 0x1.ffp0f, 1e-40f, -0x1p-126f, 0x1.0100002p0f};
  for (long i = 0; i < count; i++)
    if (whole(0, 7) == 0) p[i] = special[whole(0, 6)];
}

/// Input `i` of output `o` of a block among the packed weights.
static long bf16_weight_place(long size, long block, long o, long i) {
  const long pack = size < LK_BF16_OUTPUT_PACK ? size : LK_BF16_OUTPUT_PACK;
  const long half = (size + 1) / 2;
  return (block * size * half + o / pack * pack * half + i / 2 * pack + o % pack) * 2 + i % 2;
}

/// Whether the path under test multiplies bf16 numbers that it has widened to floats.
static bool widens;

/// Expects what a sum of `size` products gives whose inputs are `x_stride` floats apart; of a path that widens to the bit,
/// where nothing underflows: the odd product of a pair first, then the even one.
static void bf16_sum(
    float actual, long index, const uint16_t *weights, long size, long block, long o, const float *x, long x_stride,
    bool exact) {
  double sum = 0, magnitude = 0, underflow = 0;
  float in_order = 0;
  bool is_large = true;
  for (long i = 0; i < size; i += 2)
    for (long k = i + 1 < size ? i + 1 : i; k >= i; k--) {
      const double w = widened(weights[bf16_weight_place(size, block, o, k)]), v = rounded_to_bf16(x[k * x_stride]);
      is_large &= (w == 0 || fabs(w) > 0x1p-40) && (v == 0 || fabs(v) > 0x1p-40);
      // Products are exact, and a sum of two floats is rounded once whether or not it passes through a double.
      in_order = (float)(in_order + w * v);
    }
  for (long i = 0; i < size; i++) {
    const double w = widened(weights[bf16_weight_place(size, block, o, i)]), v = rounded_to_bf16(x[i * x_stride]);
    sum += w * v;
    magnitude += fabs(w * v);
    // vdpbf16ps takes denormal operands for 0 and makes 0 of denormal sums.
    underflow += 0x1p-126 * (1 + fabs(w)) * (1 + fabs(v));
  }
  near("y", index, actual, sum, exact ? 0 : sum_tolerance(false, size, magnitude) + underflow);
  if (widens && is_large && actual != in_order) mismatch("y, bit for bit,", index, actual, in_order);
}

static void block_product_bf16_case(const lk_kernels *kernels, long size, long blocks, long groups) {
  const bool exact = coin();
  const long features = blocks * size * LK_LANES;
  const long half = (size + 1) / 2;
  const long x_stride = features + (coin() ? whole(0, 40) : 0);
  const long y_stride = features + (coin() ? whole(0, 40) : 0);
  uint16_t *weights = bf16_weights(blocks * size * half * 2, exact);
  if (size % 2)
    for (long block = 0; block < blocks; block++)
      for (long o = 0; o < size; o++) weights[bf16_weight_place(size, block, o, size - 1) + 1] = 0;
  float *x = matrix(groups, x_stride, features, exact);
  if (!exact)
    for (long g = 0; g < groups; g++) add_bf16_specials(x + g * x_stride, features);
  float *y = buffer(buffer_floats(groups, y_stride, features));
  const lk_block_product_bf16 a = {
      .weights = weights, .x = x, .x_group_stride = x_stride, .y = y, .y_group_stride = y_stride, .blocks = blocks,
      .block_size = size, .groups = groups, .pairs = buffer(2 * LK_LANES * half)};
  begin("block_product_bf16 size=%ld blocks=%ld groups=%ld strides=%ld,%ld", size, blocks, groups, x_stride, y_stride);
  kernels->block_product_bf16(&a);

  for (long g = 0; g < groups; g++) {
    for (long block = 0; block < blocks; block++)
      for (long o = 0; o < size; o++)
        for (long lane = 0; lane < LK_LANES; lane++) {
          const long index = g * y_stride + (block * size + o) * LK_LANES + lane;
          const float *inputs = x + g * x_stride + block * size * LK_LANES + lane;
          bf16_sum(y[index], index, weights, size, block, o, inputs, LK_LANES, exact);
        }
    if (g + 1 < groups) is_untouched("gap of y", y, g * y_stride + features, (g + 1) * y_stride);
  }
  end();
}

static void block_product_bf16(const lk_kernels *kernels) {
  // The packing admits sizes up to LK_BF16_OUTPUT_PACK and its multiples.
  for (long size = 1; size <= 64; size += size < LK_BF16_OUTPUT_PACK ? 1 : LK_BF16_OUTPUT_PACK)
    for (long blocks = 1; blocks <= 3; blocks++)
      for (long groups = 1; groups <= 5; groups++) block_product_bf16_case(kernels, size, blocks, groups);
}

static void block_product_bf16_rows_case(const lk_kernels *kernels, long size, long blocks, long tokens) {
  const bool exact = coin();
  const long features = blocks * size;
  const long x_stride = features + (coin() ? whole(0, 40) : 0);
  const long y_stride = features + (coin() ? whole(0, 40) : 0);
  uint16_t *weights = bf16_weights(blocks * size * size, exact);
  float *x = matrix(tokens, x_stride, features, exact);
  if (!exact)
    for (long k = 0; k < tokens; k++) add_bf16_specials(x + k * x_stride, features);
  float *y = buffer(buffer_floats(tokens, y_stride, features));
  const lk_block_product_bf16_rows a = {
      .weights = weights, .x = x, .x_stride = x_stride, .y = y, .y_stride = y_stride, .blocks = blocks,
      .block_size = size, .tokens = tokens, .pairs = buffer(2 * size)};
  // The same tokens over lane groups.
  float *lanes = buffer(features * LK_LANES), *results = buffer(features * LK_LANES);
  const lk_block_product_bf16 grouped = {
      .weights = weights, .x = lanes, .x_group_stride = features * LK_LANES, .y = results,
      .y_group_stride = features * LK_LANES, .blocks = blocks, .block_size = size, .groups = 1,
      .pairs = buffer(LK_LANES * size)};
  for (long i = 0; i < features * LK_LANES; i++)
    lanes[i] = i % LK_LANES < tokens ? x[i % LK_LANES * x_stride + i / LK_LANES] : 0;
  begin("block_product_bf16_rows size=%ld blocks=%ld tokens=%ld strides=%ld,%ld", size, blocks, tokens, x_stride, y_stride);
  kernels->block_product_bf16_rows(&a);
  kernels->block_product_bf16(&grouped);

  for (long k = 0; k < tokens; k++) {
    for (long block = 0; block < blocks; block++)
      for (long o = 0; o < size; o++) {
        const long feature = block * size + o, index = k * y_stride + feature;
        bf16_sum(y[index], index, weights, size, block, o, x + k * x_stride + block * size, 1, exact);
        const float alike = results[feature * LK_LANES + k];
        if (memcmp(&alike, y + index, sizeof alike) != 0) mismatch("y against lane groups", index, y[index], alike);
      }
    if (k + 1 < tokens) is_untouched("gap of y", y, k * y_stride + features, (k + 1) * y_stride);
  }
  end();
}

static void block_product_bf16_rows(const lk_kernels *kernels) {
  for (long size = LK_BF16_OUTPUT_PACK; size <= 128; size += LK_BF16_OUTPUT_PACK)
    for (long blocks = 1; blocks <= 3; blocks++)
      for (long tokens = 1; tokens <= 9; tokens++) block_product_bf16_rows_case(kernels, size, blocks, tokens);
}

static void hadamard_case(const lk_kernels *kernels, long length, long first_stride, long groups) {
  const long group_stride = length * LK_LANES + (coin() ? whole(0, 40) : 0);
  // Whole numbers: 1024 of them sum exactly, so the transform must be exact.
  float *lanes = matrix(groups, group_stride, length * LK_LANES, true);
  const size_t bytes = (size_t)buffer_floats(groups, group_stride, length * LK_LANES) * sizeof(float);
  float *before = buffer((long)bytes / 4);
  memcpy(before, lanes, bytes);
  const lk_hadamard a = {
      .lanes = lanes, .length = length, .first_stride = first_stride, .groups = groups, .group_stride = group_stride};
  begin("hadamard length=%ld first_stride=%ld groups=%ld group_stride=%ld", length, first_stride, groups, group_stride);
  kernels->hadamard(&a);

  for (long g = 0; g < groups; g++) {
    for (long i = 0; i < length; i++) {
      double sum[LK_LANES] = {0};
      // Sylvester order: the sign is the parity of the bits that both indices have, above those left out.
      for (long j = i % first_stride; j < length; j += first_stride) {
        const double sign = __builtin_parityl((unsigned long)(i & j) / (unsigned long)first_stride) ? -1 : 1;
        for (long lane = 0; lane < LK_LANES; lane++) sum[lane] += sign * before[g * group_stride + j * LK_LANES + lane];
      }
      for (long lane = 0; lane < LK_LANES; lane++) {
        const long index = g * group_stride + i * LK_LANES + lane;
        near("lane", index, lanes[index], sum[lane], 0);
      }
    }
    if (g + 1 < groups) is_untouched("gap", lanes, g * group_stride + length * LK_LANES, (g + 1) * group_stride);
  }
  end();
}

static void hadamard(const lk_kernels *kernels) {
  for (long length = 1; length <= 1024; length *= 2)
    for (long first_stride = 1; first_stride <= length; first_stride *= 2)
      for (long groups = 1; groups <= (length < 256 ? 3 : 1); groups++)
        hadamard_case(kernels, length, first_stride, groups);
}

static void score_case(const lk_kernels *kernels, long tables, long bits, bool has_h, bool has_z) {
  static const float special[] = {0, -0.0f, 100, -100, 1e-30f, -1e-30f, 1e4f, -1e4f, 43.5f, -43.5f};
  const long columns = tables * bits;
  const long y_stride = LK_LANES + (coin() ? whole(0, 20) : 0);
  const long h_columns = coin() ? whole(1, columns) : columns + whole(0, 5);
  float *y = matrix(columns, y_stride, LK_LANES, false);
  float *bias = matrix(1, 0, columns, false);
  float *h = has_h ? matrix(1, 0, h_columns * LK_LANES, false) : 0;
  float *z = has_z ? buffer(columns * LK_LANES) : 0;
  int32_t *codes = buffer(tables * LK_LANES);
  float *scores = buffer(tables * LK_LANES);
  if (coin())
    for (long c = 0; c < columns; c++) bias[c] = 0;
  for (long i = 0; i < columns * LK_LANES; i++)
    if (whole(0, 7) == 0) y[i / LK_LANES * y_stride + i % LK_LANES] = special[whole(0, 9)];
  const lk_score a = {
      .y = y, .y_stride = y_stride, .h = h, .h_columns = h_columns, .mix = 0.7f, .bias = bias, .tables = tables,
      .bits = bits, .codes = codes, .scores = scores, .z = z};
  begin(
      "score tables=%ld bits=%ld y_stride=%ld h_columns=%ld %s h, %s z", tables, bits, y_stride, h_columns,
      has_h ? "with" : "without", has_z ? "with" : "without");
  kernels->score(&a);

  for (long table = 0; table < tables; table++)
    for (long lane = 0; lane < LK_LANES; lane++) {
      double magnitude = 0, product = 1, z_errors = 0;
      int32_t code = 0;
      int32_t certain = -1;  // bits that rounding cannot change
      for (long j = 0; j < bits; j++) {
        const long column = table * bits + j;
        const double mixed = h ? (double)a.mix * h[column % h_columns * LK_LANES + lane] : 0;
        const double from_y = y[column * y_stride + lane];
        const double expected = from_y + mixed + bias[column];
        const double error = ulp * (fabs(from_y) + fabs(mixed) + fabs(bias[column]));
        if (z) near("z", column * LK_LANES + lane, z[column * LK_LANES + lane], expected, error);
        magnitude += fabs(expected);
        product *= 1 + exp(-2 * fabs(expected));
        z_errors += error;
        if (expected > 0) code |= 1 << (bits - 1 - j);
        // All terms 0: nothing rounds, and 0 is not above 0.
        if (fabs(expected) <= error && error > 0) certain &= ~(1 << (bits - 1 - j));
      }
      const long index = table * LK_LANES + lane;
      if ((codes[index] ^ code) & certain) mismatch("code", index, codes[index], code);
      const double expected = magnitude / product;
      near(
          "score", index, scores[index], expected,
          z_errors / product + expected * (2 * z_errors + ulp * (double)(4 + bits)));
    }
  end();
}

static void score(const lk_kernels *kernels) {
  for (long tables = 1; tables <= 20; tables++)
    for (long bits = 1; bits <= 12; bits++)
      for (int variant = 0; variant < 4; variant++) score_case(kernels, tables, bits, variant & 1, variant & 2);
}

typedef enum { FP32, BF16, INT8 } table_type;

/// Stores rows as `type` and sets `p` to the values that they then stand for. A row's scale is `*scale`.
static void compress(float *p, long columns, table_type type, void *stored, float *scale, bool exact) {
  if (type == INT8) *scale = exact ? 1 : real();
  for (long c = 0; c < columns; c++) {
    uint32_t bits;
    switch (type) {
      case FP32:
        break;
      case BF16:
        // Truncated, which is as good as any rounding here: the kernel only widens.
        memcpy(&bits, p + c, sizeof bits);
        bits &= 0xFFFF0000u;
        memcpy(p + c, &bits, sizeof bits);
        ((uint16_t *)stored)[c] = (uint16_t)(bits >> 16);
        break;
      case INT8:
        ((int8_t *)stored)[c] = exact ? (int8_t)p[c] : (int8_t)whole(-127, 127);
        p[c] = (float)((int8_t *)stored)[c] * *scale;
        break;
    }
  }
}

static void gather_case(
    const lk_kernels *kernels, table_type type, long columns, long tables, long rows, bool has_bias, long prefetch) {
  const bool exact = coin();
  const long first_token = whole(0, 20);
  const long tokens = coin() ? whole(1, 4) : whole(1, 33);
  const long row_stride = columns + (coin() ? whole(0, 9) : 0);
  const long table_stride = rows * row_stride + (coin() ? whole(0, 9) : 0);
  // Whole cache lines half of the time, which is when stores may bypass the caches.
  const long out_stride = coin() ? (columns + 15) / 16 * 16 : columns + whole(0, 9);
  const bool streaming = coin();
  const long groups = (first_token + tokens + LK_LANES - 1) / LK_LANES;
  const long group_stride = tables * LK_LANES + (coin() ? LK_LANES * whole(0, 3) : 0);
  float *rows_of_tables = buffer((tables - 1) * table_stride + buffer_floats(rows, row_stride, columns));
  for (long t = 0; t < tables; t++)
    for (long r = 0; r < rows; r++) fill(rows_of_tables + t * table_stride + r * row_stride, columns, exact);
  const long entry_bytes = type == FP32 ? 4 : type == BF16 ? 2 : 1;
  const long entries = (tables - 1) * table_stride + buffer_floats(rows, row_stride, columns);
  // Rounded up to whole floats: an overrun of up to three bytes goes unseen, one of a vector does not.
  char *stored = type == FP32 ? (char *)rows_of_tables : (char *)buffer((entries * entry_bytes + 3) / 4);
  const long scale_stride = rows + (coin() ? whole(0, 3) : 0);
  float *scales = type == INT8 ? buffer((tables - 1) * scale_stride + rows) : 0;
  for (long t = 0; type != FP32 && t < tables; t++)
    for (long r = 0; r < rows; r++) {
      const long entry = t * table_stride + r * row_stride;
      compress(
          rows_of_tables + entry, columns, type, stored + entry * entry_bytes,
          scales ? scales + t * scale_stride + r : 0, exact);
    }
  int32_t *codes = buffer(buffer_floats(groups, group_stride, tables * LK_LANES));
  float *scores = buffer(buffer_floats(groups, group_stride, tables * LK_LANES));
  // Codes and scores of other tokens stay as they are: a code of two thousand million, a score that is no number.
  for (long k = first_token; k < first_token + tokens; k++)
    for (long t = 0; t < tables; t++) {
      const long at = k / LK_LANES * group_stride + t * LK_LANES + k % LK_LANES;
      codes[at] = (int32_t)whole(0, rows - 1);
      scores[at] = value(exact);
    }
  float *bias = has_bias ? matrix(1, 0, columns, exact) : 0;
  // Without a bias the sums go on from `out` itself, or from values elsewhere.
  const bool in_place = !has_bias && coin();
  // Ends on a cache line where its rows are whole lines, so that it begins on one too.
  const long out_floats = buffer_floats(tokens, out_stride, out_stride % 16 == 0 ? out_stride : columns);
  float *out = buffer(out_floats);
  if (in_place)
    for (long k = 0; k < tokens; k++) fill(out + k * out_stride, columns, exact);
  const long start_stride = in_place ? out_stride : columns + whole(0, 5);
  float *start = in_place ? out : has_bias ? 0 : matrix(tokens, start_stride, columns, exact);
  const long before_floats = has_bias ? columns : buffer_floats(tokens, start_stride, columns);
  float *before = buffer(before_floats);
  memcpy(before, has_bias ? bias : start, (size_t)before_floats * sizeof(float));
  const lk_gather a = {
      .tables = stored, .scales = scales, .scale_stride = scale_stride, .table_stride = table_stride, .row_stride = row_stride, .codes = codes,
      .scores = scores, .group_stride = group_stride, .first_token = first_token, .tokens = tokens,
      .table_count = tables, .columns = columns, .start = bias ? bias : start, .start_stride = bias ? 0 : start_stride,
      .out = out, .out_stride = out_stride, .streaming = streaming,
      .prefetch = prefetch, .next = coin() ? stored : 0, .next_bytes = entries * entry_bytes};
  begin(
      "gather %s columns=%ld tables=%ld rows=%ld tokens=%ld+%ld strides=%ld,%ld,%ld,%ld prefetch=%ld %s%s",
      type == FP32 ? "fp32" : type == BF16 ? "bf16" : "int8", columns, tables,
      rows, first_token, tokens, row_stride, table_stride, out_stride, group_stride, prefetch,
      has_bias ? "bias" : in_place ? "in place" : "from elsewhere", streaming ? " streaming" : "");
  if (type == FP32) kernels->gather(&a);
  if (type == BF16) kernels->gather_bf16(&a);
  if (type == INT8) kernels->gather_int8(&a);

  for (long k = 0; k < tokens; k++) {
    const long token = first_token + k;
    for (long c = 0; c < columns; c++) {
      double sum = before[(has_bias ? 0 : k * start_stride) + c];
      double magnitude = fabs(sum);
      for (long t = 0; t < tables; t++) {
        const long at = token / LK_LANES * group_stride + t * LK_LANES + token % LK_LANES;
        const double term = (double)scores[at] * rows_of_tables[t * table_stride + codes[at] * row_stride + c];
        sum += term;
        magnitude += fabs(term);
      }
      near("out", k * out_stride + c, out[k * out_stride + c], sum, sum_tolerance(exact, tables + 1, magnitude));
    }
    is_untouched("gap of out", out, k * out_stride + columns, k + 1 < tokens ? (k + 1) * out_stride : out_floats);
  }
  end();
}

static void gather_of(const lk_kernels *kernels, table_type type) {
  for (long columns = 1; columns <= 300; columns++)
    for (int variant = 0; variant < 4; variant++)
      gather_case(kernels, type, columns, whole(1, 20), whole(1, 8), variant & 1, variant & 2 ? whole(1, 24) : 0);
  for (long tables = 1; tables <= 20; tables++)
    for (long prefetch = 0; prefetch <= tables; prefetch++)
      gather_case(kernels, type, whole(1, 70), tables, 4, coin(), prefetch);
  for (long bits = 1; bits <= 12; bits++) gather_case(kernels, type, 37, 3, 1 << bits, true, 2);
}

static void gather(const lk_kernels *kernels) {
  gather_of(kernels, FP32);
  gather_of(kernels, BF16);
  gather_of(kernels, INT8);
}

static void bias_gelu_case(const lk_kernels *kernels, long rows, long columns) {
  static const float special[] = {0, -0.0f, 10, -10, 14, -14, 100, -100, 1e10f, -1e10f, 1e-30f, -1e-30f};
  const long stride = columns + whole(0, 5);
  float *x = matrix(rows, stride, columns, false);
  float *bias = matrix(1, 0, columns, false);
  for (long i = 0; i < rows * columns; i++) {
    float *p = x + i / columns * stride + i % columns;
    *p = whole(0, 7) == 0 ? special[whole(0, 11)] : 3 * *p;
  }
  float *before = buffer(buffer_floats(rows, stride, columns));
  memcpy(before, x, (size_t)buffer_floats(rows, stride, columns) * sizeof(float));
  const lk_bias_gelu a = {.x = x, .stride = stride, .rows = rows, .columns = columns, .bias = bias};
  begin("bias_gelu rows=%ld columns=%ld stride=%ld", rows, columns, stride);
  kernels->bias_gelu(&a);

  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < columns; c++) {
      const double sum = (double)before[r * stride + c] + bias[c];
      // erf to 1.5e-7 in exact arithmetic, its polynomial and exp rounded in floats; and the rounding of the sum.
      near(
          "x", r * stride + c, x[r * stride + c], sum / 2 * erfc(-sum / sqrt(2)),
          4 * ulp * fabs(sum) + ulp * (fabs(before[r * stride + c]) + fabs(bias[c])) + 1e-12);
      // Some cores leave each to microcode, here and in the product that reads them.
      if (fpclassify(x[r * stride + c]) == FP_SUBNORMAL)
        mismatch("a normal number or 0", r * stride + c, (double)x[r * stride + c], 0);
    }
    if (r + 1 < rows) is_untouched("gap of x", x, r * stride + columns, (r + 1) * stride);
  }
  end();
}

static void bias_gelu(const lk_kernels *kernels) {
  for (long columns = 1; columns <= 300; columns++)
    for (int i = 0; i < 2; i++) bias_gelu_case(kernels, whole(1, 16), columns);
}

/// Whole numbers must be equal.
static void is_exactly(const char *what, long index, long actual, long expected) {
  if (actual != expected) mismatch(what, index, (double)actual, (double)expected);
}

static void to_bf16(const lk_kernels *kernels) {
  for (long count = 1; count <= 300; count++) {
    float *x = matrix(1, 0, count, false);
    // Ties, both ways, and a carry into the exponent.
    static const float special[] = {0, -0.0f, 0x1.01p0f, 0x1.03p0f, -0x1.01p0f, 0x1.ffp0f, 1e-40f, 0x1.0100002p0f};
    for (long i = 0; i < count; i++)
      if (whole(0, 3) == 0) x[i] = special[whole(0, 7)];
    uint16_t *y = buffer((count + 3) / 2);
    const uint16_t after = y[count];
    const lk_to_bf16 a = {.x = x, .y = y, .count = count};
    begin("to_bf16 count=%ld", count);
    kernels->to_bf16(&a);
    for (long i = 0; i < count; i++) {
      // The neighbours below and above in magnitude, and the nearer of them, of equals the even one.
      uint32_t bits, below;
      memcpy(&bits, &x[i], sizeof bits);
      below = bits & 0xffff0000u;
      const uint32_t rest = bits & 0xffffu;
      const bool up = rest > 0x8000u || (rest == 0x8000u && (below >> 16 & 1));
      is_exactly("y", i, y[i], (below >> 16) + up);
    }
    is_exactly("beyond y", count, y[count], after);
    end();
  }
}

static void quantise_case(const lk_kernels *kernels, long rows, long columns) {
  const long x_stride = columns + whole(0, 5), y_stride = columns + whole(0, 5);
  float *x = matrix(rows, x_stride, columns, false);
  const long zeros = whole(0, rows);  // one row of next to nothing, or none
  for (long c = 0; c < columns && zeros < rows; c++) x[zeros * x_stride + c] = coin() ? 1e-44f : 0;
  uint8_t *y = buffer((rows * y_stride + 3) / 4);
  memset(y, 0xAA, (size_t)((rows * y_stride + 3) / 4 * 4));
  float *scales = buffer(rows);
  const lk_quantise a = {.x = x, .x_stride = x_stride, .y = y, .y_stride = y_stride, .scales = scales, .rows = rows, .columns = columns};
  begin("quantise rows=%ld columns=%ld", rows, columns);
  kernels->quantise(&a);
  for (long r = 0; r < rows; r++) {
    volatile float largest = 0;
    for (long c = 0; c < columns; c++)
      if (fabsf(x[r * x_stride + c]) > largest) largest = fabsf(x[r * x_stride + c]);
    volatile float scale = largest / 127, inverse = scale >= 0x1p-126f ? 127 / largest : 0;
    near("scale", r, scales[r], inverse > 0 ? scale : 0, 0);
    for (long c = 0; c < columns; c++) {
      // Rounded to a float before it is rounded to a whole number: not fused.
      volatile float product = x[r * x_stride + c] * inverse;
      is_exactly("y", r * y_stride + c, y[r * y_stride + c], LK_ZERO_POINT + (long)rintf(product));
    }
    if (r + 1 < rows)
      for (long c = columns; c < y_stride; c++) is_exactly("gap of y", c, y[r * y_stride + c], 0xAA);
  }
  end();
}

static void quantise(const lk_kernels *kernels) {
  for (long columns = 1; columns <= 300; columns++) quantise_case(kernels, whole(1, 8), columns);
}

static void dequantise_case(const lk_kernels *kernels, long rows, long columns, bool has_bias) {
  const long stride = columns + whole(0, 5);
  int32_t *x = buffer(buffer_floats(rows, stride, columns));
  int32_t *zeros = buffer(columns);
  for (long r = 0; r < rows; r++)
    for (long c = 0; c < columns; c++) x[r * stride + c] = (int32_t)whole(-60000000, 60000000);
  for (long c = 0; c < columns; c++) zeros[c] = (int32_t)whole(-30000000, 30000000);
  int32_t *before = buffer(buffer_floats(rows, stride, columns));
  memcpy(before, x, (size_t)buffer_floats(rows, stride, columns) * sizeof(int32_t));
  float *row_scales = matrix(1, 0, rows, false), *column_scales = matrix(1, 0, columns, false);
  float *bias = has_bias ? matrix(1, 0, columns, false) : 0;
  // In place, as the layers use it.
  float *y = (float *)(void *)x;
  const lk_dequantise a = {.x = x, .x_stride = stride, .y = y, .y_stride = stride, .rows = rows, .columns = columns,
      .row_scales = row_scales, .column_scales = column_scales, .column_zeros = zeros, .bias = bias};
  begin("dequantise rows=%ld columns=%ld bias=%d", rows, columns, has_bias);
  kernels->dequantise(&a);
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < columns; c++) {
      const double product = ((double)before[r * stride + c] - zeros[c]) * row_scales[r] * column_scales[c];
      const double expected = product + (bias ? bias[c] : 0);
      // Conversion, the scales' product, the value, and the sum.
      near("y", r * stride + c, y[r * stride + c], expected, 2 * ulp * fabs(product) + ulp * fabs(expected));
    }
    if (r + 1 < rows) is_untouched("gap of y", y, r * stride + columns, (r + 1) * stride);
  }
  end();
}

static void dequantise(const lk_kernels *kernels) {
  for (long columns = 1; columns <= 300; columns++) dequantise_case(kernels, whole(1, 8), columns, coin());
}

// MARK: - Paths

static const struct {
  const char *name;
  lk_isa isa;
} paths[] = {{"avx512_bf16", LK_AVX512_BF16}, {"avx512", LK_AVX512}, {"avx2", LK_AVX2}, {"neon", LK_NEON}, {"scalar", LK_SCALAR}};

static const struct {
  const char *name;
  void (*run)(const lk_kernels *);
} operations[] = {
    {"layer_norm", layer_norm},
    {"to_lanes", to_lanes},
    {"block_product", block_product},
    {"block_product_rows", block_product_rows},
    {"block_product_bf16", block_product_bf16},
    {"block_product_bf16_rows", block_product_bf16_rows},
    {"hadamard", hadamard},
    {"score", score},
    {"gather", gather},
    {"bias_gelu", bias_gelu},
    {"to_bf16", to_bf16},
    {"quantise", quantise},
    {"dequantise", dequantise},
};

int main(int count, char **names) {
  if (count > 1 && strcmp(names[1], "--slack") == 0) {
    slack = 64;
    names++;
    count--;
  }
  setvbuf(stdout, 0, _IOLBF, 0);
  if (!SANITIZED) {
    signal(SIGSEGV, crashed);
    signal(SIGBUS, crashed);
    signal(SIGILL, crashed);
  }
  for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
    const lk_kernels *kernels = lk_kernels_for(paths[p].isa);
    if (count > 1) {
      bool expected = false;
      for (int i = 1; i < count; i++) expected |= strcmp(names[i], paths[p].name) == 0;
      if (expected == (kernels != 0)) {
        passed++;
      } else {
        failed++;
        printf("FAILED dispatch: %s is %soffered\n", paths[p].name, kernels ? "" : "not ");
      }
    }
    if (!kernels) continue;
    widens = paths[p].isa != LK_AVX512_BF16;
    printf("  %-11s", paths[p].name);
    for (size_t o = 0; o < sizeof operations / sizeof *operations; o++) {
      // Every path sees the same cases.
      state = 0x9e3779b97f4a7c15u + o;
      cases_of_operation = 0;
      worst = 0;
      operations[o].run(kernels);
      printf(" %s %ld (%.2f)", operations[o].name, cases_of_operation, worst);
    }
    printf("\n");
  }
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed > 0;
}
