// The cursor: takes the keys and places of one shard at a time, then reads their records. A key
// stays in its shard, so none comes twice.
#include <string>
#include <utility>
#include <vector>

#include "core/store/store_impl.h"

namespace stave::store {

namespace {

class ShardCursor final : public Cursor {
 public:
  ShardCursor(const Shards& shards, const RecordReader& reader, Bytes prefix, bool keys_only)
      : shards_(shards), reader_(reader), prefix_(as_text(prefix)), keys_only_(keys_only) {}

  Status next() override {
    value_.clear();
    position_++;
    while (position_ >= records_.size()) {
      if (next_shard_ == shards_.size()) {
        records_.clear();
        return Code::done;
      }
      // Without memory for the keys the next call begins again with this shard.
      records_ = records_of(shards_[next_shard_]);
      next_shard_++;
      position_ = 0;
    }
    if (keys_only_) return {};
    const auto& [key, entry] = records_[position_];
    value_.resize(RecordReader::value_size(as_bytes(key), entry));
    return reader_.read(as_bytes(key), entry, value_);
  }

  Bytes key() const noexcept override {
    return position_ < records_.size() ? as_bytes(records_[position_].first) : Bytes();
  }
  Bytes value() const noexcept override { return value_; }

 private:
  using Records = std::vector<std::pair<std::string, DirectoryEntry>>;

  Records records_of(const Shard& shard) const {
    Records records;
    const std::shared_lock lock(shard.directory_mutex);
    if (prefix_.empty()) records.reserve(shard.directory.size());
    shard.directory.for_each([&](const std::string& key, DirectoryEntry entry) {
      if (key.starts_with(prefix_)) records.emplace_back(key, entry);
    });
    return records;
  }

  const Shards& shards_;
  const RecordReader& reader_;
  const std::string prefix_;
  const bool keys_only_;

  uint32_t next_shard_ = 0;
  Records records_;  // of the shard before that
  size_t position_ = 0;
  std::vector<std::byte> value_;
};

}  // namespace

Result<std::unique_ptr<Cursor>> StoreImpl::open_cursor(Bytes prefix, bool keys_only) {
  return std::unique_ptr<Cursor>(
      std::make_unique<ShardCursor>(*shards_, *reader_, prefix, keys_only));
}

}  // namespace stave::store
