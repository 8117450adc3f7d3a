// Innermost SIMD micro-kernels. Each operation is one file, `operation.h`, written once against the vectors of `simd.h`
// and compiled once per instruction set by `kernels.c`; loop nests, tiling and threads are Swift, in Sources/Kernels.
//
// Lane layout: a group of LK_LANES tokens is stored feature by feature, `lanes[feature * LK_LANES + token]`, so that one
// vector operation works on one feature of many tokens and no operation ever shuffles.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Tokens in a lane group: one AVX-512 vector, two AVX2 vectors, four SSE or NEON vectors.
enum { LK_LANES = 16 };

/// Outputs of a block product that are packed side by side; a smaller block is packed at its own width.
enum { LK_OUTPUT_PACK = 8 };

/// Partial sums of a row in layer normalisation: 2 FMA pipes x 4 cycles of latency.
enum { LK_NORM_SUMS = 8 };

/// Partial sums that the gather keeps in flight: 2 FMA pipes x 4 cycles of latency. More of them are no faster.
enum { LK_GATHER_SUMS = 8 };

// The blocking constants below are macros because the preprocessor selects code by them.

/// Tokens of a block product over rows that share the load of a weight.
#define LK_ROW_TOKENS 4

/// Floats per vector and number of vector registers, for each instruction set's copy. The portable copy assumes the
/// same 16 registers on every architecture, so that it blocks alike everywhere.
#define LK_AVX512_WIDTH 16
#define LK_AVX512_REGISTERS 32
#define LK_AVX2_WIDTH 8
#define LK_AVX2_REGISTERS 16
#define LK_NEON_WIDTH 4
#define LK_NEON_REGISTERS 32
#define LK_SCALAR_WIDTH 4
#define LK_SCALAR_REGISTERS 16

/// Lane groups and outputs that a block product over lane groups takes together. Its accumulators, outputs x groups x
/// (LK_LANES / width), cover 2 FMA pipes x 4 cycles of latency and leave half of the registers for the operands.
#define LK_BLOCK_GROUPS(width) ((width) == 16 ? 2 : 1)
#define LK_BLOCK_OUTPUTS(width, registers) ((registers) / 2 / (LK_BLOCK_GROUPS(width) * (LK_LANES / (width))))

/// Normalises `rows` rows of `columns` features: (x - mean) / sqrt(variance + epsilon) * scale + shift.
/// `x` and `y` are token-major with row strides in floats.
typedef struct {
  const float *x;
  long x_stride;
  float *y;
  long y_stride;
  long rows;
  long columns;
  const float *scale;
  const float *shift;
  float epsilon;
} lk_layer_norm;

/// Transposes `rows` (1...LK_LANES) token-major rows of `columns` features into one lane group of `padded_columns`
/// features; absent tokens and features become 0.
typedef struct {
  const float *x;
  long x_stride;
  float *lanes;
  long rows;
  long columns;
  long padded_columns;
} lk_to_lanes;

/// Block-diagonal product over `groups` lane groups: for each block n, y[n, o] = sum_i w[n, o, i] x[n, i].
/// Weights are packed `[block][block_size / pack][block_size (i)][pack (o)]`, where pack = min(LK_OUTPUT_PACK, block_size)
/// must divide block_size.
/// The strides are distances between lane groups in floats. `y` must not overlap `x`.
typedef struct {
  const float *weights;
  const float *x;
  long x_group_stride;
  float *y;
  long y_group_stride;
  long blocks;
  long block_size;
  long groups;
} lk_block_product;

/// The same product with the same packed weights for token-major rows: for each token and block n,
/// y[n, o] = sum_i w[n, o, i] x[n, i]. `block_size` is a multiple of LK_OUTPUT_PACK; strides are between tokens in floats.
/// `y` must not overlap `x`.
typedef struct {
  const float *weights;
  const float *x;
  long x_stride;
  float *y;
  long y_stride;
  long blocks;
  long block_size;
  long tokens;
} lk_block_product_rows;

/// Outputs of a bf16 block product that are packed side by side; a smaller block is packed at its own width.
enum { LK_BF16_OUTPUT_PACK = 16 };

/// The product of `lk_block_product` in bf16: every input is rounded to bf16 (to nearest, ties to even), products are exact,
/// and sums are fp32. Weights are pairs of bf16 numbers, those of inputs 2i and 2i + 1 of one output, packed
/// `[block][block_size / pack][half of block_size, rounded up][pack (o)][2]`, where pack = min(LK_BF16_OUTPUT_PACK,
/// block_size) must divide block_size; an input that an odd block lacks has weight 0. `pairs` is scratch of
/// 4 * LK_LANES numbers for each pair of inputs.
typedef struct {
  const uint16_t *weights;
  const float *x;
  long x_group_stride;
  float *y;
  long y_group_stride;
  long blocks;
  long block_size;
  long groups;
  uint16_t *pairs;
} lk_block_product_bf16;

/// The product of `lk_block_product_bf16` with the same packed weights for token-major rows; `block_size` is a
/// multiple of LK_BF16_OUTPUT_PACK. A token's results equal those of `lk_block_product_bf16` bit for bit. `pairs` is
/// scratch of 4 * block_size numbers.
typedef struct {
  const uint16_t *weights;
  const float *x;
  long x_stride;
  float *y;
  long y_stride;
  long blocks;
  long block_size;
  long tokens;
  uint16_t *pairs;
} lk_block_product_bf16_rows;

/// The stages of a Walsh-Hadamard transform (Sylvester order, unnormalised) of length `length` whose stride is at least
/// `first_stride`, in place over `groups` lane groups. `first_stride` = 1 is the whole transform.
typedef struct {
  float *lanes;
  long length;
  long first_stride;
  long groups;
  long group_stride;
} lk_hadamard;

/// Codes and scores of one lane group from its hash: z[c] = y[c] + mix * h[c mod h_columns] + bias[c], with h = NULL
/// for none; per table, code = sum_j [z_j > 0] 2^(bits-1-j), score = sum |z_j| / prod (1 + exp(-2 |z_j|)).
/// `y_stride` is the distance between features in `y`, in floats. Codes and scores are `[table][LK_LANES]`.
typedef struct {
  const float *y;
  long y_stride;
  const float *h;
  long h_columns;
  float mix;
  const float *bias;
  long tables;
  long bits;
  int32_t *codes;
  float *scores;
  /// Receives the scores z themselves, `[feature][LK_LANES]`; NULL keeps them in registers only.
  float *z;
} lk_score;

/// out[token, columns] = start[token, columns] + sum over tables of score * tables[table, code, columns], for `tokens`
/// consecutive tokens.
/// Codes and scores of token k are at `[(k / LK_LANES) * group_stride + table * LK_LANES + k % LK_LANES]`, already offset
/// to the first table. `tables` and `out` are already offset to the first table and column; strides are in elements.
typedef struct {
  /// Elements of the kernel's type: float, bf16 (the upper half of a float) or int8.
  const void *tables;
  /// Factors of each row's elements, `[table][scale_stride]`, offset to the first table; int8 only.
  const float *scales;
  long scale_stride;
  long table_stride;
  long row_stride;
  const int32_t *codes;
  const float *scores;
  long group_stride;
  long first_token;
  long tokens;
  long table_count;
  long columns;
  /// The initial values of the sums; a stride of 0 gives all tokens the same. May be `out` itself, with its stride.
  const float *start;
  long start_stride;
  float *out;
  long out_stride;
  /// Whether stores to `out` should bypass the caches, because it is not read soon. They do where it is aligned to
  /// cache lines.
  bool streaming;
  /// Tables ahead of the current one whose row is prefetched; 0 for none.
  long prefetch;
  /// Memory of `next_bytes` bytes that the following call will read. It is prefetched in equal parts with every
  /// token, in order, so that it streams at full bandwidth instead of being fetched row by row in the order of the
  /// codes. NULL for none.
  const void *next;
  long next_bytes;
} lk_gather;

/// In place over `rows` rows of `columns`: x = gelu(x + bias), with gelu(x) = x/2 (1 + erf(x / sqrt 2)).
typedef struct {
  float *x;
  long stride;
  long rows;
  long columns;
  const float *bias;
} lk_bias_gelu;

/// Rounds `count` finite floats to bf16, the upper half of a float: to nearest, ties to even.
typedef struct {
  const float *x;
  uint16_t *y;
  long count;
} lk_to_bf16;

/// The stored value of a quantised activation of 0. The dot-product instructions multiply unsigned by signed bytes,
/// so activations are stored as unsigned bytes and weights as signed ones.
enum { LK_ZERO_POINT = 128 };

/// Quantises `rows` rows of `columns` floats symmetrically, one scale a row: scale = max|row| / 127,
/// y = LK_ZERO_POINT + round(x * (127 / max|row|)), ties to even. A row whose scale would lie below the normal floats
/// becomes zeros with scale 0. Strides are in elements.
typedef struct {
  const float *x;
  long x_stride;
  uint8_t *y;
  long y_stride;
  float *scales;
  long rows;
  long columns;
} lk_quantise;

/// Converts sums of products of quantised activations and weights to floats: y = (x - column_zeros[column]) *
/// (column_scales[column] * row_scales[row]) + bias[column]. `y` may be `x` in place, with the same stride; `bias`
/// may be NULL for none.
typedef struct {
  const int32_t *x;
  long x_stride;
  float *y;
  long y_stride;
  long rows;
  long columns;
  const float *row_scales;
  const float *column_scales;
  /// LK_ZERO_POINT times the sum of a column's quantised weights: the part of every sum that the zero point causes.
  const int32_t *column_zeros;
  const float *bias;
} lk_dequantise;

/// One instruction set's micro-kernels.
typedef struct {
  void (*layer_norm)(const lk_layer_norm *);
  void (*to_lanes)(const lk_to_lanes *);
  void (*block_product)(const lk_block_product *);
  void (*block_product_rows)(const lk_block_product_rows *);
  void (*block_product_bf16)(const lk_block_product_bf16 *);
  void (*block_product_bf16_rows)(const lk_block_product_bf16_rows *);
  void (*hadamard)(const lk_hadamard *);
  void (*score)(const lk_score *);
  void (*gather)(const lk_gather *);
  void (*gather_bf16)(const lk_gather *);
  void (*gather_int8)(const lk_gather *);
  void (*bias_gelu)(const lk_bias_gelu *);
  void (*to_bf16)(const lk_to_bf16 *);
  void (*quantise)(const lk_quantise *);
  void (*dequantise)(const lk_dequantise *);
} lk_kernels;

/// LK_AVX512_BF16 is LK_AVX512 with bf16 products by vdpbf16ps; the other sets widen bf16 numbers to floats.
typedef enum { LK_SCALAR = 0, LK_AVX2 = 1, LK_AVX512 = 2, LK_NEON = 3, LK_AVX512_BF16 = 4 } lk_isa;

/// The micro-kernels of `isa`, or NULL where this build or this CPU has none.
const lk_kernels *lk_kernels_for(lk_isa isa);

/// The blocking of an instruction set's copy, for models of its accesses: the constants above.
typedef struct {
  /// Floats of a vector.
  long width;
  long registers;
  /// The register tile of a block product over lane groups: outputs, and groups of tokens.
  long block_outputs;
  long block_groups;
} lk_blocking;

/// The blocking of `isa`, whether or not this build or this CPU has its copy.
lk_blocking lk_blocking_of(lk_isa isa);
