#include "core/disk_index/log/writer.h"

#include <array>
#include <cassert>

#include "core/disk_index/format/record.h"

namespace stave::disk_index {

Status Writer::put(const Key& key, Bytes record, WriteMode mode) {
  STAVE_TRY(check_record(state_.record_kind, state_.record_size, record));
  return change(LogKind::put, key, record, mode);
}

Status Writer::multi_put(Bytes keys, Bytes records, size_t* done) {
  const size_t size = state_.record_size;
  for (*done = 0; *done < keys.size() / key_size; ++*done)
    STAVE_TRY(put(load_key(&keys[*done * key_size]), records.subspan(*done * size, size),
                  WriteMode::put));
  return {};
}

Status Writer::change(LogKind kind, const Key& key, Bytes record, WriteMode mode) {
  const uint64_t hash = state_.hasher(key);
  const bool needs_lookup = kind == LogKind::remove || mode == WriteMode::insert;
  if (needs_lookup) {
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
    if (!needs_lookup && may_be_blind) [[likely]] {
      put_blindly(hash, key, record);
    } else {
      STAVE_TRY(look_up_and_change(kind, hash, key, record, mode));
    }
  }
  merge_slice();
  return {};
}

void Writer::merge_slice() noexcept {
  if (thread_.writers_merge()) merger_.merge_slice();
}

void Writer::put_blindly(uint64_t hash, const Key& key, Bytes record) noexcept {
  const ChangeLog::Appended appended = log_.append(LogKind::put, hash, key, record);
  if (!appended.before)
    counter_.note_blind_put(appended.number);
  else if (appended.before->kind == LogKind::remove)
    counter_.add(1);
}

Status Writer::look_up_and_change(LogKind kind, uint64_t hash, const Key& key, Bytes record,
                                  WriteMode mode) {
  STAVE_TRY_ASSIGN(const std::byte* found, state_.view().find(hash, key));
  const bool existed = found != nullptr;
  if (kind == LogKind::remove) {
    if (!existed) return Code::not_found;
    constexpr std::array<std::byte, record_size_max> zeros{};
    log_.append(kind, hash, key, Bytes(zeros).first(state_.record_size));
    counter_.add(-1);
  } else {
    if (mode == WriteMode::insert && existed) return Code::exists;
    log_.append(kind, hash, key, record);
    if (!existed) counter_.add(1);
  }
  return {};
}

// ---- Room ---------------------------------------------------------------------------------------

Status Writer::make_delta_room(WriterLock& writer, uint64_t changes) {
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

Status Writer::make_room(WriterLock& writer) {
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
Pacing::Clock::duration Writer::pause_length() noexcept {
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

// ---- For an owner -------------------------------------------------------------------------------

Status Writer::promise(uint64_t changes, bool use_reserve) {
  WriterLock writer(state_.writer_mutex);
  STAVE_TRY(make_delta_room(writer, changes));
  STAVE_TRY(log_.promise(changes));
  if (!use_reserve) {
    const Status kept = merger_.keep_reserve();
    if (!kept.ok()) {
      log_.forget_promise(changes);
      return kept;
    }
  }
  thread_.wake();
  return {};
}

void Writer::forget_promise(uint64_t changes) noexcept {
  const WriterLock writer(state_.writer_mutex);
  log_.forget_promise(changes);
}

Status Writer::exchange(const Key& key, Bytes expected, Bytes record) noexcept {
  const uint64_t hash = state_.hasher(key);
  const WriterLock writer(state_.writer_mutex);
  log_.forget_promise(1);
  const sync::EpochPin pin;
  const View& view = state_.view();
  view.prefetch(hash);
  const Result<const std::byte*> found = view.find(hash, key);
  // The caller has looked the key up before: its pages are whole.
  if (!found) return found.status();
  const std::byte* const entry = *found;
  if ((entry != nullptr) == expected.empty()) return Code::mismatch;
  if (entry != nullptr && !equal({entry + key_size, location_size}, expected))
    return Code::mismatch;
  if (record.empty()) {
    constexpr std::array<std::byte, location_size> zeros{};
    log_.append_promised(LogKind::remove, hash, key, zeros);
    counter_.add(-1);
  } else {
    log_.append_promised(LogKind::put, hash, key, record);
    if (entry == nullptr) counter_.add(1);
  }
  return {};
}

}  // namespace stave::disk_index
