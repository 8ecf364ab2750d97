// Stave's memtable through the C interface.
#include <stave/memtable.h>

#include "tests/bench/memtable/memtable_rows.h"

namespace stave::bench::memtable {
namespace {

void check(stave_status status, const stave_error& error) {
  if (status != STAVE_OK) fail(error.message);
}

class StaveMemtable {
 public:
  StaveMemtable() {
    stave_error error;
    check(stave_memtable_create(nullptr, &table_, &error), error);
  }
  ~StaveMemtable() { stave_memtable_free(table_); }
  StaveMemtable(const StaveMemtable&) = delete;
  StaveMemtable& operator=(const StaveMemtable&) = delete;

  uint64_t size() {
    stave_error error;
    uint64_t size = 0;
    check(stave_memtable_size(table_, &size, &error), error);
    return size;
  }

  class Snapshot {
   public:
    explicit Snapshot(StaveMemtable& table) {
      stave_error error;
      check(stave_memtable_snapshot_open(table.table_, &snapshot_, &error), error);
    }
    ~Snapshot() { stave_memtable_snapshot_free(snapshot_); }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    bool get(const Key16& key, uint64_t& value) {
      stave_error error;
      size_t size = 0;
      const stave_status status = stave_memtable_snapshot_get(snapshot_, &key, sizeof key, &value,
                                                              sizeof value, &size, &error);
      if (status == STAVE_NOT_FOUND) return false;
      check(status, error);
      return true;
    }

   private:
    stave_memtable_snapshot* snapshot_ = nullptr;
  };

  class Transaction {
   public:
    explicit Transaction(StaveMemtable& table) {
      stave_error error;
      check(stave_memtable_begin(table.table_, &transaction_, &error), error);
    }
    ~Transaction() { stave_memtable_transaction_free(transaction_); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    bool get(const Key16& key, uint64_t& value) {
      stave_error error;
      size_t size = 0;
      const stave_status status = stave_memtable_transaction_get(
          transaction_, &key, sizeof key, &value, sizeof value, &size, &error);
      if (status == STAVE_NOT_FOUND) return false;
      check(status, error);
      return true;
    }
    bool put(const Key16& key, uint64_t value) {
      stave_error error;
      const stave_status status = stave_memtable_transaction_put(transaction_, &key, sizeof key,
                                                                 &value, sizeof value, &error);
      if (status == STAVE_CONFLICT) return false;
      check(status, error);
      return true;
    }
    void commit() {
      stave_error error;
      check(stave_memtable_transaction_commit(transaction_, nullptr, &error), error);
    }

   private:
    stave_memtable_transaction* transaction_ = nullptr;
  };

 private:
  stave_memtable* table_ = nullptr;
};

}  // namespace
}  // namespace stave::bench::memtable

int main(int argc, char** argv) {
  return stave::bench::memtable::serve_memtable<stave::bench::memtable::StaveMemtable>(argc, argv);
}
