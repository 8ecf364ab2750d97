// The options of the store family.
#include <stave/store.h>

#include "capi/abi_struct.h"
#include "capi/error.h"
#include "capi/options_table.h"
#include "capi/store_handle.h"

namespace stave::capi {

namespace {

static_assert(static_cast<int>(store::Durability::memory) == STAVE_DURABILITY_MEMORY);
static_assert(static_cast<int>(store::Durability::os) == STAVE_DURABILITY_OS);
static_assert(static_cast<int>(store::Durability::device) == STAVE_DURABILITY_DEVICE);
static_assert(static_cast<int>(store::ReadIo::buffered) == STAVE_IO_BUFFERED);
static_assert(static_cast<int>(store::ReadIo::mmap) == STAVE_IO_MMAP);
static_assert(static_cast<int>(store::KeyDirectoryKind::stored) == STAVE_KEYDIR_STORED);
static_assert(static_cast<int>(store::KeyDirectoryKind::memory) == STAVE_KEYDIR_MEMORY);
static_assert(static_cast<int>(store::KeyDirectoryKind::disk) == STAVE_KEYDIR_DISK);

constexpr OptionChoice durability_choices[] = {
    {"default", STAVE_DURABILITY_DEFAULT},
    {"memory", STAVE_DURABILITY_MEMORY},
    {"os", STAVE_DURABILITY_OS},
    {"device", STAVE_DURABILITY_DEVICE},
};
constexpr OptionChoice io_choices[] = {
    {"buffered", STAVE_IO_BUFFERED},
    {"mmap", STAVE_IO_MMAP},
};
constexpr OptionChoice keydir_choices[] = {
    {"stored", STAVE_KEYDIR_STORED},
    {"memory", STAVE_KEYDIR_MEMORY},
    {"disk", STAVE_KEYDIR_DISK},
};

// The defaults are those of the core.
constexpr store::Options defaults;

constexpr Option store_option_list[] = {
    {STAVE_OPTION(stave_store_options, durability, OptionType::choice),
     .default_value = static_cast<uint64_t>(defaults.durability), .choices = durability_choices,
     .meaning = "what an acknowledged write survives: nothing, kill -9, power loss; default is "
                "device"},
    {STAVE_OPTION(stave_store_options, io, OptionType::choice),
     .default_value = static_cast<uint64_t>(defaults.io), .choices = io_choices,
     .meaning =
         "how records are read; a failing device is SIGBUS with mmap, an error with buffered"},
    {STAVE_OPTION(stave_store_options, shards, OptionType::number),
     .default_value = defaults.shards, .min = 1, .max = store::shards_max, .power_of_two = true,
     .meaning = "independent locks, fixed when the store is created; 0 is the stored number, for a "
                "new store 16"},
    {STAVE_OPTION(stave_store_options, segment_size, OptionType::size),
     .default_value = defaults.segment_size, .min = store::segment_size_min,
     .max = store::segment_size_max, .meaning = "bytes after which a new log file begins"},
    {STAVE_OPTION(stave_store_options, read_only, OptionType::boolean),
     .default_value = defaults.read_only,
     .meaning = "refuses writes and shares the store with other read-only handles"},
    {STAVE_OPTION(stave_store_options, create_if_missing, OptionType::boolean),
     .default_value = defaults.create_if_missing,
     .meaning = "creates the store when there is none"},
    {STAVE_OPTION(stave_store_options, error_if_exists, OptionType::boolean),
     .default_value = defaults.error_if_exists,
     .meaning = "refuses to open a store that is there already"},
    {STAVE_OPTION(stave_store_options, background, OptionType::boolean),
     .default_value = defaults.background,
     .meaning =
         "a thread removes what has expired; with keydir=disk one merges changes, instead of "
         "writers in slices"},
    {STAVE_OPTION(stave_store_options, keydir, OptionType::choice),
     .default_value = static_cast<uint64_t>(defaults.keydir), .choices = keydir_choices,
     .meaning = "where the key directory is, fixed when the store is created; stored is as it was "
                "created, in a new store memory"},
    {STAVE_OPTION(stave_store_options, checkpoint_interval, OptionType::size),
     .default_value = defaults.checkpoint_interval, .max = store::checkpoint_interval_max,
     .meaning = "with keydir=disk, bytes of log after which the key directory is saved; 0 is only "
                "after many changes"},
    {STAVE_OPTION(stave_store_options, default_ttl, OptionType::number),
     .default_value = defaults.default_ttl,
     .meaning = "milliseconds after which what is written expires; 0 is never"},
    {STAVE_OPTION(stave_store_options, shard_prefix_bits, OptionType::number),
     .default_value = defaults.shard_prefix_bits, .max = store::shard_prefix_bits_max,
     .meaning = "first bits of a key that choose its shard, fixed when the store is created; 0 is "
                "the stored number, for a new store all"},
    {STAVE_OPTION(stave_store_options, reserved, OptionType::reserved)},
};
static_assert(store::shards_default == 16);  // as the text above and store.h say

constexpr Option write_option_list[] = {
    {STAVE_OPTION(stave_write_options, durability, OptionType::choice),
     .default_value = STAVE_DURABILITY_DEFAULT, .choices = durability_choices,
     .meaning = "what this write survives once it is acknowledged; default is the handle's"},
    {STAVE_OPTION(stave_write_options, expires_at, OptionType::number),
     .meaning = "Unix time in milliseconds at which the key expires; 0 is by default_ttl, "
                "18446744073709551615 never"},
};

constexpr Option cursor_option_list[] = {
    {STAVE_OPTION(stave_store_cursor_options, keys_only, OptionType::boolean),
     .meaning = "reads no values"},
    {STAVE_OPTION(stave_store_cursor_options, reserved, OptionType::reserved)},
    {STAVE_OPTION(stave_store_cursor_options, prefix, OptionType::raw)},
    {STAVE_OPTION(stave_store_cursor_options, prefix_size, OptionType::raw)},
    {STAVE_OPTION(stave_store_cursor_options, token, OptionType::raw)},
    {STAVE_OPTION(stave_store_cursor_options, token_size, OptionType::raw)},
};

constexpr OptionsTable store_table = {abi_struct<stave_store_options>("stave_store_options"),
                                      store_option_list};
constexpr OptionsTable write_table = {abi_struct<stave_write_options>("stave_write_options"),
                                      write_option_list};
constexpr OptionsTable cursor_table = {
    abi_struct<stave_store_cursor_options>("stave_store_cursor_options"), cursor_option_list};

}  // namespace

Result<stave_store_options> store_options(const stave_store_options* options) {
  stave_store_options read;
  STAVE_TRY(read_options(store_table, options, &read));
  if (read.durability == STAVE_DURABILITY_DEFAULT)
    read.durability = static_cast<uint32_t>(defaults.durability);
  return read;
}

store::Options core_options(const stave_store_options& options) noexcept {
  store::Options core;
  core.durability = static_cast<store::Durability>(options.durability);
  core.io = static_cast<store::ReadIo>(options.io);
  core.shards = options.shards;
  core.segment_size = options.segment_size;
  core.read_only = options.read_only != 0;
  core.create_if_missing = options.create_if_missing != 0;
  core.error_if_exists = options.error_if_exists != 0;
  core.background = options.background != 0;
  core.keydir = static_cast<store::KeyDirectoryKind>(options.keydir);
  core.checkpoint_interval = options.checkpoint_interval;
  core.default_ttl = options.default_ttl;
  core.shard_prefix_bits = options.shard_prefix_bits;
  return core;
}

Result<store::WriteOptions> write_options(const stave_write_options* options,
                                          store::Durability default_durability) {
  store::WriteOptions core(default_durability);
  if (options == nullptr) return core;
  stave_write_options read;
  STAVE_TRY(read_options(write_table, options, &read));
  if (read.durability != STAVE_DURABILITY_DEFAULT)
    core.durability = static_cast<store::Durability>(read.durability);
  core.expires_at = read.expires_at;
  return core;
}

Result<stave_store_cursor_options> cursor_options(const stave_store_cursor_options* options) {
  stave_store_cursor_options read;
  STAVE_TRY(read_options(cursor_table, options, &read));
  STAVE_TRY(require_bytes(read.prefix, read.prefix_size, "stave_store_cursor_options.prefix"));
  STAVE_TRY(require_bytes(read.token, read.token_size, "stave_store_cursor_options.token"));
  return read;
}

}  // namespace stave::capi

using namespace stave;

void stave_store_options_init(stave_store_options* options) {
  if (options != nullptr) capi::set_defaults(capi::store_table, options);
}

stave_status stave_store_options_set(stave_store_options* options, const char* text,
                                     stave_error* error) {
  return capi::set_options_call(capi::store_table, options, text, error);
}

stave_status stave_store_options_describe(stave_buffer* text, stave_error* error) {
  return capi::describe_options_call(capi::store_table, text, error);
}

void stave_write_options_init(stave_write_options* options) {
  if (options != nullptr) capi::set_defaults(capi::write_table, options);
}

void stave_store_cursor_options_init(stave_store_cursor_options* options) {
  if (options != nullptr) capi::set_defaults(capi::cursor_table, options);
}
