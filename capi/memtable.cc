// The memtable family: creating, closing, and calls on the filled table.
#include <stave/memtable.h>

#include <span>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/error.h"
#include "capi/memtable_handle.h"
#include "core/os/posix_file_system.h"

using stave::Status;
using namespace stave::capi;
using stave::mvcc::Memtable;

stave_status stave_memtable_create(const stave_memtable_options* options, stave_memtable** table,
                                   stave_error* error) {
  return guarded(error, [&] {
    return make_handle(table, "table", [&](stave_memtable& handle) -> Status {
      STAVE_TRY_ASSIGN(const auto checked, memtable_options(options));
      stave::mvcc::MemtableOptions core;
      core.managed = checked.timestamps == STAVE_TIMESTAMPS_MANAGED;
      core.capacity = checked.capacity;
      core.background = checked.background != 0;
      STAVE_TRY(
          stave::os::posix_file_system().random(std::as_writable_bytes(std::span(&core.seed, 1))));
      STAVE_TRY_ASSIGN(auto made, Memtable::create(core));
      handle.core = std::move(made);
      handle.options = checked;
      return {};
    });
  });
}

stave_status stave_memtable_options_get(stave_memtable* table, stave_memtable_options* options,
                                        stave_error* error) {
  return guarded_call(error, table, [&](Memtable&) -> Status {
    STAVE_TRY(require(options, "options"));
    return write_struct("stave_memtable_options", table->options, options);
  });
}

stave_status stave_memtable_close(stave_memtable* table, stave_error* error) {
  return guarded(error, [&] { return close_handle(table); });
}

void stave_memtable_free(stave_memtable* table) {
  free_handle(table);
}

stave_status stave_memtable_size(stave_memtable* table, uint64_t* size, stave_error* error) {
  return get_number(error, table, Access::any, size, "size", &Memtable::size);
}

stave_status stave_memtable_size_bytes(stave_memtable* table, uint64_t* size_bytes,
                                       stave_error* error) {
  return get_number(error, table, Access::any, size_bytes, "size_bytes", &Memtable::size_bytes);
}

stave_status stave_memtable_is_empty(stave_memtable* table, uint8_t* empty, stave_error* error) {
  return get_number(error, table, Access::any, empty, "empty", &Memtable::is_empty);
}

stave_status stave_memtable_prune(stave_memtable* table, uint64_t oldest, uint64_t* pruned,
                                  stave_error* error) {
  if (pruned != nullptr) *pruned = 0;
  return guarded_call(error, table, [&](Memtable& core) -> Status {
    const bool managed = core.options().managed;
    if (managed && oldest != 0)
      return invalid_argument("oldest must be 0: the memtable's timestamps are managed");
    STAVE_TRY_ASSIGN(const auto versions, managed ? core.prune_now() : core.prune(oldest));
    if (pruned != nullptr) *pruned = versions;
    return {};
  });
}

stave_status stave_memtable_clear(stave_memtable* table, stave_error* error) {
  return guarded_call(error, table, [](Memtable& core) { return core.clear(); });
}

void stave_memtable_stats_init(stave_memtable_stats* stats) {
  init_struct(stats);
}

stave_status stave_memtable_stats_get(stave_memtable* table, stave_memtable_stats* stats,
                                      stave_error* error) {
  return guarded_call(error, table, [&](Memtable& core) -> Status {
    STAVE_TRY(require(stats, "stats"));
    const stave::mvcc::MemtableStats now = core.stats();
    stave_memtable_stats filled = {};
    filled.keys = now.keys;
    filled.rows = now.rows;
    filled.versions = now.versions;
    filled.size_bytes = now.size_bytes;
    filled.snapshots = now.snapshots;
    filled.transactions = now.transactions;
    filled.timestamp = now.timestamp;
    return write_struct("stave_memtable_stats", filled, stats);
  });
}
