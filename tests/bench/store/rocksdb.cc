// RocksDB, set up as its tuning guide advises for point lookups.
#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include "tests/bench/store/store_rows.h"

namespace stave::bench::store {
namespace {

void check(const rocksdb::Status& status) {
  if (!status.ok()) fail(status.ToString());
}
rocksdb::Slice slice(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Bytes bytes_in(const rocksdb::Slice& slice) {
  return as_bytes(slice.data(), slice.size());
}

class RocksStore {
 public:
  explicit RocksStore(const Setup& setup) {
    rocksdb::Options options;
    options.create_if_missing = true;
    // Hash indexes in the blocks, bloom filters of 10 bits a key, a cache of 1 GiB.
    options.OptimizeForPointLookup(1024);
    // Background threads for flushes and compactions.
    options.IncreaseParallelism();
    // The values do not compress.
    options.compression = rocksdb::kNoCompression;
    // The log is written to the kernel with each put, and to the device if sync asks for it.
    writing_.sync = setup.durability == Durability::device;
    rocksdb::DB* database = nullptr;
    check(rocksdb::DB::Open(options, "data", &database));
    database_.reset(database);
  }
  ~RocksStore() { check(database_->Close()); }
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  RocksStore& session() { return *this; }

  void put(Bytes key, Bytes value) { check(database_->Put(writing_, slice(key), slice(value))); }
  template <typename Visit>
  bool get(Bytes key, Visit&& visit) {
    // A pin of the block instead of a copy of the value.
    rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        database_->Get(reading_, database_->DefaultColumnFamily(), slice(key), &value);
    if (status.IsNotFound()) return false;
    check(status);
    visit(bytes_in(value));
    return true;
  }
  void erase(Bytes key) { check(database_->Delete(writing_, slice(key))); }
  template <typename Visit>
  void multi_get(const Key16* keys, size_t count, Visit&& visit) {
    std::vector<rocksdb::Slice> slices;
    for (size_t i = 0; i < count; i++) slices.push_back(slice(bytes_of(keys[i])));
    std::vector<rocksdb::PinnableSlice> values(count);
    std::vector<rocksdb::Status> statuses(count);
    database_->MultiGet(reading_, database_->DefaultColumnFamily(), count, slices.data(),
                        values.data(), statuses.data());
    for (size_t i = 0; i < count; i++) {
      check(statuses[i]);
      visit(i, bytes_in(values[i]));
    }
  }

 private:
  std::unique_ptr<rocksdb::DB> database_;
  rocksdb::WriteOptions writing_;
  rocksdb::ReadOptions reading_;
};

}  // namespace
}  // namespace stave::bench::store

int main(int argc, char** argv) {
  return stave::bench::store::serve_store<stave::bench::store::RocksStore>(argc, argv);
}
