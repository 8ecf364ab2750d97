// Gets of keys that are in memory, whose records lie in mappings: what most gets are in a store
// that is opened so.
//
// Such a get waits for memory twice, for the bucket of its key and for the record. The first wait
// of one get overlaps with the second one of the get before it if the processor, which looks some
// 300 results ahead, comes to it: so all of a get is here in one piece, for the compiler to put in
// line, and whatever is unusual or wrong is left to Store::get().
//
// Thread safety: from any thread, within a pin, as long as the store is not closed. The pin is held
// for as long as a record takes that is not in memory; for more than that only where nobody waits
// for it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/store/mapped_record.h"
#include "core/store/memory_key_directory.h"
#include "core/store/shard.h"
#include "core/sync/striped_counter.h"

namespace stave::store {

class MappedReads {
 public:
  // All of them outlive it.
  MappedReads(const MemoryKeyDirectory& keys, const Shards& shards,
              sync::StripedCounter& reads) noexcept
      : keys_(keys), shards_(shards), reads_(reads) {}

  // ok, *size and as many bytes at `into`; not_found. `busy` when get_on() has to tell, another
  // code when Store::get() has.
  Code get(Bytes key, MutableBytes into, size_t* size) const noexcept {
    const uint64_t hash = keys_.hash(key);
    const sync::SequenceLock<>& publication = shards_.of(hash).publication;
    const uint64_t sequence = publication.begin_read();
    MappedRecord record;
    const Code found = keys_.find_at_once(hash, key, record);
    if (!publication.end_read(sequence)) [[unlikely]]
      return Code::busy;
    // To copy it would hold the pin for long.
    if (found == Code::ok && record.value().size() > pinned_copy_max) [[unlikely]]
      return Code::too_large;
    return deliver(found, record, into, size);
  }
  // The same while no other thread runs, which needs no pin, and may take its time.
  Code get_alone(Bytes key, MutableBytes into, size_t* size) const noexcept {
    MappedRecord record;
    const Code found = keys_.find_at_once(keys_.hash(key), key, record);
    return deliver(found, record, into, size);
  }
  // get(), of keys in chains, too. `busy` when Store::get() has to tell.
  Code get_on(Bytes key, MutableBytes into, size_t* size) const noexcept;

 private:
  static constexpr size_t pinned_copy_max = 16 << 10;

  Code deliver(Code found, const MappedRecord& record, MutableBytes into,
               size_t* size) const noexcept {
    size_t value_size = 0;
    if (found == Code::ok) [[likely]] {
      const Bytes value = record.value();
      if (value.size() > into.size()) [[unlikely]]
        return Code::buffer_too_small;
      if (!record.checksum_matches()) [[unlikely]]
        return Code::corruption;
      copy(into.data(), value);
      value_size = value.size();
    } else if (found != Code::not_found) {
      return found;
    }
    *size = value_size;
    reads_.add_one();
    return found;
  }

  const MemoryKeyDirectory& keys_;
  const Shards& shards_;
  sync::StripedCounter& reads_;
};

}  // namespace stave::store
