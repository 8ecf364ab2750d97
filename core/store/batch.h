// A list of changes and conditions that Store::write applies as one commit.
//
// Not thread safe. Entries keep their order; keys and values are copied into one arena.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/store/format/record_format.h"

namespace stave::store {

// `too_large` beyond the limits of one record.
Status check_record_limits(Bytes key, Bytes value);

class Batch {
 public:
  enum class Kind : uint8_t {
    put,
    remove,
    require_absent,
    require_exists,
    require_equal,
  };
  struct Entry {
    Kind kind;
    Bytes key;
    Bytes value;  // of put and require_equal

    bool is_condition() const noexcept { return kind >= Kind::require_absent; }
  };

  // `too_large` beyond the limits of one record or of the batch; nothing is added.
  Status add(Kind kind, Bytes key, Bytes value = {});
  void clear() noexcept;

  size_t size() const noexcept { return slots_.size(); }
  bool is_empty() const noexcept { return slots_.empty(); }
  // Valid until the next add() or clear().
  Entry entry(size_t position) const noexcept;

 private:
  struct Slot {
    Kind kind;
    uint32_t key_size;
    uint32_t value_size;
    size_t offset;  // of the key in bytes_, the value follows
  };
  std::vector<Slot> slots_;
  std::vector<std::byte> bytes_;
  uint64_t frame_bytes_ = batch_header_size;  // an upper bound of the frame this becomes
};

}  // namespace stave::store
