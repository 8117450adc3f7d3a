#include "paths.h"

enum { LINE = 64 };

// One step is 512 bytes: 8 vectors of 64 bytes, or 16 of 32, or 32 of 16. Long enough that the loop's own two or three
// instructions vanish beside the loads. Stores write (1, 0, 0, ...), because some CPUs treat lines of zeros specially.

// Defines the loops for one vector type: `load` and `store` move the vector at byte `offset`, `stream` stores past the
// caches, and `bytes` is the vector's size.
#define DEFINE_LOOPS(name, target, vector, vector_bytes, constraint, load, store, stream)                        \
  target static inline void name##_read_span(const char *at, size_t bytes) {                                     \
    for (const char *end = at + bytes; at < end; at += 8 * vector_bytes) {                                       \
      vector v0 = load(at), v1 = load(at + vector_bytes), v2 = load(at + 2 * vector_bytes),                      \
             v3 = load(at + 3 * vector_bytes), v4 = load(at + 4 * vector_bytes), v5 = load(at + 5 * vector_bytes), \
             v6 = load(at + 6 * vector_bytes), v7 = load(at + 7 * vector_bytes);                                 \
      __asm__ volatile("" ::constraint(v0), constraint(v1), constraint(v2), constraint(v3), constraint(v4),      \
                       constraint(v5), constraint(v6), constraint(v7));                                          \
    }                                                                                                            \
  }                                                                                                              \
  target static void name##_read(const char *base, size_t bytes, size_t passes) {                                \
    for (size_t pass = 0; pass < passes; pass++) name##_read_span(base, bytes);                                  \
  }                                                                                                              \
  target static void name##_read_rows(const char *base, size_t row_bytes, const uint32_t *rows, size_t count) {  \
    for (size_t i = 0; i < count; i++) {                                                                         \
      const char *at = base + (size_t)rows[i] * row_bytes;                                                       \
      for (const char *end = at + row_bytes; at < end; at += 2 * LINE) {                                         \
        vector loaded[2 * LINE / vector_bytes];                                                                  \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < 2 * LINE / vector_bytes; v++)                     \
          loaded[v] = load(at + v * vector_bytes);                                                               \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < 2 * LINE / vector_bytes; v++)                     \
          __asm__ volatile("" ::constraint(loaded[v]));                                                          \
      }                                                                                                          \
    }                                                                                                            \
  }                                                                                                              \
  target static void name##_read_row_pieces(                                                                      \
      const char *base, size_t row_bytes, size_t piece_bytes, const uint32_t *rows, size_t count) {              \
    for (size_t first = 0; first < count; first += MICROBENCH_ROW_GROUP)                                         \
      for (size_t offset = 0; offset < row_bytes; offset += piece_bytes)                                         \
        for (size_t i = first; i < first + MICROBENCH_ROW_GROUP; i++) {                                          \
          const char *at = base + (size_t)rows[i] * row_bytes + offset;                                          \
          for (const char *end = at + piece_bytes; at < end; at += LINE) {                                       \
            vector loaded[LINE / vector_bytes];                                                                  \
            _Pragma("clang loop unroll(full)") for (int v = 0; v < LINE / vector_bytes; v++)                     \
              loaded[v] = load(at + v * vector_bytes);                                                           \
            _Pragma("clang loop unroll(full)") for (int v = 0; v < LINE / vector_bytes; v++)                     \
              __asm__ volatile("" ::constraint(loaded[v]));                                                      \
          }                                                                                                      \
        }                                                                                                        \
  }                                                                                                              \
  target static void name##_write(char *base, size_t bytes, size_t passes) {                                     \
    vector value = {1};                                                                                          \
    for (size_t pass = 0; pass < passes; pass++) {                                                               \
      HIDE(constraint, value);                                                                                   \
      for (char *at = base, *end = base + bytes; at < end; at += 8 * vector_bytes) {                             \
        for (int i = 0; i < 8; i++) store(at + i * vector_bytes, value);                                         \
        __asm__ volatile("" ::: "memory");                                                                       \
      }                                                                                                          \
    }                                                                                                            \
  }                                                                                                              \
  target static void name##_write_past_caches(char *base, size_t bytes, size_t passes) {                         \
    vector value = {1};                                                                                          \
    for (size_t pass = 0; pass < passes; pass++) {                                                               \
      HIDE(constraint, value);                                                                                   \
      for (char *at = base, *end = base + bytes; at < end; at += 8 * vector_bytes) {                             \
        for (int i = 0; i < 8; i++) stream(at + i * vector_bytes, value);                                        \
        __asm__ volatile("" ::: "memory");                                                                       \
      }                                                                                                          \
    }                                                                                                            \
  }                                                                                                              \
  target static void name##_copy(char *to, const char *from, size_t bytes, size_t passes) {                      \
    for (size_t pass = 0; pass < passes; pass++) {                                                               \
      for (size_t offset = 0; offset < bytes; offset += 8 * vector_bytes) {                                      \
        for (int i = 0; i < 8; i++) store(to + offset + i * vector_bytes, load(from + offset + i * vector_bytes)); \
        __asm__ volatile("" ::: "memory");                                                                       \
      }                                                                                                          \
    }                                                                                                            \
  }

#define LOAD_BASELINE(at) (*(const baseline_vector *)(at))
#define STORE_BASELINE(at, value) (*(baseline_vector *)(at) = (value))
#define STREAM_BASELINE(at, value) __builtin_nontemporal_store(value, (baseline_vector *)(at))
DEFINE_LOOPS(baseline, , baseline_vector, 16, IN_BASELINE_REGISTER, LOAD_BASELINE, STORE_BASELINE, STREAM_BASELINE)

#if defined(__x86_64__)
#define LOAD_AVX2(at) _mm256_load_ps((const float *)(at))
#define STORE_AVX2(at, value) _mm256_store_ps((float *)(at), value)
#define STREAM_AVX2(at, value) _mm256_stream_ps((float *)(at), value)
DEFINE_LOOPS(avx2, FOR_AVX2, __m256, 32, IN_BASELINE_REGISTER, LOAD_AVX2, STORE_AVX2, STREAM_AVX2)

#define LOAD_AVX512(at) _mm512_load_ps((const float *)(at))
#define STORE_AVX512(at, value) _mm512_store_ps((float *)(at), value)
#define STREAM_AVX512(at, value) _mm512_stream_ps((float *)(at), value)
DEFINE_LOOPS(avx512, FOR_AVX512, __m512, 64, IN_VECTOR_REGISTER, LOAD_AVX512, STORE_AVX512, STREAM_AVX512)

#define DISPATCH(path, loop, ...)                              \
  switch (path) {                                              \
    case MICROBENCH_AVX512: avx512_##loop(__VA_ARGS__); break; \
    case MICROBENCH_AVX2: avx2_##loop(__VA_ARGS__); break;     \
    default: baseline_##loop(__VA_ARGS__);                     \
  }
#else
#define DISPATCH(path, loop, ...) baseline_##loop(__VA_ARGS__)
#endif

void microbench_read(microbench_path path, const void *base, size_t bytes, size_t passes) {
  DISPATCH(path, read, base, bytes, passes);
}

void microbench_write(microbench_path path, void *base, size_t bytes, size_t passes) {
  DISPATCH(path, write, base, bytes, passes);
}

void microbench_write_past_caches(microbench_path path, void *base, size_t bytes, size_t passes) {
  DISPATCH(path, write_past_caches, base, bytes, passes);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);  // the stores are done only when the write-combining buffers are empty
}

void microbench_copy(microbench_path path, void *to, const void *from, size_t bytes, size_t passes) {
  DISPATCH(path, copy, to, from, bytes, passes);
}

void microbench_read_rows(
    microbench_path path, const void *base, size_t row_bytes, const uint32_t *indices, size_t count) {
  DISPATCH(path, read_rows, base, row_bytes, indices, count);
}

void microbench_read_row_pieces(
    microbench_path path, const void *base, size_t row_bytes, size_t piece_bytes, const uint32_t *indices, size_t count) {
  DISPATCH(path, read_row_pieces, base, row_bytes, piece_bytes, indices, count);
}
