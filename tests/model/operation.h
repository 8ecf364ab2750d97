// One step of a model run, as data: it can be generated, executed, left out and printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/store/batch.h"
#include "core/store/options.h"
#include "tests/support/random.h"

namespace stave::test {

// The time at which a simulated clock stands first, and which lies between the expiries that are
// used under a real one.
inline constexpr uint64_t model_start_ms = 1'700'000'000'000;

// test_value(number, size), written down.
struct ValueSpec {
  uint64_t number = 0;
  size_t size = 0;
};

struct Operation {
  enum class Kind {
    put,
    insert,
    replace,
    remove,
    get,
    get_pin,
    contains,
    batch,
    compare_and_swap,
    update,  // to `value`
    exchange,
    expire,  // at `expires_at`
    expires_at,
    atomic,
    migrate,
    clear,
    remove_expired,
    set_clock,  // to `expires_at`
    scan,
    scan_keys,
    scan_on,  // by two cursors, the second from a token of the first
    size,
    flush,
    sync,
    verify,
    reopen,     // close, open with `options`
    drop,       // the store object goes away as with a killed process, then open
    read_only,  // close, look at everything through a read-only handle, reopen
  };
  struct Entry {
    store::Batch::Kind kind;
    std::string key;
    ValueSpec value;
  };

  Kind kind = Kind::size;
  std::string key;  // of a scan: the prefix
  ValueSpec value;
  ValueSpec expected;  // of compare_and_swap
  store::Durability durability = store::Durability::os;
  uint64_t expires_at = 0;  // of what is written, as an option
  // Inside of an atomic call require_absent means insert, require_exists replace, require_equal
  // get.
  std::vector<Entry> entries;
  bool is_cancelled = false;  // of an atomic call: its callback ends with `cancelled`
  store::Options options;
};

// A line in the manner of the conformance scripts. bytes(SIZE,NUMBER) stands for test_value().
std::string to_script(const Operation& operation);
std::string to_script(const store::Options& options);

// Random operations over a set of keys with all the sizes that tend to go wrong.
class OperationGenerator {
 public:
  // Without `moves_clock` the records that expire have done so long ago, or will in years.
  OperationGenerator(uint64_t seed, const store::Options& options, bool moves_clock);
  Operation next();

 private:
  Operation::Kind pick_kind();
  std::string pick_key();
  ValueSpec pick_value(const std::string& key);
  ValueSpec& last_value(const std::string& key);
  store::Durability pick_durability();
  uint64_t pick_expiry();
  store::Options pick_options();
  void fill_batch(Operation& operation);

  Random random_;
  store::Options options_;
  const bool moves_clock_;
  uint64_t now_ms_ = model_start_ms;
  std::vector<std::string> keys_;
  std::vector<ValueSpec> last_values_;  // by place in keys_, for conditions that hold
  uint64_t value_number_ = 0;
};

}  // namespace stave::test
