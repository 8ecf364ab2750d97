// What a store should hold: a std::map under a clock, with the newest commits that may be lost.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/store/options.h"

namespace stave::test {

struct ModelRecord {
  std::string value;
  uint64_t expires_at = 0;  // Unix time in milliseconds; 0: never
  friend bool operator==(const ModelRecord&, const ModelRecord&) = default;
};
using ModelRecords = std::map<std::string, ModelRecord>;

class ModelState {
 public:
  uint64_t now_ms = 0;
  uint64_t default_ttl = 0;

  // The key's record, unless it has expired; null when the key is absent.
  const ModelRecord* find(const std::string& key) const;
  // All that have not expired.
  ModelRecords present() const;
  // With what has expired.
  uint64_t size() const { return records_.size(); }
  // The expiry of a record that is written with `option`.
  uint64_t expiry_of(uint64_t option) const;

  // Part of the commit that commit() ends. A remove of an absent key changes nothing.
  void put(const std::string& key, std::string value, uint64_t expires_at);
  void remove(const std::string& key);
  // Removes what has expired; how many.
  uint64_t remove_expired();
  // Whether there is something to commit.
  bool has_changed() const { return !open_.empty(); }
  void commit(store::Durability durability);

  // Everything so far survives.
  void settle() { losable_.clear(); }
  // Takes back the newest commit that may be lost; false when there is none.
  bool take_back();

 private:
  // What one commit replaced, newest last.
  using Undo = std::vector<std::pair<std::string, std::optional<ModelRecord>>>;

  void remember(const std::string& key);

  ModelRecords records_;
  Undo open_;                  // of the commit that is being made
  std::vector<Undo> losable_;  // of the newest commits that a killed process may lose
};

// "" when both are equal, else the first difference, for people.
std::string difference(const ModelRecords& expected, const ModelRecords& found);

}  // namespace stave::test
