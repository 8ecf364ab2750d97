#include "core/mvcc/key_table.h"

#include <array>
#include <cassert>

#include "core/base/prefetch.h"

namespace stave::mvcc {

namespace {

// Rows are aligned to 16 bytes and addresses have 47 bits, so that 43 of the index's 44 are used.
constexpr unsigned address_shift = 4;

uint64_t value_of(const Row* row) noexcept {
  return reinterpret_cast<uintptr_t>(row) >> address_shift;
}
Row* row_of(uint64_t value) noexcept {
  return reinterpret_cast<Row*>(static_cast<uintptr_t>(value << address_shift));
}

auto match_key(Bytes key) noexcept {
  return [key](uint64_t value) {
    // A key's first version mostly lies after its row.
    stave::prefetch(reinterpret_cast<const std::byte*>(row_of(value)) + cow_map::NodePool::unit);
    return equal_keys(row_of(value)->key(), key) ? index::Verdict::equal
                                                 : index::Verdict::different;
  };
}

}  // namespace

Result<uint64_t> KeyTable::RowKeys::fetch_hash(uint64_t value) const noexcept {
  return hash64(row_of(value)->key(), seed);
}

Result<KeyTable> KeyTable::create(uint64_t capacity, uint64_t seed) noexcept {
  Result<std::unique_ptr<Table>> table = Table::create({.capacity = capacity}, RowKeys{seed});
  if (!table) return table.status();
  return KeyTable(*std::move(table), seed);
}

Row* KeyTable::find(Bytes key) const noexcept {
  const Table::Found found = table_->find(hash64(key, seed_), match_key(key));
  return found.verdict == index::Verdict::equal ? row_of(found.value) : nullptr;
}

void KeyTable::prefetch(std::span<const Bytes> keys) const noexcept {
  std::array<index::Probe, prefetch_max> probes;
  std::array<const Row*, prefetch_max> rows{};
  assert(keys.size() <= probes.size());
  for (size_t i = 0; i < keys.size(); i++) probes[i] = index::probe_of(hash64(keys[i], seed_));
  table_->prefetch(
      keys.size(), [&probes](size_t i) -> const index::Probe& { return probes[i]; },
      [&rows](size_t i, Layout::Entry entry) {
        rows[i] = row_of(Layout::value(entry));
        prefetch_one_of_many(rows[i]);
        prefetch_one_of_many(reinterpret_cast<const std::byte*>(rows[i]) + cow_map::NodePool::unit);
      });
  for (size_t i = 0; i < keys.size(); i++)
    if (rows[i] != nullptr) prefetch_one_of_many(rows[i]->newest());
}

Row* KeyTable::insert(Row* fresh) noexcept {
  const Bytes key = fresh->key();
  const Table::Updated updated =
      table_->update(hash64(key, seed_), match_key(key), [fresh](const uint64_t* present) {
        if (present != nullptr) return index::Decision{};
        return index::Decision{index::Decision::Action::set, value_of(fresh)};
      });
  if (updated.code != Code::ok) return nullptr;
  return updated.was_present ? row_of(updated.previous) : fresh;
}

void KeyTable::erase(const Row* row) noexcept {
  table_->remove_exact(hash64(row->key(), seed_), value_of(row));
}

Status KeyTable::clear() noexcept {
  return table_->clear();
}

Status KeyTable::Walk::next(FunctionRef<void(Row&)> visit) {
  if (cursor_.done()) return Code::done;
  return table_.visit_next(
      cursor_, [&visit](Layout::Entry entry, uint8_t) { visit(*row_of(Layout::value(entry))); });
}

}  // namespace stave::mvcc
