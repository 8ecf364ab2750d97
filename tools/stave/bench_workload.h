// What `stave bench` does to a store: keys, values and sequences of operations, all made from a
// seed.
//
// The mixed workloads are those of YCSB (Cooper et al., "Benchmarking cloud serving systems with
// YCSB", 2010), with its scrambled Zipf distribution of constant 0.99.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stave::tool {

struct BenchSettings {
  uint64_t count = 1'000'000;  // records
  uint64_t operations = 0;     // of each workload but load and delete; 0: as many as records
  size_t key_size = 16;        // 8 at the least
  size_t value_size = 100;
  size_t threads = 1;
  uint64_t seed = 1;
};

enum class Workload { load, get, miss, a, b, c, f, erase };
constexpr Workload workloads[] = {Workload::load, Workload::get, Workload::miss, Workload::a,
                                  Workload::b,    Workload::c,   Workload::f,    Workload::erase};
std::string_view name_of(Workload workload) noexcept;

enum class OperationKind : uint8_t { put, get, get_absent, read_modify_write, erase };

struct Operation {
  uint64_t number;  // of the record, from 0; from `count` on there are none
  OperationKind kind;
};

// The operations of one of the threads: the same for the same settings, always.
std::vector<Operation> operations_of(Workload workload, const BenchSettings& settings,
                                     size_t thread);

// Makes the bytes of records. Each key has another number in it, so no two are equal.
class RecordMaker {
 public:
  explicit RecordMaker(const BenchSettings& settings);

  // The bytes are valid until the next call of the same function.
  std::string_view key(uint64_t number);
  // `version` changes the bytes, but not what is_value_of() looks at.
  std::string_view value(uint64_t number, uint64_t version);
  // Whether these are the size and the first bytes of a value of that record.
  bool is_value_of(uint64_t number, std::string_view bytes) const noexcept;

 private:
  const uint64_t seed_;
  const size_t value_size_;
  const std::string noise_;  // values are windows of it
  std::string key_;
  std::string value_;
};

}  // namespace stave::tool
