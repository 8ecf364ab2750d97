// Lookups of single keys and of many, through a View, without locks.
#include <algorithm>
#include <array>
#include <cstring>

#include "core/disk_index/disk_index.h"
#include "core/disk_index/format/record.h"

namespace stave::disk_index {

namespace {

Status get_pinned(const State& state, const View& view, uint64_t hash, const Key& key,
                  std::byte* record) {
  const Result<const std::byte*> entry = view.find(hash, key);
  if (!entry) [[unlikely]]
    return entry.status();
  if (*entry == nullptr) return Code::not_found;
  const std::byte* const found = *entry + key_size;
  if (state.record_kind == RecordKind::payload) {
    if (!is_payload(found)) [[unlikely]]
      return damaged_payload(found);
    std::memcpy(record, found, payload_size);
  } else {
    std::memcpy(record, found, state.record_size);
  }
  return {};
}

}  // namespace

Status DiskIndex::get(const Key& key, MutableBytes record) const {
  const uint64_t hash = state_.hasher(key);
  const sync::EpochPin pin;
  const View& view = state_.view();
  view.prefetch(hash);
  return get_pinned(state_, view, hash, key, record.data());
}

Status DiskIndex::contains(const Key& key) const {
  const uint64_t hash = state_.hasher(key);
  const sync::EpochPin pin;
  const View& view = state_.view();
  view.prefetch(hash);
  STAVE_TRY_ASSIGN(const std::byte* entry, view.find(hash, key));
  return entry == nullptr ? Code::not_found : Code::ok;
}

Status DiskIndex::multi_get(Bytes keys, MutableBytes records, std::span<uint8_t> found) const {
  std::array<uint64_t, prefetch_max> hashes;
  for (size_t first = 0; first < found.size(); first += prefetch_max) {
    const size_t count = std::min(prefetch_max, found.size() - first);
    const sync::EpochPin pin;
    const View& view = state_.view();
    for (size_t i = 0; i < count; i++) {
      hashes[i] = state_.hasher(&keys[(first + i) * key_size]);
      view.prefetch(hashes[i]);
    }
    for (size_t i = 0; i < count; i++) {
      const size_t at = first + i;
      const Status status = get_pinned(state_, view, hashes[i], load_key(&keys[at * key_size]),
                                       records.data() + at * state_.record_size);
      if (status.is_error()) return status;
      found[at] = status.ok() ? 1 : 0;
    }
  }
  return {};
}

void DiskIndex::prefetch(const Key& key) const noexcept {
  const sync::EpochPin pin;
  state_.view().prefetch(state_.hasher(key));
}

}  // namespace stave::disk_index
