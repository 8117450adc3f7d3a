#pragma once
#include "CMicroBenchmarks.h"

// A vector of the baseline architecture.
typedef float baseline_vector __attribute__((vector_size(16)));

#if defined(__x86_64__)
#include <immintrin.h>
#define FOR_AVX2 __attribute__((target("avx2,fma")))
#define FOR_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define IN_VECTOR_REGISTER "v"
#define IN_BASELINE_REGISTER "x"
#else
#define IN_BASELINE_REGISTER "w"
#endif

// Forces a value into a register: the compiler must compute it, may not fold it into another instruction and may not
// assume anything about it afterwards.
#define CONSUME(constraint, value) __asm__ volatile("" ::constraint(value))
#define HIDE(constraint, value) __asm__ volatile("" : "+" constraint(value))
