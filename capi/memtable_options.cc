// The options of the memtable family.
#include <stave/memtable.h>

#include "capi/abi_struct.h"
#include "capi/error.h"
#include "capi/memtable_handle.h"
#include "capi/options_table.h"
#include "core/base/bytes.h"

namespace stave::capi {

namespace {

constexpr OptionChoice timestamp_choices[] = {
    {"managed", STAVE_TIMESTAMPS_MANAGED},
    {"explicit", STAVE_TIMESTAMPS_EXPLICIT},
};

// The defaults are those of the core.
constexpr mvcc::MemtableOptions defaults;
static_assert(defaults.managed);

constexpr Option option_list[] = {
    {STAVE_OPTION(stave_memtable_options, timestamps, OptionType::choice),
     .default_value = STAVE_TIMESTAMPS_MANAGED, .choices = timestamp_choices,
     .meaning = "who chooses the timestamps: the table, or the caller"},
    {STAVE_OPTION(stave_memtable_options, capacity, OptionType::number),
     .default_value = defaults.capacity, .max = mvcc::capacity_max,
     .meaning = "keys for which memory is allocated at once"},
    {STAVE_OPTION(stave_memtable_options, background, OptionType::boolean),
     .default_value = defaults.background,
     .meaning = "lets the background thread free old versions"},
    {STAVE_OPTION(stave_memtable_options, reserved, OptionType::reserved)},
};

constexpr Option cursor_option_list[] = {
    {STAVE_OPTION(stave_memtable_cursor_options, keys_only, OptionType::boolean),
     .meaning = "reads no values"},
    {STAVE_OPTION(stave_memtable_cursor_options, tombstones, OptionType::boolean),
     .meaning = "visits removed keys"},
    {STAVE_OPTION(stave_memtable_cursor_options, reserved, OptionType::reserved)},
    {STAVE_OPTION(stave_memtable_cursor_options, prefix, OptionType::raw)},
    {STAVE_OPTION(stave_memtable_cursor_options, prefix_size, OptionType::raw)},
};

constexpr OptionsTable table = {abi_struct<stave_memtable_options>("stave_memtable_options"),
                                option_list};
constexpr OptionsTable cursor_table = {
    abi_struct<stave_memtable_cursor_options>("stave_memtable_cursor_options"), cursor_option_list};

}  // namespace

Result<stave_memtable_options> memtable_options(const stave_memtable_options* options) {
  return read_options(table, options);
}

Result<mvcc::CursorOptions> memtable_cursor_options(const stave_memtable_cursor_options* options,
                                                    bool managed) {
  stave_memtable_cursor_options read;
  STAVE_TRY(read_options(cursor_table, options, &read));
  STAVE_TRY(require_bytes(read.prefix, read.prefix_size, "stave_memtable_cursor_options.prefix"));
  if (managed && read.tombstones != 0) {
    return invalid_argument(
        "stave_memtable_cursor_options.tombstones: a managed table keeps no tombstones for "
        "readers");
  }
  mvcc::CursorOptions result;
  result.prefix = as_bytes(read.prefix, read.prefix_size);
  result.keys_only = read.keys_only != 0;
  result.tombstones = read.tombstones != 0;
  return result;
}

}  // namespace stave::capi

using namespace stave;

void stave_memtable_options_init(stave_memtable_options* options) {
  if (options != nullptr) capi::set_defaults(capi::table, options);
}

stave_status stave_memtable_options_set(stave_memtable_options* options, const char* text,
                                        stave_error* error) {
  return capi::set_options_call(capi::table, options, text, error);
}

stave_status stave_memtable_options_describe(stave_buffer* text, stave_error* error) {
  return capi::describe_options_call(capi::table, text, error);
}

void stave_memtable_cursor_options_init(stave_memtable_cursor_options* options) {
  if (options != nullptr) capi::set_defaults(capi::cursor_table, options);
}
