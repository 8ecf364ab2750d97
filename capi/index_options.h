// The options struct of the index family and what it means to the core.
#pragma once

#include <stave/index.h>

#include "core/base/status.h"

namespace stave::capi {

// `options` may be null; the answer is a whole, valid struct of this version.
Result<stave_index_options> index_options(const stave_index_options* options);

// To the caller, as far as it has room.
Status write_index_options(const stave_index_options& options, stave_index_options* to);

}  // namespace stave::capi
