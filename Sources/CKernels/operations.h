// All operations of one instruction set, and the table that names them.
#include "bf16_pairs.h"
#include "bias_gelu.h"
#include "block_product.h"
#include "block_product_rows.h"
#include "gather_bf16.h"
#include "gather_fp32.h"
#include "gather_int8.h"
#include "hadamard.h"
#include "layer_norm.h"
#include "quantise.h"
#include "score.h"
#include "to_lanes.h"
// These round with what quantise.h defines.
#include "block_product_bf16.h"
#include "block_product_bf16_rows.h"

static const lk_kernels LK_(lk_table) = {
    .layer_norm = LK_(layer_norm),
    .to_lanes = LK_(to_lanes),
    .block_product = LK_(block_product),
    .block_product_rows = LK_(block_product_rows),
    .block_product_bf16 = LK_(block_product_bf16),
    .block_product_bf16_rows = LK_(block_product_bf16_rows),
    .hadamard = LK_(hadamard),
    .score = LK_(score),
    .gather = LK_(gather),
    .gather_bf16 = LK_(gather_bf16),
    .gather_int8 = LK_(gather_int8),
    .bias_gelu = LK_(bias_gelu),
    .to_bf16 = LK_(to_bf16),
    .quantise = LK_(quantise),
    .dequantise = LK_(dequantise),
};
