// LMDB: a B+ tree that is mapped and copied on write. Each put is a transaction of its own.
#include <lmdb.h>
#include <sys/stat.h>

#include "tests/bench/store/store_rows.h"

namespace stave::bench::store {
namespace {

void check(int result) {
  if (result != MDB_SUCCESS) fail(mdb_strerror(result));
}
MDB_val to_value(Bytes bytes) {
  return {bytes.size(), const_cast<std::byte*>(bytes.data())};
}

// A thread's read transaction, which its documentation advises to reset and renew instead of making
// one for each read.
class LmdbSession {
 public:
  LmdbSession(MDB_env* environment, MDB_dbi table) : environment_(environment), table_(table) {
    check(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &reading_));
    mdb_txn_reset(reading_);
  }
  ~LmdbSession() { mdb_txn_abort(reading_); }
  LmdbSession(const LmdbSession&) = delete;
  LmdbSession& operator=(const LmdbSession&) = delete;

  void put(Bytes key, Bytes value) {
    MDB_val key_value = to_value(key), data = to_value(value);
    MDB_txn* transaction = begin();
    check(mdb_put(transaction, table_, &key_value, &data, 0));
    check(mdb_txn_commit(transaction));
  }
  template <typename Visit>
  bool get(Bytes key, Visit&& visit) {
    MDB_val key_value = to_value(key), data;
    check(mdb_txn_renew(reading_));
    const int result = mdb_get(reading_, table_, &key_value, &data);
    if (result == MDB_SUCCESS)
      visit(as_bytes(data.mv_data, data.mv_size));
    else if (result != MDB_NOTFOUND)
      check(result);
    mdb_txn_reset(reading_);
    return result == MDB_SUCCESS;
  }
  void erase(Bytes key) {
    MDB_val key_value = to_value(key);
    MDB_txn* transaction = begin();
    check(mdb_del(transaction, table_, &key_value, nullptr));
    check(mdb_txn_commit(transaction));
  }

 private:
  MDB_txn* begin() {
    MDB_txn* transaction = nullptr;
    check(mdb_txn_begin(environment_, nullptr, 0, &transaction));
    return transaction;
  }

  MDB_env* environment_;
  MDB_dbi table_;
  MDB_txn* reading_ = nullptr;
};

class LmdbStore {
 public:
  explicit LmdbStore(const Setup& setup) {
    check(mdb_env_create(&environment_));
    // Address space only: a map that is never too small.
    check(mdb_env_set_mapsize(environment_, size_t{1} << 36));
    // NOTLS lets a read transaction belong to an object. NOSYNC leaves the writing to the kernel,
    // from where it survives the process; WRITEMAP saves the copies into it.
    unsigned flags = MDB_NOTLS;
    if (setup.durability == Durability::os) flags |= MDB_NOSYNC | MDB_WRITEMAP;
    mkdir("data", 0755);
    check(mdb_env_open(environment_, "data", flags, 0644));
    MDB_txn* transaction = nullptr;
    check(mdb_txn_begin(environment_, nullptr, 0, &transaction));
    check(mdb_dbi_open(transaction, nullptr, 0, &table_));
    check(mdb_txn_commit(transaction));
  }
  ~LmdbStore() { mdb_env_close(environment_); }
  LmdbStore(const LmdbStore&) = delete;
  LmdbStore& operator=(const LmdbStore&) = delete;

  LmdbSession session() { return {environment_, table_}; }

 private:
  MDB_env* environment_ = nullptr;
  MDB_dbi table_ = 0;
};

}  // namespace
}  // namespace stave::bench::store

int main(int argc, char** argv) {
  return stave::bench::store::serve_store<stave::bench::store::LmdbStore>(argc, argv);
}
