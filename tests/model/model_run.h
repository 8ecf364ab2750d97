// A store beside a std::map: every operation is made on both and the answers are compared.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "tests/model/operation.h"
#include "tests/support/store_access.h"

namespace stave::test {

class ModelRun {
 public:
  // `directory` is empty or does not exist.
  ModelRun(os::FileSystem& files, std::string directory, const store::Options& options);

  // What the store did wrong, or "".
  std::string open();
  std::string apply(const Operation& operation);

  struct Figures {
    uint64_t commits = 0;
    uint64_t refusals = 0;  // exists, not_found, mismatch of writes
    uint64_t hits = 0;
    uint64_t clean_opens = 0;
    uint64_t recoveries = 0;
    uint64_t segments = 0;  // seen at the reopens
  };
  const Figures& figures() const noexcept { return figures_; }

 private:
  // What one commit replaced, newest last: how to take it back.
  using Undo = std::vector<std::pair<std::string, std::optional<std::string>>>;

  std::string apply_put(const Operation& operation);
  std::string apply_erase(const Operation& operation);
  std::string apply_batch(const Operation& operation);
  std::string apply_get(const Operation& operation);
  std::string apply_scan(const Operation& operation);
  std::string close_and_open(bool clean, const store::Options& options);
  std::string check_read_only();
  std::string check_all();
  std::string match_recovered_state();
  void change(const std::string& key, std::optional<std::string> value, Undo& undo);
  void commit(Undo undo, store::Durability durability);

  os::FileSystem& files_;
  const std::string directory_;
  store::Options options_;
  std::unique_ptr<store::Store> store_;
  Contents model_;
  std::vector<Undo> losable_;  // newest commits that a killed process may lose
  Figures figures_;
};

}  // namespace stave::test
