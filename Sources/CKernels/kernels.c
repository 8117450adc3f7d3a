// Compiles every operation for every instruction set and returns their tables. This is one translation unit, so that
// an operation's copies are static and are reached only through the tables.
#include "include/CKernels.h"

#define LK_BODY "operations.h"
#include "each_isa.h"

#ifndef LK_CPU_SUPPORTS
#define LK_CPU_SUPPORTS(feature) __builtin_cpu_supports(feature)
#endif

const lk_kernels *lk_kernels_for(lk_isa isa) {
  switch (isa) {
    case LK_SCALAR:
      return &lk_table_scalar;
#if defined(__x86_64__)
    case LK_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &lk_table_avx2 : 0;
    case LK_AVX512:
      return LK_CPU_SUPPORTS("avx512f") && LK_CPU_SUPPORTS("avx512bw") && LK_CPU_SUPPORTS("avx512vl") &&
                     LK_CPU_SUPPORTS("avx512dq")
                 ? &lk_table_avx512
                 : 0;
    case LK_AVX512_BF16:
      return LK_CPU_SUPPORTS("avx512bf16") && lk_kernels_for(LK_AVX512) ? &lk_table_avx512_bf16 : 0;
#elif defined(__aarch64__)
    case LK_NEON:
      return &lk_table_neon;
#endif
    default:
      return 0;
  }
}

#define LK_BLOCKING(isa)                                                                                            \
  (lk_blocking) {                                                                                                   \
    .width = isa##_WIDTH, .registers = isa##_REGISTERS,                                                             \
    .block_outputs = LK_BLOCK_OUTPUTS(isa##_WIDTH, isa##_REGISTERS), .block_groups = LK_BLOCK_GROUPS(isa##_WIDTH),  \
  }

lk_blocking lk_blocking_of(lk_isa isa) {
  switch (isa) {
    case LK_AVX512:
    case LK_AVX512_BF16:
      return LK_BLOCKING(LK_AVX512);
    case LK_AVX2:
      return LK_BLOCKING(LK_AVX2);
    case LK_NEON:
      return LK_BLOCKING(LK_NEON);
    default:
      return LK_BLOCKING(LK_SCALAR);
  }
}
