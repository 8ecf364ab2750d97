// The options of the disk_index family.
#include <stave/disk_index.h>

#include "capi/abi_struct.h"
#include "capi/disk_index_handle.h"
#include "capi/error.h"
#include "capi/options_table.h"
#include "core/disk_index/format/record.h"

namespace stave::capi {

namespace {

static_assert(sizeof(stave_payload) == disk_index::payload_size);
static_assert(STAVE_DISK_INDEX_KEY_SIZE == disk_index::key_size);

// The defaults are those of the core.
const disk_index::Options defaults;
constexpr uint64_t memory_min = uint64_t{64} << 10;
constexpr uint64_t memory_max = uint64_t{64} << 30;

const Option option_list[] = {
    {STAVE_OPTION(stave_disk_index_options, record_size, OptionType::number),
     .default_value = defaults.record_size, .max = disk_index::record_size_max,
     .meaning =
         "bytes of an opaque record; 0 is what the file holds, in a new one payload records"},
    {STAVE_OPTION(stave_disk_index_options, delta_memory, OptionType::size),
     .default_value = defaults.delta_memory, .min = memory_min, .max = memory_max,
     .meaning = "bytes of the tables of changes that are not merged yet"},
    {STAVE_OPTION(stave_disk_index_options, bulk_memory, OptionType::size),
     .default_value = defaults.bulk_memory, .min = memory_min, .max = memory_max,
     .meaning = "bytes that a load sorts at a time"},
    {STAVE_OPTION(stave_disk_index_options, read_only, OptionType::boolean),
     .default_value = defaults.read_only,
     .meaning = "refuses writes and shares the file with other readers"},
    {STAVE_OPTION(stave_disk_index_options, create_if_missing, OptionType::boolean),
     .default_value = defaults.create_if_missing, .meaning = "makes the file when there is none"},
    {STAVE_OPTION(stave_disk_index_options, create_parents, OptionType::boolean),
     .default_value = defaults.create_parents,
     .meaning = "makes the directories that lead to a new file"},
    {STAVE_OPTION(stave_disk_index_options, error_if_exists, OptionType::boolean),
     .default_value = defaults.error_if_exists,
     .meaning = "refuses to open a file that is there already"},
    {STAVE_OPTION(stave_disk_index_options, background, OptionType::boolean),
     .default_value = defaults.background,
     .meaning = "merges changes in a thread instead of in slices of writers' calls"},
    {STAVE_OPTION(stave_disk_index_options, reserved, OptionType::reserved)},
};

const OptionsTable table = {abi_struct<stave_disk_index_options>("stave_disk_index_options"),
                            option_list};

}  // namespace

Result<stave_disk_index_options> disk_index_options(const stave_disk_index_options* options) {
  return read_options(table, options);
}

disk_index::Options core_options(const stave_disk_index_options& options) noexcept {
  disk_index::Options core;
  core.record_size = options.record_size;
  core.delta_memory = options.delta_memory;
  core.bulk_memory = options.bulk_memory;
  core.read_only = options.read_only != 0;
  core.create_if_missing = options.create_if_missing != 0;
  core.create_parents = options.create_parents != 0;
  core.error_if_exists = options.error_if_exists != 0;
  core.background = options.background != 0;
  return core;
}

}  // namespace stave::capi

using namespace stave;

void stave_disk_index_options_init(stave_disk_index_options* options) {
  if (options != nullptr) capi::set_defaults(capi::table, options);
}

stave_status stave_disk_index_options_set(stave_disk_index_options* options, const char* text,
                                          stave_error* error) {
  return capi::set_options_call(capi::table, options, text, error);
}

stave_status stave_disk_index_options_describe(stave_buffer* text, stave_error* error) {
  return capi::describe_options_call(capi::table, text, error);
}
