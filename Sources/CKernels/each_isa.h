// Includes LK_BODY once per instruction set, with LK_(name) giving each copy its own names. Every function of the copy
// is compiled for that instruction set alone, so that one binary carries all of them and runs on any CPU.
#define LK_JOIN_(name, isa) name##_##isa
#define LK_JOIN(name, isa) LK_JOIN_(name, isa)
#define LK_(name) LK_JOIN(name, LK_ISA)

#if defined(__x86_64__)

// A test overrides this to run the code of AVX-512 on a CPU without it.
#ifndef LK_AVX512_FEATURES
#include <immintrin.h>
#define LK_AVX512_FEATURES "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"
#define LK_AVX512_BF16_FEATURES LK_AVX512_FEATURES ",avx512bf16"
#define LK_DPBF16PS(sum, a, b) (LK_(vec)) _mm512_dpbf16_ps((__m512)(sum), (__m512bh)(a), (__m512bh)(b))
#define LK_CVTNE2PS(upper, lower) _mm512_cvtne2ps_pbh((__m512)(upper), (__m512)(lower))
#endif

#define LK_ISA avx512_bf16
#define LK_BF16 1
#define LK_WIDTH LK_AVX512_WIDTH
#define LK_REGISTERS LK_AVX512_REGISTERS
#pragma clang attribute push(__attribute__((target(LK_AVX512_BF16_FEATURES))), apply_to = function)
#include "simd.h"
#include LK_BODY
#pragma clang attribute pop
#undef LK_ISA
#undef LK_BF16
#undef LK_WIDTH
#undef LK_REGISTERS

#define LK_ISA avx512
#define LK_WIDTH LK_AVX512_WIDTH
#define LK_REGISTERS LK_AVX512_REGISTERS
#pragma clang attribute push(__attribute__((target(LK_AVX512_FEATURES))), apply_to = function)
#include "simd.h"
#include LK_BODY
#pragma clang attribute pop
#undef LK_ISA
#undef LK_WIDTH
#undef LK_REGISTERS

#define LK_ISA avx2
#define LK_WIDTH LK_AVX2_WIDTH
#define LK_REGISTERS LK_AVX2_REGISTERS
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "simd.h"
#include LK_BODY
#pragma clang attribute pop
#undef LK_ISA
#undef LK_WIDTH
#undef LK_REGISTERS

#elif defined(__aarch64__)

// Advanced SIMD is part of the Armv8-A baseline, so this copy needs no target attribute.
#define LK_ISA neon
#define LK_WIDTH LK_NEON_WIDTH
#define LK_REGISTERS LK_NEON_REGISTERS
#include "simd.h"
#include LK_BODY
#undef LK_ISA
#undef LK_WIDTH
#undef LK_REGISTERS

#endif

#define LK_ISA scalar
#define LK_WIDTH LK_SCALAR_WIDTH
#define LK_REGISTERS LK_SCALAR_REGISTERS
#include "simd.h"
#include LK_BODY
#undef LK_ISA
#undef LK_WIDTH
#undef LK_REGISTERS
