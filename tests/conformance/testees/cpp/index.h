// An index of a script, and the records that its resolver knows.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stave/stave.hpp>
#include <string>
#include <utility>

namespace conformance {

using stave::Bytes;
using stave::Status;

// A counter as a key: 8 bytes, big-endian.
std::string counter_key(uint64_t counter);
// The hash that a rule (equal, low or high) gives to a counter; nothing for any other.
std::optional<uint64_t> ruled_hash(const std::string& rule, uint64_t counter);

// What lies at the values of a resolved index.
struct Records {
  struct Record {
    std::string key;
    Status answer = Status::ok;  // instead of the key
    std::optional<uint64_t> hash;
    std::string calls;  // get, put, close, or empty: made before the answer
  };
  std::map<uint64_t, Record> by_value;
  stave::Index* index = nullptr;
  std::string rule;  // of the last range
};

struct ScriptedIndex {
  ScriptedIndex(stave::Index made, std::shared_ptr<Records> known) noexcept
      : index(std::move(made)), records(std::move(known)) {}

  stave::Index index;
  std::shared_ptr<Records> records;  // with the resolver
};

// Answers what the script has said of a value; of any other, that its record's key is the value as
// a counter.
class ScriptedResolver final : public stave::Resolver {
 public:
  explicit ScriptedResolver(std::shared_ptr<const Records> records)
      : records_(std::move(records)) {}

  Status compare(uint64_t value, Bytes key) override;
  Status hash(uint64_t value, uint64_t& hash) override;

 private:
  const Records::Record* find(uint64_t value) const;
  Status make_call(const std::string& what) const;

  std::shared_ptr<const Records> records_;
};

// One call of a range of counters: the value that was there, or nothing.
struct RangeStep {
  using Found = stave::Result<std::optional<uint64_t>>;
  Found (*call)(stave::Index& index, Bytes key, std::optional<uint64_t> hash, uint64_t counter);
  bool counts_found;  // else what was absent
};

}  // namespace conformance
