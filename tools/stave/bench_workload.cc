#include "tools/stave/bench_workload.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace stave::tool {

namespace {

// The generator SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", 2014). Its output function is a bijection, which is what makes keys differ.
uint64_t mix(uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

class Random {
 public:
  explicit Random(uint64_t seed) noexcept : state_(seed) {}
  uint64_t next() noexcept { return mix(state_ += 0x9e3779b97f4a7c15U); }
  uint64_t below(uint64_t bound) noexcept { return next() % bound; }
  // From 0 up to 1, which it does not reach.
  double fraction() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

// Ranks from 0 to count - 1, rank r with a probability in proportion to 1 / (r + 1)^0.99 (Gray et
// al., "Quickly generating billion-record synthetic databases", 1994).
class Zipf {
 public:
  explicit Zipf(uint64_t count) noexcept : count_(static_cast<double>(count)) {
    for (uint64_t rank = 1; rank <= count; ++rank) {
      zeta_ += std::pow(static_cast<double>(rank), -theta);
    }
    const double zeta_of_2 = 1 + std::pow(2, -theta);
    eta_ = (1 - std::pow(2 / count_, 1 - theta)) / (1 - zeta_of_2 / zeta_);
  }

  uint64_t rank(double fraction) const noexcept {
    const double scaled = fraction * zeta_;
    if (scaled < 1) return 0;
    if (scaled < 1 + std::pow(0.5, theta)) return 1;
    const double rank = count_ * std::pow(eta_ * fraction - eta_ + 1, 1 / (1 - theta));
    return static_cast<uint64_t>(std::min(rank, count_ - 1));
  }

 private:
  static constexpr double theta = 0.99;
  const double count_;
  double zeta_ = 0;
  double eta_ = 0;
};

// The part of `total` that falls to one thread: from begin to end.
struct Share {
  uint64_t begin;
  uint64_t end;
};

Share share_of(uint64_t total, const BenchSettings& settings, size_t thread) noexcept {
  return {total / settings.threads * thread + std::min<uint64_t>(thread, total % settings.threads),
          total / settings.threads * (thread + 1) +
              std::min<uint64_t>(thread + 1, total % settings.threads)};
}

// Percentage of plain reads, and what the other operations are.
struct Mix {
  uint64_t reads;
  OperationKind other;
};

Mix mix_of(Workload workload) noexcept {
  switch (workload) {
    case Workload::a:
      return {50, OperationKind::put};
    case Workload::b:
      return {95, OperationKind::put};
    case Workload::f:
      return {50, OperationKind::read_modify_write};
    default:
      return {100, OperationKind::put};
  }
}

}  // namespace

std::string_view name_of(Workload workload) noexcept {
  static constexpr std::string_view names[] = {"load", "get", "miss", "A", "B", "C", "F", "delete"};
  return names[static_cast<size_t>(workload)];
}

std::vector<Operation> operations_of(Workload workload, const BenchSettings& settings,
                                     size_t thread) {
  Random random(mix(mix(settings.seed) + static_cast<uint64_t>(workload)) + thread);
  std::vector<Operation> operations;
  if (workload == Workload::load) {
    const Share share = share_of(settings.count, settings, thread);
    operations.reserve(share.end - share.begin);
    for (uint64_t number = share.begin; number < share.end; ++number) {
      operations.push_back({number, OperationKind::put});
    }
    return operations;
  }
  if (workload == Workload::erase) {
    // Every other record, in no order.
    const Share share = share_of(settings.count / 2, settings, thread);
    for (uint64_t half = share.begin; half < share.end; ++half) {
      operations.push_back({2 * half, OperationKind::erase});
    }
    for (size_t i = operations.size(); i > 1; --i) {
      std::swap(operations[i - 1], operations[random.below(i)]);
    }
    return operations;
  }
  const uint64_t total = settings.operations != 0 ? settings.operations : settings.count;
  const Share share = share_of(total, settings, thread);
  operations.reserve(share.end - share.begin);
  if (workload == Workload::get || workload == Workload::miss) {
    const bool absent = workload == Workload::miss;
    for (uint64_t i = share.begin; i < share.end; ++i) {
      operations.push_back({random.below(settings.count) + (absent ? settings.count : 0),
                            absent ? OperationKind::get_absent : OperationKind::get});
    }
    return operations;
  }
  const Zipf zipf(settings.count);
  const Mix mixture = mix_of(workload);
  for (uint64_t i = share.begin; i < share.end; ++i) {
    const OperationKind kind =
        random.below(100) < mixture.reads ? OperationKind::get : mixture.other;
    // Scrambled: records that are used much do not stand beside each other.
    operations.push_back({mix(zipf.rank(random.fraction())) % settings.count, kind});
  }
  return operations;
}

namespace {

std::string make_noise(const BenchSettings& settings) {
  Random random(settings.seed);
  std::string noise(settings.value_size + 256, '\0');
  for (char& byte : noise) byte = static_cast<char>(random.next());
  return noise;
}

}  // namespace

RecordMaker::RecordMaker(const BenchSettings& settings)
    : seed_(settings.seed),
      value_size_(settings.value_size),
      noise_(make_noise(settings)),
      key_(settings.key_size, 'k') {}

std::string_view RecordMaker::key(uint64_t number) {
  const uint64_t name = mix(number ^ mix(seed_));
  std::memcpy(key_.data(), &name, sizeof name);
  return key_;
}

std::string_view RecordMaker::value(uint64_t number, uint64_t version) {
  value_.assign(noise_, mix(number + version) % 256, value_size_);
  std::memcpy(value_.data(), &number, std::min(sizeof number, value_size_));
  return value_;
}

bool RecordMaker::is_value_of(uint64_t number, std::string_view bytes) const noexcept {
  return bytes.size() == value_size_ &&
         std::memcmp(bytes.data(), &number, std::min(sizeof number, value_size_)) == 0;
}

}  // namespace stave::tool
