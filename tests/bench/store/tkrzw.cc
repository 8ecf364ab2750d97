// Tkrzw's file hash database (HashDBM), tuned as its "Tips" for HashDBM advise.
#include <tkrzw_dbm_hash.h>
#include <tkrzw_file_mmap.h>

#include "tests/bench/store/store_rows.h"

namespace stave::bench::store {
namespace {

void check(const tkrzw::Status& status) {
  if (!status.IsOK()) fail(tkrzw::ToString(status));
}
std::string_view text(Bytes bytes) {
  return as_text(bytes);
}

class TkrzwStore {
 public:
  explicit TkrzwStore(const Setup& setup)
      // Memory-mapped and without a lock around accesses of the file: the fastest of its files.
      // Writes into the mapping are the kernel's at once, so they survive the process.
      : database_(std::make_unique<tkrzw::MemoryMapParallelFile>()),
        synchronizes_(setup.durability == Durability::device) {
    tkrzw::HashDBM::TuningParameters parameters;
    // Once to twice as many buckets as records.
    parameters.num_buckets = static_cast<int64_t>(2 * setup.records);
    // Records of one size are updated where they are.
    parameters.update_mode = tkrzw::HashDBM::UPDATE_IN_PLACE;
    check(database_.OpenAdvanced("data", true, tkrzw::File::OPEN_DEFAULT, parameters));
  }
  ~TkrzwStore() { check(database_.Close()); }
  TkrzwStore(const TkrzwStore&) = delete;
  TkrzwStore& operator=(const TkrzwStore&) = delete;

  TkrzwStore& session() { return *this; }

  void put(Bytes key, Bytes value) {
    check(database_.Set(text(key), text(value)));
    if (synchronizes_) check(database_.Synchronize(true));
  }
  // A processor sees the value where it lies: no copy.
  template <typename Visit>
  bool get(Bytes key, Visit&& visit) {
    class Reader final : public tkrzw::DBM::RecordProcessor {
     public:
      explicit Reader(Visit& reading) : reading_(reading) {}
      std::string_view ProcessFull(std::string_view, std::string_view value) override {
        reading_(as_bytes(value));
        found = true;
        return NOOP;
      }
      bool found = false;

     private:
      Visit& reading_;
    };
    Reader reader(visit);
    check(database_.Process(text(key), &reader, false));
    return reader.found;
  }
  void erase(Bytes key) { check(database_.Remove(text(key))); }

 private:
  tkrzw::HashDBM database_;
  bool synchronizes_;
};

}  // namespace
}  // namespace stave::bench::store

int main(int argc, char** argv) {
  return stave::bench::store::serve_store<stave::bench::store::TkrzwStore>(argc, argv);
}
