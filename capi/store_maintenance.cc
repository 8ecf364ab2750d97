// The store family: keeping, counting and checking.
#include <stave/store.h>

#include "capi/abi_struct.h"
#include "capi/calls.h"
#include "capi/store_handle.h"

using stave::Status;
using namespace stave::capi;
using stave::store::Store;

stave_status stave_store_flush(stave_store* store, stave_error* error) {
  return guarded_call(error, store, [](Store& core) { return core.flush(); });
}

stave_status stave_store_sync(stave_store* store, stave_error* error) {
  return guarded_call(error, store, [](Store& core) { return core.sync(); });
}

stave_status stave_store_checkpoint(stave_store* store, stave_error* error) {
  return guarded_call(error, store, [](Store& core) { return core.checkpoint(); });
}

void stave_store_stats_init(stave_store_stats* stats) {
  init_struct(stats);
}

stave_status stave_store_stats_get(stave_store* store, stave_store_stats* stats,
                                   stave_error* error) {
  return guarded_call(error, store, [&](Store& core) -> Status {
    STAVE_TRY(require(stats, "stats"));
    const stave::store::Stats now = core.stats();
    stave_store_stats filled = {};
    filled.recovered = now.recovered ? 1 : 0;
    filled.writes_refused = now.writes_refused ? 1 : 0;
    filled.keys = now.keys;
    filled.segments = now.segments;
    filled.log_bytes = now.log_bytes;
    filled.live_bytes = now.live_bytes;
    filled.disk_bytes = now.disk_bytes;
    filled.version = now.version;
    filled.durable_version = now.durable_version;
    filled.commits = now.commits;
    filled.bytes_written = now.bytes_written;
    filled.syncs = now.syncs;
    filled.reads = now.reads;
    filled.recovered_commits = now.recovered_commits;
    filled.recovered_cut_bytes = now.recovered_cut_bytes;
    return write_struct("stave_store_stats", filled, stats);
  });
}

stave_status stave_store_verify(stave_store* store, stave_progress progress, void* context,
                                stave_error* error) {
  return guarded_verify(error, store, progress, context);
}
