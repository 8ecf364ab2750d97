/* Options structs: struct_size from older and newer programs, reserved bytes, values out of range,
 * setting by text, what is in force. */
#include "tests/capi/support.h"

static stave_error error;

/* Opens a store that must not open because of its options. */
static void check_refused(const stave_store_options* options, const char* part) {
  char* path = fresh_path();
  stave_store* store = (stave_store*)&store;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_open(path, options, &store, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, part);
  CHECK(store == NULL);
  free(path);
}

static void defaults(void) {
  stave_store_options options;
  memset(&options, 0xFF, sizeof options);
  stave_store_options_init(&options);
  CHECK(options.struct_size == sizeof options);
  CHECK(options.durability == STAVE_DURABILITY_DEVICE);
  CHECK(options.io == STAVE_IO_MMAP);
  CHECK(options.shards == 0);
  CHECK(options.segment_size == 256u << 20);
  CHECK(options.read_only == 0);
  CHECK(options.create_if_missing == 1);
  CHECK(options.error_if_exists == 0);
  CHECK(options.background == 1);
  CHECK(options.keydir == STAVE_KEYDIR_STORED);
  CHECK(options.checkpoint_interval == 256u << 20);
  CHECK(options.default_ttl == 0 && options.shard_prefix_bits == 0);
  stave_write_options write_options;
  stave_write_options_init(&write_options);
  CHECK(write_options.struct_size == sizeof write_options);
  CHECK(write_options.durability == STAVE_DURABILITY_DEFAULT);
  stave_store_cursor_options cursor_options;
  stave_store_cursor_options_init(&cursor_options);
  CHECK(cursor_options.struct_size == sizeof cursor_options);
  CHECK(cursor_options.keys_only == 0);
  CHECK(cursor_options.prefix == NULL && cursor_options.prefix_size == 0);
}

/* Of a handle the default is device: open used to refuse it. */
static void default_durability(void) {
  stave_store_options options;
  stave_store_options_init(&options);
  options.durability = STAVE_DURABILITY_DEFAULT;
  char* path = fresh_path();
  stave_store* store;
  CHECK_STATUS(STAVE_OK, stave_store_open(path, &options, &store, &error));
  CHECK_STATUS(STAVE_OK, stave_store_options_get(store, &options, &error));
  CHECK(options.durability == STAVE_DURABILITY_DEVICE);
  CHECK_STATUS(STAVE_OK, stave_store_options_set(&options, "durability=default", &error));
  CHECK(options.durability == STAVE_DURABILITY_DEFAULT);
  stave_store_free(store);
  free(path);
}

static void struct_sizes(void) {
  stave_store_options options;
  const uint32_t impossible[] = {0, 1, 4, 7, 31, 33, 4104, 0xCCCCCCCC};
  for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
    stave_store_options_init(&options);
    options.struct_size = impossible[i];
    check_refused(&options, "struct_size");
    CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_options_set(&options, "shards=1", NULL));
  }

  /* A program that was built with an older header: what it does not know takes the defaults, though
   * the bytes behind its struct are anything. */
  char* path = fresh_path();
  stave_store_options_init(&options);
  options.durability = STAVE_DURABILITY_OS;
  memset((char*)&options + 16, 0xFF, sizeof options - 16);
  options.struct_size = 16;
  stave_store* store;
  CHECK_STATUS(STAVE_OK, stave_store_open(path, &options, &store, &error));
  memset(&options, 0xFF, sizeof options);
  options.struct_size = 16;
  CHECK_STATUS(STAVE_OK, stave_store_options_get(store, &options, &error));
  CHECK(options.durability == STAVE_DURABILITY_OS && options.shards == 16);
  CHECK(options.segment_size == UINT64_MAX); /* not written to */
  options.struct_size = sizeof options;
  CHECK_STATUS(STAVE_OK, stave_store_options_get(store, &options, &error));
  CHECK(options.segment_size == 256u << 20 && options.create_if_missing == 1);
  options.struct_size = 16;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_options_set(&options, "segment_size=1MiB", &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "newer than the header");

  /* And one that was built with a newer header. */
  struct {
    stave_store_options known;
    uint64_t unknown;
  } newer;
  memset(&newer, 0, sizeof newer);
  stave_store_options_init(&newer.known);
  newer.known.struct_size = sizeof newer;
  newer.known.durability = STAVE_DURABILITY_OS;
  newer.unknown = 1;
  check_refused(&newer.known, "byte 56 is set");
  CHECK_STATUS(STAVE_OK, stave_store_options_get(store, &newer.known, &error));
  CHECK(newer.unknown == 0 && newer.known.struct_size == sizeof newer);
  close_store(store);
  CHECK_STATUS(STAVE_OK, stave_store_open(path, &newer.known, &store, &error));
  close_store(store);
  free(path);
}

static void other_struct_sizes(void) {
  char* path = fresh_path();
  stave_store* store = open_store(path, "durability=os");
  stave_write_options write_options = {0, 0, 0};
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_put(store, "k", 1, "v", 1, &write_options, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "stave_write_options.struct_size is 0");
  stave_write_options_init(&write_options);
  for (uint32_t durability = 0; durability <= 3; durability++) {
    write_options.durability = durability;
    CHECK_STATUS(STAVE_OK, stave_store_put(store, "k", 1, "v", 1, &write_options, &error));
  }
  write_options.durability = 4;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_put(store, "k", 1, "v", 1, &write_options, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "durability");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_remove(store, "k", 1, &write_options, NULL));

  stave_store_cursor_options cursor_options;
  stave_store_cursor* cursor;
  stave_store_cursor_options_init(&cursor_options);
  cursor_options.keys_only = 2;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_cursor_open(store, &cursor_options, &cursor, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "keys_only");
  stave_store_cursor_options_init(&cursor_options);
  cursor_options.reserved[2] = 1;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_store_cursor_open(store, &cursor_options, &cursor, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "reserved");

  stave_store_stats stats;
  memset(&stats, 0xFF, sizeof stats);
  stats.struct_size = 4;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_stats_get(store, &stats, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "stave_store_stats.struct_size");
  stats.struct_size = 16;
  CHECK_STATUS(STAVE_OK, stave_store_stats_get(store, &stats, &error));
  CHECK(stats.keys == 1 && stats.struct_size == 16 && stats.segments == UINT64_MAX);
  close_store(store);
  free(path);
}

static void values(void) {
  static const struct {
    size_t offset;
    size_t width;
    uint64_t value;
    const char* name;
  } bad[] = {
      {offsetof(stave_store_options, durability), 4, 4, "durability"},
      {offsetof(stave_store_options, io), 4, 0, "io"},
      {offsetof(stave_store_options, io), 4, 3, "io"},
      {offsetof(stave_store_options, shards), 4, 3, "shards"},
      {offsetof(stave_store_options, shards), 4, 131072, "shards"},
      {offsetof(stave_store_options, segment_size), 8, 0, "segment_size"},
      {offsetof(stave_store_options, segment_size), 8, 4095, "segment_size"},
      {offsetof(stave_store_options, segment_size), 8, (UINT64_C(64) << 30) + 1, "segment_size"},
      {offsetof(stave_store_options, read_only), 1, 2, "read_only"},
      {offsetof(stave_store_options, create_if_missing), 1, 255, "create_if_missing"},
      {offsetof(stave_store_options, error_if_exists), 1, 2, "error_if_exists"},
      {offsetof(stave_store_options, background), 1, 2, "background"},
      {offsetof(stave_store_options, keydir), 4, 3, "keydir"},
      {offsetof(stave_store_options, checkpoint_interval), 8, (UINT64_C(1) << 48) + 1,
       "checkpoint_interval"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    stave_store_options options;
    stave_store_options_init(&options);
    char* member = (char*)&options + bad[i].offset;
    if (bad[i].width == 8) {
      memcpy(member, &bad[i].value, 8);
    } else if (bad[i].width == 4) {
      const uint32_t value = (uint32_t)bad[i].value;
      memcpy(member, &value, 4);
    } else {
      *member = (char)bad[i].value;
    }
    check_refused(&options, bad[i].name);
  }
}

static void sizes_as_text(void) {
  stave_store_options options;
  stave_store_options_init(&options);
  static const struct {
    const char* text;
    uint64_t value;
  } sizes[] = {{"4096", 4096},    {"4KiB", 4096},        {"64GiB", UINT64_C(64) << 30},
               {"1MiB", 1 << 20}, {"64GB", 64000000000}, {"5MB", 5000000},
               {"5KB", 5000}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char setting[64];
    snprintf(setting, sizeof setting, "segment_size=%s", sizes[i].text);
    CHECK_STATUS(STAVE_OK, stave_store_options_set(&options, setting, NULL));
    CHECK(options.segment_size == sizes[i].value);
  }
}

static void text(void) {
  stave_store_options options;
  stave_store_options_init(&options);
  CHECK_STATUS(STAVE_OK, stave_store_options_set(&options, "", NULL));
  CHECK_STATUS(STAVE_OK, stave_store_options_set(&options, " ,\t\n", NULL));
  CHECK_STATUS(STAVE_OK,
               stave_store_options_set(&options,
                                       " durability=os,io=mmap shards=64,, segment_size=64MiB "
                                       "read_only=yes create_if_missing=false error_if_exists=1 ",
                                       NULL));
  CHECK(options.durability == STAVE_DURABILITY_OS && options.io == STAVE_IO_MMAP);
  CHECK(options.shards == 64 && options.segment_size == 64u << 20);
  CHECK(options.read_only == 1 && options.create_if_missing == 0 && options.error_if_exists == 1);
  CHECK_STATUS(STAVE_OK, stave_store_options_set(
                             &options, "read_only=true,read_only=no,create_if_missing=0", NULL));
  CHECK(options.read_only == 0);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_options_set(&options, NULL, &error));

  static const char* const bad[] = {
      "durability",
      "durability=",
      "durability=3",
      "Durability=os",
      "durability =os",
      "=os",
      "reserved=0",
      "struct_size=8",
      "nosuch=1",
      "shards=3",
      "shards=-1",
      "shards=0x10",
      "shards=1KiB",
      "shards=65537",
      "shards=4294967297",
      "segment_size=1",
      "segment_size=64gb",
      "segment_size=1TB",
      "segment_size=MiB",
      "segment_size=1.5MiB",
      "segment_size=65GiB",
      "segment_size=99999999999999999999",
      "segment_size=17179869184GiB",
      "read_only=2",
      "read_only=YES",
      "read_only=",
  };
  const stave_store_options before = options;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char setting[128];
    snprintf(setting, sizeof setting, "io=buffered create_if_missing=1 %s", bad[i]);
    CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_options_set(&options, setting, &error));
    CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "option");
    CHECK(memcmp(&before, &options, sizeof options) == 0);
  }
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_options_set(&options, "shards=3", &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT,
              "option 'shards' is '3'; it must be a power of two from 1 to 65536");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_options_set(&options, "durability=x", &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "it must be default|memory|os|device");
}

static void description(void) {
  stave_buffer buffer;
  stave_buffer_init(&buffer);
  CHECK_STATUS(STAVE_OK, stave_store_options_describe(&buffer, NULL));
  char* described = calloc(buffer.size + 1, 1);
  CHECK(described != NULL);
  memcpy(described, buffer.data, buffer.size);
  CHECK(strstr(described, "durability=default|memory|os|device (default device): ") == described);
  CHECK(strstr(described, "\nio=buffered|mmap (default mmap): ") != NULL);
  CHECK(strstr(described, "\nshards=a power of two from 1 to 65536 (default 0): ") != NULL);
  CHECK(strstr(described,
               "\nsegment_size=a number of bytes, or of KB, MB, GB (1000) or "
               "KiB, MiB, GiB (1024), from 4KiB to 64GiB (default 256MiB)") != NULL);
  CHECK(strstr(described, "\nread_only=yes|no (default no): ") != NULL);
  CHECK(strstr(described, "\ncreate_if_missing=yes|no (default yes): ") != NULL);
  CHECK(strstr(described, "\nkeydir=stored|memory|disk (default stored): ") != NULL);
  CHECK(strstr(described, "reserved") == NULL);
  CHECK(described[buffer.size - 1] == '\n');
  free(described);
  stave_buffer_free(&buffer);
}

/* What is in force after opening with `options` on a store that was created with others. */
static void in_force(void) {
  char* path = fresh_path();
  close_store(open_store(path, "shards=4 segment_size=1MiB durability=memory"));
  stave_store* store = open_store(path, "durability=os");
  stave_store_options options;
  stave_store_options_init(&options);
  CHECK_STATUS(STAVE_OK, stave_store_options_get(store, &options, NULL));
  CHECK(options.shards == 4 && options.durability == STAVE_DURABILITY_OS);
  close_store(store);
  stave_store_options_init(&options);
  options.shards = 8;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_open(path, &options, &store, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "shards");
  free(path);
}

/* Where the keys are is fixed when the store is created. */
static void key_directories(void) {
  char* path = fresh_path();
  stave_store* store = open_store(path, "keydir=disk background=0 durability=os");
  CHECK_STATUS(STAVE_OK, stave_store_put(store, "k", 1, "v", 1, NULL, &error));
  CHECK_STATUS(STAVE_OK, stave_store_checkpoint(store, &error));
  CHECK_STATUS(STAVE_OK, stave_store_checkpoint(store, NULL));
  close_store(store);
  store = open_store(path, "");
  stave_store_options options;
  stave_store_options_init(&options);
  CHECK_STATUS(STAVE_OK, stave_store_options_get(store, &options, NULL));
  CHECK(options.keydir == STAVE_KEYDIR_DISK);
  CHECK_STATUS(STAVE_OK, stave_store_contains(store, "k", 1, &error));
  CHECK_STATUS(STAVE_OK, stave_store_close(store, &error));
  CHECK_STATUS(STAVE_CLOSED, stave_store_checkpoint(store, &error));
  stave_store_free(store);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_checkpoint(NULL, &error));
  stave_store_options_init(&options);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_options_set(&options, "keydir=ram", &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "stored|memory|disk");
  options.keydir = STAVE_KEYDIR_MEMORY;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_open(path, &options, &store, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "keydir=disk");
  free(path);

  path = fresh_path();
  store = open_store(path, "keydir=memory");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_checkpoint(store, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "keydir=memory");
  close_store(store);
  store = open_store(path, "read_only=1");
  CHECK_STATUS(STAVE_READ_ONLY, stave_store_checkpoint(store, &error));
  close_store(store);
  free(path);
}

int main(void) {
  defaults();
  default_durability();
  struct_sizes();
  other_struct_sizes();
  values();
  text();
  sizes_as_text();
  description();
  in_force();
  key_directories();
  CHECK(stave_live_handles() == 0);
  return 0;
}
