// The options structs of the store family and what they mean to the core.
#pragma once

#include <stave/store.h>

#include "core/base/status.h"
#include "core/store/options.h"

namespace stave::capi {

// `options` may be null: the defaults.
Result<store::Options> store_options(const stave_store_options* options);

// Left as it is where the options ask for nothing.
Status read_write_options(const stave_write_options* options, store::Durability* durability);
// The same where they may be null.
inline Status write_durability(const stave_write_options* options, store::Durability* durability) {
  return options == nullptr ? Status() : read_write_options(options, durability);
}

// `options` may be null; the answer is a whole, valid struct of this version.
Result<stave_store_cursor_options> cursor_options(const stave_store_cursor_options* options);

// To the caller, as far as it has room.
Status write_store_options(const store::Options& options, stave_store_options* to);

}  // namespace stave::capi
