// Code for processors with vectors of 512 bits, beside code for all others.
//
// STAVE_WIDE_VECTORS is defined where such code can be compiled. A function marked STAVE_WIDE may
// be called only where has_wide_vectors() is true; what it inlines is compiled for such processors
// too.
#pragma once

// ThreadSanitizer checks loads one by one.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define STAVE_WIDE_VECTORS 1
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef STAVE_WIDE_VECTORS
#endif
#endif
#endif

namespace stave {

#ifdef STAVE_WIDE_VECTORS
#define STAVE_WIDE [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,bmi,bmi2")]]

// The last one asked for came with the first processors (Ice Lake, Zen 4) that do not lower their
// clock for such vectors.
inline bool has_wide_vectors() noexcept {
  static const bool found =
      __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
      __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("bmi2") != 0 &&
      __builtin_cpu_supports("avx512vbmi2") != 0;
  return found;
}
#else
constexpr bool has_wide_vectors() noexcept {
  return false;
}
#endif

}  // namespace stave
