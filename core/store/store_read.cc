// Reads of the store: one look-up behind all of them, whatever `io` and `keydir` are.
#include <algorithm>

#include "core/store/store.h"

namespace stave::store {

// Repeated when a commit of several changes was published in the shard meanwhile, so that a reader
// sees all changes of a commit or none.
Result<bool> Store::find(Bytes key, RecordReader& reader, CallTime& time) const {
  reads_.add(1);
  const uint64_t hash = keys_->hash(key);
  const sync::SequenceLock<>& publication = shards_->of(key, hash).publication;
  for (sync::Backoff backoff;; backoff.wait()) {
    const uint64_t sequence = publication.begin_read();
    Result<bool> found = keys_->find(hash, key, reader);
    if (!publication.end_read(sequence)) continue;
    if (!found || !*found) return found;
    return !time.has_expired(reader.expires_at());
  }
}

Status Store::get(Bytes key, Sink sink) {
  CallTime time(files_);
  return get(key, sink, time);
}

Status Store::get(Bytes key, Sink sink, CallTime& time) {
  RecordReader reader(segments_);
  STAVE_TRY_ASSIGN(const bool found, find(key, reader, time));
  if (!found) return Code::not_found;
  const size_t size = reader.value_size();
  const MutableBytes into = sink(size);
  // A caller that asks for the size only does not pay for the value.
  if (into.size() < size) return {};
  return reader.read_value(into.first(size));
}

Status Store::multi_get(std::span<const Bytes> keys, MultiSink sink) {
  CallTime time(files_);
  for (size_t position = 0; position < keys.size(); position++) {
    if (position % KeyDirectory::prefetch_max == 0)
      keys_->prefetch(
          keys.subspan(position, std::min(keys.size() - position, KeyDirectory::prefetch_max)));
    const Status status = get(
        keys[position], [&](size_t size) { return sink(position, size); }, time);
    if (status.is_error()) return status;
  }
  return {};
}

Result<PinnedValue> Store::get_pin(Bytes key) {
  CallTime time(files_);
  RecordReader reader(segments_);
  STAVE_TRY_ASSIGN(const bool found, find(key, reader, time));
  if (!found) return Code::not_found;
  return reader.pin_value();
}

Status Store::contains(Bytes key) {
  CallTime time(files_);
  RecordReader reader(segments_);
  STAVE_TRY_ASSIGN(const bool found, find(key, reader, time));
  return found ? Code::ok : Code::not_found;
}

Result<uint64_t> Store::expires_at(Bytes key) {
  CallTime time(files_);
  RecordReader reader(segments_);
  STAVE_TRY_ASSIGN(const bool found, find(key, reader, time));
  if (!found) return Code::not_found;
  return reader.expires_at();
}

}  // namespace stave::store
