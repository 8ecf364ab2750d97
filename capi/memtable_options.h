// The options structs of the memtable family and what they mean to the core.
#pragma once

#include <stave/memtable.h>

#include "core/base/status.h"
#include "core/mvcc/memtable.h"
#include "core/mvcc/memtable_cursor.h"

namespace stave::capi {

// `options` may be null: the defaults.
Result<mvcc::MemtableOptions> memtable_options(const stave_memtable_options* options);

// `options` may be null: the defaults. The prefix points to the caller's bytes.
Result<mvcc::CursorOptions> memtable_cursor_options(const stave_memtable_cursor_options* options,
                                                    bool managed);

// Copies to the caller's struct as much as its struct_size allows.
Status write_memtable_options(const mvcc::MemtableOptions& options, stave_memtable_options* to);

}  // namespace stave::capi
