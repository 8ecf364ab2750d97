// Kyoto Cabinet's file hash database (HashDB). Its tuning follows "Tips and Hacks" of its
// specification.
#include <kchashdb.h>

#include "tests/bench/store/store_rows.h"

namespace stave::bench::store {
namespace {

class KyotoStore {
 public:
  explicit KyotoStore(const Setup& setup) {
    // Twice as many buckets as records keep the chains short, and short chains need no binary tree
    // in each bucket: TLINEAR saves its pointers.
    database_.tune_buckets(static_cast<int64_t>(2 * setup.records));
    database_.tune_options(kyotocabinet::HashDB::TLINEAR);
    // All of the file is mapped: outside the mapping each access is a system call. Writes into the
    // mapping are the kernel's at once, so they survive the process.
    const uint64_t record_size = setup.value_size + sizeof(Key16) + 32;
    database_.tune_map(static_cast<int64_t>((64 << 20) + 2 * setup.records * record_size));
    uint32_t mode = kyotocabinet::HashDB::OWRITER | kyotocabinet::HashDB::OCREATE;
    if (setup.durability == Durability::device) mode |= kyotocabinet::HashDB::OAUTOSYNC;
    if (!database_.open("data", mode)) fail_with_message();
  }
  ~KyotoStore() {
    if (!database_.close()) fail_with_message();
  }
  KyotoStore(const KyotoStore&) = delete;
  KyotoStore& operator=(const KyotoStore&) = delete;

  KyotoStore& session() { return *this; }

  void put(Bytes key, Bytes value) {
    if (!database_.set(text(key), key.size(), text(value), value.size())) fail_with_message();
  }
  // A visitor sees the value where it lies: no copy.
  template <typename Visit>
  bool get(Bytes key, Visit&& visit) {
    class Reader final : public kyotocabinet::DB::Visitor {
     public:
      explicit Reader(Visit& reading) : reading_(reading) {}
      const char* visit_full(const char*, size_t, const char* value, size_t size,
                             size_t*) override {
        reading_(as_bytes(value, size));
        found = true;
        return NOP;
      }
      bool found = false;

     private:
      Visit& reading_;
    };
    Reader reader(visit);
    if (!database_.accept(text(key), key.size(), &reader, false)) fail_with_message();
    return reader.found;
  }
  void erase(Bytes key) {
    if (!database_.remove(text(key), key.size())) fail_with_message();
  }

 private:
  static const char* text(Bytes bytes) { return as_text(bytes).data(); }
  [[noreturn]] void fail_with_message() const { fail(database_.error().message()); }

  kyotocabinet::HashDB database_;
};

}  // namespace
}  // namespace stave::bench::store

int main(int argc, char** argv) {
  return stave::bench::store::serve_store<stave::bench::store::KyotoStore>(argc, argv);
}
