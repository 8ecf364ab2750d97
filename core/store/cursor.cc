// The cursor: takes locations from the key directory, and reads their records. A key that is
// present throughout keeps its entry, so it comes exactly once.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/store/store_impl.h"

namespace stave::store {

namespace {

class RecordCursor final : public Cursor {
 public:
  RecordCursor(const SegmentDirectory& segments, const KeyDirectory& directory, Bytes prefix,
               bool keys_only)
      : reader_(segments), locations_(directory), prefix_(as_text(prefix)), keys_only_(keys_only) {}

  Status next() override {
    while (true) {
      key_.clear();
      value_.clear();
      if (!unread_) {
        STAVE_TRY_ASSIGN(const std::optional<Location> location, locations_.next());
        if (!location) return Code::done;
        unread_ = *location;
      }
      const Result<bool> wanted = read(*unread_);
      // After no_memory, or bad_alloc, the next call reads the same record.
      if (!wanted.status().is(Code::no_memory)) unread_.reset();
      if (!wanted) return wanted.status();
      if (*wanted) return {};
    }
  }

  Bytes key() const noexcept override { return key_; }
  Bytes value() const noexcept override { return value_; }

 private:
  // False when it does not have the prefix.
  Result<bool> read(Location location) {
    STAVE_TRY(reader_.open(location));
    STAVE_TRY_ASSIGN(const Bytes key, reader_.key());
    if (!as_text(key).starts_with(prefix_)) return false;
    key_.assign(key.begin(), key.end());
    if (keys_only_) {
      STAVE_TRY(reader_.check());
      return true;
    }
    value_.resize(reader_.value_size());
    STAVE_TRY(reader_.read_value(value_));
    return true;
  }

  RecordReader reader_;
  KeyDirectory::Cursor locations_;
  std::optional<Location> unread_;  // taken from locations_
  const std::string prefix_;
  const bool keys_only_;
  std::vector<std::byte> key_;
  std::vector<std::byte> value_;
};

}  // namespace

Result<std::unique_ptr<Cursor>> StoreImpl::open_cursor(Bytes prefix, bool keys_only) {
  return std::unique_ptr<Cursor>(
      std::make_unique<RecordCursor>(segments_, *keys_, prefix, keys_only));
}

}  // namespace stave::store
