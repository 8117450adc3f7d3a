#include "paths.h"

bool microbench_has(microbench_path path) {
  switch (path) {
    case MICROBENCH_BASELINE: return true;
#if defined(__x86_64__)
    case MICROBENCH_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case MICROBENCH_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#endif
    default: return false;
  }
}

const char *microbench_compiler(void) { return __VERSION__; }
