#include "tests/bench/frame/measure.h"

#include <bit>
#include <fstream>

#include "tests/bench/frame/program.h"

namespace stave::bench {
namespace {

// A figure of /proc/self/status, which gives them in KiB.
uint64_t status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ':', 0) == 0) return std::stoull(line.substr(name.size() + 1)) * 1024;
  }
  fail("/proc/self/status has no " + name);
}

}  // namespace

uint64_t anonymous_bytes() {
  return status_bytes("RssAnon");
}
uint64_t resident_bytes() {
  return status_bytes("VmRSS");
}
uint64_t begin_peak() {
  // Since Linux 4.0: the peak is what is resident now (proc_pid_clear_refs(5)).
  std::ofstream clear("/proc/self/clear_refs");
  clear << 5 << std::flush;
  if (!clear) fail("/proc/self/clear_refs cannot be written");
  return peak_resident_bytes();
}
uint64_t peak_resident_bytes() {
  return status_bytes("VmHWM");
}

size_t Histogram::bucket_of(uint64_t nanoseconds) noexcept {
  if (nanoseconds < (1u << sub_bits)) return nanoseconds;
  const auto shift = static_cast<unsigned>(std::bit_width(nanoseconds)) - 1 - sub_bits;
  return (size_t{shift} << sub_bits) + (nanoseconds >> shift);
}

uint64_t Histogram::upper_bound_of(size_t bucket) noexcept {
  if (bucket < (2u << sub_bits)) return bucket;
  const size_t shift = (bucket >> sub_bits) - 1;
  const uint64_t leading = (bucket & ((1u << sub_bits) - 1)) + (1u << sub_bits);
  return ((leading + 1) << shift) - 1;
}

uint64_t Histogram::percentile(double part) const noexcept {
  uint64_t total = 0;
  for (const uint64_t count : counts_) total += count;
  const auto wanted = static_cast<uint64_t>(static_cast<double>(total) * part);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); bucket++) {
    seen += counts_[bucket];
    if (seen >= wanted && seen > 0) return upper_bound_of(bucket);
  }
  return 0;
}

std::string Histogram::text() const {
  std::string text;
  for (size_t bucket = 0; bucket < counts_.size(); bucket++) {
    if (counts_[bucket] == 0) continue;
    if (!text.empty()) text += ' ';
    text += std::to_string(upper_bound_of(bucket)) + ':' + std::to_string(counts_[bucket]);
  }
  return text;
}

std::string latency_answer(const Histogram& durations) {
  return to_answer(static_cast<double>(durations.percentile(0.9999))) + " histogram " +
         durations.text();
}
std::string slowest_answer(const Histogram& durations) {
  return to_answer(static_cast<double>(durations.percentile(1)) / 1e6) + " histogram " +
         durations.text();
}

}  // namespace stave::bench
