#include "core/store/batch.h"

#include "core/base/limits.h"

namespace stave::store {

Status check_record_limits(Bytes key, Bytes value) {
  if (key.size() > key_size_max)
    return Status::error(Code::too_large, "the key has " + std::to_string(key.size()) +
                                              " bytes; the limit is " +
                                              std::to_string(key_size_max));
  if (value.size() > value_size_max)
    return Status::error(Code::too_large, "the value has " + std::to_string(value.size()) +
                                              " bytes; the limit is " +
                                              std::to_string(value_size_max));
  return {};
}

Status Batch::add(Kind kind, Bytes key, Bytes value) {
  STAVE_TRY(check_record_limits(key, value));
  const uint64_t bytes = frame_bytes_ + padded(record_size(key.size(), value.size()));
  if (slots_.size() >= UINT32_MAX || bytes > frame_size_max)
    return Status::error(Code::too_large, "the batch would exceed 16 GiB or 2^32 - 1 entries");
  // Grown as vectors grow, but before the slot is added: a bad_alloc adds nothing.
  const size_t offset = bytes_.size();
  slots_.push_back(
      {kind, static_cast<uint32_t>(key.size()), static_cast<uint32_t>(value.size()), offset});
  try {
    bytes_.resize(offset + key.size() + value.size());
  } catch (...) {
    slots_.pop_back();
    throw;
  }
  copy(bytes_.data() + offset, key);
  copy(bytes_.data() + offset + key.size(), value);
  frame_bytes_ = bytes;
  return {};
}

void Batch::clear() noexcept {
  slots_.clear();
  bytes_.clear();
  frame_bytes_ = batch_header_size;
}

Batch::Entry Batch::entry(size_t position) const noexcept {
  const Slot& slot = slots_[position];
  const Bytes bytes = Bytes(bytes_).subspan(slot.offset);
  return {slot.kind, bytes.first(slot.key_size), bytes.subspan(slot.key_size, slot.value_size)};
}

}  // namespace stave::store
