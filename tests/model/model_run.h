// A store beside a ModelState: every operation is made on both and the answers are compared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/os/testing/simulated_file_system.h"
#include "core/store/store.h"
#include "core/store/store_atomic.h"
#include "tests/model/model_state.h"
#include "tests/model/operation.h"

namespace stave::test {

class ModelRun {
 public:
  // `directory` is empty or does not exist. `clock` is `files`, or null when that is no simulation.
  ModelRun(os::FileSystem& files, os::SimulatedFileSystem* clock, std::string directory,
           const store::Options& options);

  // What the store did wrong, or "".
  std::string open();
  std::string apply(const Operation& operation);

  struct Figures {
    uint64_t commits = 0;
    uint64_t refusals = 0;  // exists, not_found, mismatch of writes
    uint64_t hits = 0;
    uint64_t swept = 0;
    uint64_t clean_opens = 0;
    uint64_t recoveries = 0;
    uint64_t segments = 0;  // seen at the reopens
  };
  const Figures& figures() const noexcept { return figures_; }

 private:
  // model_run.cc: calls on one key, and reading.
  std::string apply_put(const Operation& operation);
  std::string apply_remove(const Operation& operation);
  std::string apply_get(const Operation& operation);
  std::string apply_expires_at(const Operation& operation);
  std::string apply_scan(const Operation& operation);
  std::string apply_update(const Operation& operation);
  std::string apply_expire(const Operation& operation);
  // Whether the call was right to answer `status`; if it is ok, the key's record is now this one.
  std::string check_write(Code expected, const Status& status, const Operation& operation,
                          uint64_t expires_at);

  // model_run_many.cc: many keys, opening and closing.
  std::string apply_batch(const Operation& operation);
  std::string apply_atomic(const Operation& operation);
  Status run_atomic(const Operation& operation, store::Atomic& atomic, std::string& problem);
  std::string apply_migrate(const Operation& operation);
  std::string apply_clear(const Operation& operation);
  std::string apply_remove_expired();
  std::string close_and_open(bool clean, const store::Options& options);
  std::string check_read_only();
  std::string check_all();
  std::string match_recovered_state();
  void set_clock(uint64_t now_ms);

  // What a cursor shows; from a token after half of it if `in_two_parts`.
  Result<ModelRecords> read_records(const std::string& prefix, bool keys_only, bool in_two_parts);

  os::FileSystem& files_;
  os::SimulatedFileSystem* const clock_;
  const std::string directory_;
  store::Options options_;
  std::unique_ptr<store::Store> store_;
  ModelState model_;
  Figures figures_;
};

// "" or "expected X, got Y".
std::string compare(Code expected, const Status& got);
std::string compare(uint64_t expected, uint64_t got, const char* what);

}  // namespace stave::test
