// The store family: keeping, counting and checking.
#include <stave/store.h>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/error.h"
#include "capi/store_handle.h"

using stave::Code;
using stave::Status;
using namespace stave::capi;

namespace {

static_assert(sizeof(stave_store_stats) == 8 + 13 * 8);
static_assert(offsetof(stave_store_stats, recovered) == 4);
static_assert(offsetof(stave_store_stats, writes_refused) == 5);
static_assert(offsetof(stave_store_stats, keys) == 8);
static_assert(offsetof(stave_store_stats, version) == 48);
static_assert(offsetof(stave_store_stats, commits) == 64);
static_assert(offsetof(stave_store_stats, recovered_cut_bytes) == 104);

constexpr AbiStruct stats_struct = abi_struct<stave_store_stats>("stave_store_stats");

stave_store_stats to_c(const stave::store::Stats& stats) noexcept {
  stave_store_stats result = {};
  result.struct_size = sizeof result;
  result.recovered = stats.recovered ? 1 : 0;
  result.writes_refused = stats.writes_refused ? 1 : 0;
  result.keys = stats.keys;
  result.segments = stats.segments;
  result.log_bytes = stats.log_bytes;
  result.live_bytes = stats.live_bytes;
  result.disk_bytes = stats.disk_bytes;
  result.version = stats.version;
  result.durable_version = stats.durable_version;
  result.commits = stats.commits;
  result.bytes_written = stats.bytes_written;
  result.syncs = stats.syncs;
  result.reads = stats.reads;
  result.recovered_commits = stats.recovered_commits;
  result.recovered_cut_bytes = stats.recovered_cut_bytes;
  return result;
}

}  // namespace

stave_status stave_store_flush(stave_store* store, stave_error* error) {
  return guarded(error, [&]() -> Status {
    StoreCall call;
    STAVE_TRY(call.enter(store));
    return call.store().flush();
  });
}

stave_status stave_store_sync(stave_store* store, stave_error* error) {
  return guarded(error, [&]() -> Status {
    StoreCall call;
    STAVE_TRY(call.enter(store));
    return call.store().sync();
  });
}

stave_status stave_store_checkpoint(stave_store* store, stave_error* error) {
  return guarded(error, [&]() -> Status {
    StoreCall call;
    STAVE_TRY(call.enter(store));
    return call.store().checkpoint();
  });
}

void stave_store_stats_init(stave_store_stats* stats) {
  if (stats == nullptr) return;
  *stats = {};
  stats->struct_size = sizeof *stats;
}

stave_status stave_store_stats_get(stave_store* store, stave_store_stats* stats,
                                   stave_error* error) {
  return guarded(error, [&]() -> Status {
    StoreCall call;
    STAVE_TRY(call.enter(store));
    STAVE_TRY(require(stats, "stats"));
    const stave_store_stats whole = to_c(call.store().stats());
    return write_struct(stats_struct, &whole, stats);
  });
}

stave_status stave_store_verify(stave_store* store, stave_progress progress, void* context,
                                stave_error* error) {
  return guarded(error, [&]() -> Status {
    StoreCall call;
    STAVE_TRY(call.enter(store));
    stave_status answer = STAVE_OK;
    const Status status = call.store().verify([&](uint64_t done, uint64_t total) -> Status {
      if (progress == nullptr) return {};
      answer = progress(context, done, total);
      return static_cast<Code>(answer);
    });
    if (answer == STAVE_OK) return status;
    return Status::error(static_cast<Code>(answer), "the progress callback stopped the operation");
  });
}
