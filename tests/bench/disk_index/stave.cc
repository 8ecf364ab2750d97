// Stave's disk index, as a store of records of one size under keys of 16 bytes. Its peers are those
// of the store.
#include "core/disk_index/disk_index.h"

#include "core/os/posix_file_system.h"
#include "tests/bench/store/store_rows.h"

namespace stave::bench::store {
namespace {

using stave::disk_index::DiskIndex;

void check(const Status& status) {
  if (!status.ok()) fail(std::string(status.message()));
}

class DiskIndexStore {
 public:
  explicit DiskIndexStore(const Setup& setup)
      : record_(setup.value_size), synchronizes_(setup.durability == Durability::device) {
    stave::disk_index::Options options;
    options.record_kind = stave::disk_index::RecordKind::opaque;
    options.record_size = static_cast<uint32_t>(setup.value_size);
    auto opened = DiskIndex::open(os::posix_file_system(), "data", options);
    check(opened.status());
    index_ = *std::move(opened);
  }
  ~DiskIndexStore() { check(index_->close()); }
  DiskIndexStore(const DiskIndexStore&) = delete;
  DiskIndexStore& operator=(const DiskIndexStore&) = delete;

  class Session {
   public:
    explicit Session(DiskIndexStore& store) : store_(store), record_(store.record_) {}

    void put(Bytes key, Bytes value) {
      check(store_.index_->put(to_key(key), value));
      if (store_.synchronizes_) check(store_.index_->save(0));
    }
    template <typename Visit>
    bool get(Bytes key, Visit&& visit) {
      const Status status = store_.index_->get(to_key(key), record_);
      if (status.is(Code::not_found)) return false;
      check(status);
      visit(Bytes(record_));
      return true;
    }
    void erase(Bytes key) { check(store_.index_->remove(to_key(key))); }

   private:
    DiskIndexStore& store_;
    std::vector<std::byte> record_;
  };
  Session session() { return Session(*this); }

  // All records of a new index at once; next() answers false behind the last.
  template <typename Next>
  void bulk_load(Next&& next) {
    check(index_->bulk_load([&](stave::disk_index::Key* key, MutableBytes record) -> Status {
      Key16 bytes;
      std::string value;
      if (!next(bytes, value)) return Code::done;
      *key = to_key(bytes_of(bytes));
      copy(record.data(), as_bytes(value));
      return {};
    }));
  }

 private:
  static stave::disk_index::Key to_key(Bytes key) {
    return stave::disk_index::load_key(key.data());
  }

  std::unique_ptr<DiskIndex> index_;
  std::vector<std::byte> record_;
  bool synchronizes_;
};

}  // namespace
}  // namespace stave::bench::store

int main(int argc, char** argv) {
  return stave::bench::store::serve_store<stave::bench::store::DiskIndexStore>(argc, argv);
}
