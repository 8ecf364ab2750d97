// The memtable family: creating, closing, and calls on the filled table.
#include <stave/memtable.h>

#include <memory>
#include <span>
#include <string>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/error.h"
#include "capi/memtable_handle.h"
#include "capi/memtable_options.h"
#include "core/os/posix_file_system.h"

using stave::Code;
using stave::Result;
using stave::Status;
using namespace stave::capi;
using stave::mvcc::Memtable;

namespace stave::capi {

namespace {

static_assert(sizeof(stave_memtable_stats) == 64);
static_assert(offsetof(stave_memtable_stats, keys) == 8);
static_assert(offsetof(stave_memtable_stats, timestamp) == 56);

constexpr AbiStruct stats_struct = abi_struct<stave_memtable_stats>("stave_memtable_stats");

template <typename Figure, typename Value>
Status get_figure(stave_memtable* table, Figure* figure, const char* name,
                  Value (mvcc::Memtable::*get)() const noexcept) {
  STAVE_TRY(require(figure, name));
  *figure = 0;
  MemtableCall call;
  STAVE_TRY(call.enter(table));
  *figure = static_cast<Figure>((call.table().*get)());
  return {};
}

}  // namespace

Status MemtableCall::enter(stave_memtable* handle, Timestamps timestamps) {
  STAVE_TRY(Call::enter(handle));
  if (timestamps == Timestamps::any) return {};
  const bool managed = table().options().managed;
  if (managed == (timestamps == Timestamps::managed)) return {};
  return invalid_argument(managed ? "the memtable's timestamps are managed: use transactions"
                                  : "the memtable's timestamps are explicit");
}

}  // namespace stave::capi

stave_status stave_memtable_create(const stave_memtable_options* options, stave_memtable** table,
                                   stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(table, "table"));
    *table = nullptr;
    Result<stave::mvcc::MemtableOptions> checked = memtable_options(options);
    if (!checked) return checked.status();
    STAVE_TRY(stave::os::posix_file_system().random(
        std::as_writable_bytes(std::span(&checked->seed, 1))));
    auto handle = std::make_unique<stave_memtable>();
    auto made = Memtable::create(*checked);
    if (!made) return made.status();
    handle->core = *std::move(made);
    *table = handle.release();
    return {};
  });
}

stave_status stave_memtable_options_get(stave_memtable* table, stave_memtable_options* options,
                                        stave_error* error) {
  return guarded(error, [&]() -> Status {
    MemtableCall call;
    STAVE_TRY(call.enter(table));
    STAVE_TRY(require(options, "options"));
    return write_memtable_options(call.table().options(), options);
  });
}

stave_status stave_memtable_close(stave_memtable* table, stave_error* error) {
  return guarded(error, [&] { return close_handle(table); });
}

void stave_memtable_free(stave_memtable* table) {
  free_handle(table);
}

stave_status stave_memtable_size(stave_memtable* table, uint64_t* size, stave_error* error) {
  return guarded(error, [&] { return get_figure(table, size, "size", &Memtable::size); });
}

stave_status stave_memtable_size_bytes(stave_memtable* table, uint64_t* size_bytes,
                                       stave_error* error) {
  return guarded(
      error, [&] { return get_figure(table, size_bytes, "size_bytes", &Memtable::size_bytes); });
}

stave_status stave_memtable_is_empty(stave_memtable* table, uint8_t* empty, stave_error* error) {
  return guarded(error, [&] { return get_figure(table, empty, "empty", &Memtable::is_empty); });
}

stave_status stave_memtable_prune(stave_memtable* table, uint64_t oldest, uint64_t* pruned,
                                  stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (pruned != nullptr) *pruned = 0;
    MemtableCall call;
    STAVE_TRY(call.enter(table));
    Memtable& core = call.table();
    const bool managed = core.options().managed;
    if (managed && oldest != 0)
      return invalid_argument("oldest must be 0: the memtable's timestamps are managed");
    const Result<uint64_t> versions = managed ? core.prune_now() : core.prune(oldest);
    if (!versions) return versions.status();
    if (pruned != nullptr) *pruned = *versions;
    return {};
  });
}

stave_status stave_memtable_clear(stave_memtable* table, stave_error* error) {
  return guarded(error, [&]() -> Status {
    MemtableCall call;
    STAVE_TRY(call.enter(table));
    return call.table().clear();
  });
}

void stave_memtable_stats_init(stave_memtable_stats* stats) {
  if (stats == nullptr) return;
  *stats = {};
  stats->struct_size = sizeof(*stats);
}

stave_status stave_memtable_stats_get(stave_memtable* table, stave_memtable_stats* stats,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    MemtableCall call;
    STAVE_TRY(call.enter(table));
    STAVE_TRY(require(stats, "stats"));
    const stave::mvcc::MemtableStats now = call.table().stats();
    stave_memtable_stats filled = {};
    filled.keys = now.keys;
    filled.rows = now.rows;
    filled.versions = now.versions;
    filled.size_bytes = now.size_bytes;
    filled.snapshots = now.snapshots;
    filled.transactions = now.transactions;
    filled.timestamp = now.timestamp;
    return write_struct(stats_struct, &filled, stats);
  });
}
