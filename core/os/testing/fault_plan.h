// Which calls of a simulated file system fail, and how; and how many calls there were.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace stave::os {

enum class CallKind : uint8_t {
  open,
  create,  // open with OpenMode::create_new
  read,
  write,
  sync_data,
  size,
  truncate,
  allocate,
  map,
  drop_cache,
  rename,
  remove,
  make_directory,
  sync_directory,
  list,
  lock,
  random,
};
inline constexpr size_t call_kinds = 17;
std::string_view call_name(CallKind kind) noexcept;

// True when the call changes what a crash would leave behind.
bool is_mutating(CallKind kind) noexcept;

struct Fault {
  enum class Kind : uint8_t {
    io_error,     // EIO, on any call. A failed sync loses what it should have made durable.
    no_space,     // ENOSPC, on calls that need space, and on syncs (delayed allocation)
    short_count,  // read and write: part of the bytes, at least one
    interrupted,  // EINTR: read, write, sync_data, sync_directory
  };
  static constexpr size_t kinds = 4;

  Kind kind = Kind::io_error;
  uint64_t call_number = 1;      // of the calls after add(), the first is 1
  std::optional<CallKind> call;  // counts and fails only calls of this kind; otherwise all
  // Every call from call_number on; `interrupted` then spares every second call, since callers
  // repeat interrupted calls until they succeed.
  bool forever = false;
};

// Not thread safe.
class FaultPlan {
 public:
  void add(const Fault& fault) { planned_.push_back({fault}); }
  void clear() noexcept { planned_.clear(); }

  // Counts a call and says how it must fail. A fault that a call of this kind cannot have does not
  // fire; nor does `short_count` when `transfer_size` has no shorter count than all.
  std::optional<Fault::Kind> next(CallKind call, size_t transfer_size = 0) noexcept;

  uint64_t calls() const noexcept { return calls_; }
  uint64_t calls(CallKind kind) const noexcept { return by_kind_[static_cast<size_t>(kind)]; }
  uint64_t fired(Fault::Kind kind) const noexcept { return fired_[static_cast<size_t>(kind)]; }

 private:
  struct Planned {
    Fault fault;
    uint64_t seen = 0;  // matching calls so far
    bool just_interrupted = false;
  };

  std::vector<Planned> planned_;
  uint64_t calls_ = 0;
  std::array<uint64_t, call_kinds> by_kind_{};
  std::array<uint64_t, Fault::kinds> fired_{};
};

}  // namespace stave::os
