// LevelDB, with what its documentation has for point lookups.
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>

#include "tests/bench/store/store_rows.h"

namespace stave::bench::store {
namespace {

void check(const leveldb::Status& status) {
  if (!status.ok()) fail(status.ToString());
}
leveldb::Slice slice(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class LevelStore {
 public:
  explicit LevelStore(const Setup& setup)
      : filter_(leveldb::NewBloomFilterPolicy(10)), cache_(leveldb::NewLRUCache(1 << 30)) {
    leveldb::Options options;
    options.create_if_missing = true;
    options.filter_policy = filter_.get();
    options.block_cache = cache_.get();
    // Fewer, larger files of the first level, as RocksDB has by default.
    options.write_buffer_size = 64 << 20;
    // The values do not compress.
    options.compression = leveldb::kNoCompression;
    writing_.sync = setup.durability == Durability::device;
    leveldb::DB* database = nullptr;
    check(leveldb::DB::Open(options, "data", &database));
    database_.reset(database);
  }

  LevelStore& session() { return *this; }

  void put(Bytes key, Bytes value) { check(database_->Put(writing_, slice(key), slice(value))); }
  template <typename Visit>
  bool get(Bytes key, Visit&& visit) {
    std::string value;
    const leveldb::Status status = database_->Get({}, slice(key), &value);
    if (status.IsNotFound()) return false;
    check(status);
    visit(as_bytes(value));
    return true;
  }
  void erase(Bytes key) { check(database_->Delete(writing_, slice(key))); }

 private:
  // The database goes first.
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<leveldb::DB> database_;
  leveldb::WriteOptions writing_;
};

}  // namespace
}  // namespace stave::bench::store

int main(int argc, char** argv) {
  return stave::bench::store::serve_store<stave::bench::store::LevelStore>(argc, argv);
}
