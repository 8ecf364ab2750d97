// One step of a model run, as data: it can be generated, executed, left out and printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/store/batch.h"
#include "core/store/options.h"
#include "tests/support/random.h"

namespace stave::test {

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
    scan,
    scan_keys,
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
  store::Durability durability = store::Durability::os;
  std::vector<Entry> entries;
  store::Options options;
};

// A line in the manner of the conformance scripts. bytes(SIZE,NUMBER) stands for test_value().
std::string to_script(const Operation& operation);
std::string to_script(const store::Options& options);

// Random operations over a set of keys with all the sizes that tend to go wrong.
class OperationGenerator {
 public:
  OperationGenerator(uint64_t seed, const store::Options& options);
  Operation next();

 private:
  Operation::Kind pick_kind();
  std::string pick_key();
  ValueSpec pick_value(const std::string& key);
  store::Durability pick_durability();
  store::Options pick_options();
  void fill_batch(Operation& operation);

  Random random_;
  store::Options options_;
  std::vector<std::string> keys_;
  std::vector<ValueSpec> last_values_;  // by place in keys_, for conditions that hold
  uint64_t value_number_ = 0;
};

}  // namespace stave::test
