// Changes of single keys: room for them, the change itself, and the pace that keeps each put short.
#include "core/disk_index/disk_index.h"
#include "core/disk_index/format/record.h"

namespace stave::disk_index {

Status DiskIndex::multi_put(Bytes keys, Bytes records, size_t* done) {
  const size_t size = record_size();
  for (*done = 0; *done < keys.size() / key_size; ++*done)
    STAVE_TRY(put(load_key(&keys[*done * key_size]), records.subspan(*done * size, size)));
  return {};
}

Status DiskIndex::change(WriteMode mode, const Key& key, Bytes record) {
  if (mode != WriteMode::remove) STAVE_TRY(check_record(record_kind(), record_size(), record));
  const uint64_t hash = state_.hasher(key);
  if (mode != WriteMode::put) {
    // Before the lock, so that writers do not wait for each other's memory.
    const sync::EpochPin pin;
    state_.view().prefetch(hash);
  }
  {
    WriterLock writer(state_.writer_mutex);
    STAVE_TRY(make_room(writer));
    const sync::EpochPin pin;
    const View& view = state_.view();
    // A put need not know what it replaces, unless it might have to report damage there.
    const bool may_be_blind =
        view.reader->is_checked(*view.file, view.directory->word_of(hash), hash);
    if (mode == WriteMode::put && may_be_blind) [[likely]]
      put_blindly(hash, key, record);
    else
      STAVE_TRY(look_up_and_change(mode, hash, key, record));
  }
  if (thread_.writers_merge()) merger_.merge_slice();
  return {};
}

void DiskIndex::put_blindly(uint64_t hash, const Key& key, Bytes record) noexcept {
  const ChangeLog::Appended appended = log_.append(LogKind::put, hash, key, record);
  if (!appended.before)
    counter_.note_blind_put(appended.number);
  else if (appended.before->kind == LogKind::remove)
    counter_.add(1);
}

Status DiskIndex::look_up_and_change(WriteMode mode, uint64_t hash, const Key& key, Bytes record) {
  STAVE_TRY_ASSIGN(const std::byte* const found, state_.view().find(hash, key));
  if (mode == WriteMode::remove && found == nullptr) return Code::not_found;
  if (mode == WriteMode::insert && found != nullptr) return Code::exists;
  append(mode == WriteMode::remove ? LogKind::remove : LogKind::put, hash, key, record,
         found != nullptr);
  return {};
}

void DiskIndex::append(LogKind kind, uint64_t hash, const Key& key, Bytes record,
                       bool existed) noexcept {
  log_.append(kind, hash, key, record);
  const bool exists = kind == LogKind::put;
  if (exists != existed) counter_.add(exists ? 1 : -1);
}

// ---- Room ---------------------------------------------------------------------------------------

Status DiskIndex::make_delta_room(WriterLock& writer, uint64_t changes) {
  for (;;) {
    STAVE_TRY(state_.refusal());
    log_.settle_full_recent();
    const bool is_full = !log_.has_room_for(changes);
    if (state_.view().frozen == nullptr &&
        (is_full || log_.wants_requested_merge() || thread_.may_begin_pass())) {
      const Status begun = log_.begin_delta(changes);
      if (begun.ok()) {
        thread_.pass_began();
        continue;
      }
      // A full disk need not stop a writer whose delta still has room.
      if (is_full) return begun;
    }
    if (!is_full) [[likely]]
      return {};
    writer.unlock();
    const Status merged = merger_.finish_pass();
    writer.lock();
    STAVE_TRY(merged);
  }
}

Status DiskIndex::make_room(WriterLock& writer) {
  for (bool has_paused = false;; has_paused = true) {
    STAVE_TRY(make_delta_room(writer, 1));
    const auto pause = has_paused ? Pacing::no_pause : pause_length();
    Status begun;
    // Before the pause, since this stores a link into the page before: if a sync got hold of that
    // page meanwhile, the store would wait for the file system. Others may go on in the chunk; the
    // writer that begins the next one pauses in its turn.
    if (log_.needs_chunk()) {
      thread_.wake();
      begun = log_.begin_chunk();
    }
    if (pause == Pacing::no_pause) [[likely]]
      return begun;
    writer.unlock();
    Pacing::wait(pause);
    writer.lock();
  }
}

// A writer that is faster than the merger would find the active delta full, or no page set aside
// for the log, and wait for the merger or the file system.
Pacing::Clock::duration DiskIndex::pause_length() noexcept {
  if (state_.view().frozen == nullptr || thread_.writers_merge()) return Pacing::no_pause;
  const Delta& active = *state_.view().active;
  const uint64_t limit = active.limits().hard;
  const uint64_t room = active.room();
  if (!log_.needs_chunk())
    return Pacing::is_scarce(limit, room) ? Pacing::pause_max : Pacing::no_pause;
  if (log_.stock().is_low()) return Pacing::pause_max;
  return log_.pacing().before_chunk(
      {.limit = limit, .room = room, .merged = counter_.merged_part()}, log_chunk_slots - 1,
      Pacing::Clock::now());
}

}  // namespace stave::disk_index
