// The options of the index family.
#include <stave/index.h>

#include "capi/abi_struct.h"
#include "capi/index_handle.h"
#include "capi/options_table.h"
#include "core/base/limits.h"
#include "core/index/hash_parts.h"

namespace stave::capi {

namespace {

constexpr OptionChoice key_mode_choices[] = {
    {"owned", STAVE_KEYS_OWNED},
    {"resolved", STAVE_KEYS_RESOLVED},
    {"owned16", STAVE_KEYS_OWNED16},
};
constexpr OptionChoice value_bits_choices[] = {
    {"44", 44},
    {"64", 64},
};

constexpr Option option_list[] = {
    {STAVE_OPTION(stave_index_options, key_mode, OptionType::choice),
     .default_value = STAVE_KEYS_OWNED, .choices = key_mode_choices,
     .meaning = "whether the index keeps the bytes of its keys (owned; owned16: those of 9 to 16 "
                "bytes in the entry, too), or a resolver knows them"},
    {STAVE_OPTION(stave_index_options, value_bits, OptionType::choice), .default_value = 64,
     .choices = value_bits_choices,
     .meaning = "the width of values; 44 takes 8 bytes an entry instead of 16 when resolved"},
    {STAVE_OPTION(stave_index_options, shards, OptionType::number), .default_value = 0, .min = 1,
     .max = uint64_t{1} << index::shard_bits_max, .power_of_two = true,
     .meaning = "parts that grow by themselves; 0 chooses by the capacity"},
    {STAVE_OPTION(stave_index_options, capacity, OptionType::number), .default_value = 0,
     .max = records_max, .meaning = "entries that fit before the first growth"},
    {STAVE_OPTION(stave_index_options, seed, OptionType::number), .default_value = 0,
     .meaning = "of the hash; 0 chooses one that nobody can know"},
};

constexpr OptionsTable table = {abi_struct<stave_index_options>("stave_index_options"),
                                option_list};

}  // namespace

Result<stave_index_options> index_options(const stave_index_options* options) {
  return read_options(table, options);
}

}  // namespace stave::capi

using namespace stave;

void stave_index_options_init(stave_index_options* options) {
  if (options != nullptr) capi::set_defaults(capi::table, options);
}

stave_status stave_index_options_set(stave_index_options* options, const char* text,
                                     stave_error* error) {
  return capi::set_options_call(capi::table, options, text, error);
}

stave_status stave_index_options_describe(stave_buffer* text, stave_error* error) {
  return capi::describe_options_call(capi::table, text, error);
}
