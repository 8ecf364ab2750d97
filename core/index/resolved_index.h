// The index that keeps no keys and asks a resolver.
#pragma once

#include <memory>
#include <vector>

#include "core/base/limits.h"
#include "core/index/index_of.h"
#include "core/index/resolved_keys.h"

namespace stave::index {

template <typename Layout>
class ResolvedIndex final : public IndexOf<ResolvedIndex<Layout>, Layout, ResolvedKeys> {
  using Base = IndexOf<ResolvedIndex<Layout>, Layout, ResolvedKeys>;
  using Key = Index::Key;
  using typename Base::Entry;
  using typename Base::IndexTable;

 public:
  using Base::Base;
  static Result<std::unique_ptr<Index>> create(const IndexOptions& options) {
    return Base::create(options, ResolvedKeys(*options.resolver));
  }

  Code find(Bytes bytes, uint64_t* value, Status* error) const noexcept override {
    return find(this->key(bytes), value, error);
  }
  Code find(const Key& key, uint64_t* value, Status* error) const noexcept override {
    if (key.bytes.size() > key_size_max) return this->too_large(error);
    const sync::EpochPin pin;
    const Probe probe = this->probe(key);
    const auto found = find_from(this->table().start(probe), probe, key, error);
    if (found.verdict == Verdict::error) return error->code();
    if (found.verdict != Verdict::equal) return Code::not_found;
    *value = found.value;
    return Code::ok;
  }

  template <typename Decide>
  Result<typename IndexTable::Updated> update(const Key& key, Decide&& decide) {
    Status error;
    auto updated = this->table().update(
        key.hash,
        [&](uint64_t candidate) { return resolver().match(candidate, key.bytes, &error); }, decide);
    if (updated.status().is(Code::internal)) return error;
    return updated;
  }

  // The resolver is never called under a lock.
  template <typename Decide>
  Result<typename IndexTable::Updated> update_at_once(const Key& key, Decide&& decide) {
    return update(key, decide);
  }

  std::vector<std::byte> key_bytes(const Entry&, uint8_t) const { return {}; }

  static Probe probe(const Key& key) noexcept { return IndexTable::probe(key.hash); }
  typename IndexTable::Found find_from(const typename IndexTable::Start& start, const Probe& probe,
                                       const Key& key, Status* error) const noexcept {
    const auto match = [&](const Entry& candidate) {
      return resolver().match(Layout::value(candidate), key.bytes, error);
    };
    const auto found = this->table().find(start, probe, match);
    if (found.verdict != Verdict::different || this->table().is_in_force(start, probe))
      return found;
    return this->table().find(probe, match);
  }
  void prefetch_candidate(const typename IndexTable::Start& start,
                          const Probe& probe) const noexcept {
    this->table().with_candidate(
        start, probe, [this](const Entry& entry) { resolver().prefetch(Layout::value(entry)); });
  }

 private:
  const Resolver& resolver() const noexcept { return this->table().keys().resolver(); }
};

}  // namespace stave::index
