#include "core/store/mapped_reads.h"

namespace stave::store {

Code MappedReads::get_on(Bytes key, MutableBytes into, size_t* size) const noexcept {
  const uint64_t hash = keys_.hash(key);
  const sync::SequenceLock<>& publication = shards_.of(hash).publication;
  const uint64_t sequence = publication.begin_read();
  MappedRecord record;
  const Code found = keys_.find_mapped(hash, key, record);
  if (!publication.end_read(sequence)) return Code::busy;
  if (found == Code::ok && record.value().size() > pinned_copy_max) return Code::too_large;
  return deliver(found, record, into, size);
}

}  // namespace stave::store
