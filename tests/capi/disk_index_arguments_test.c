/* Wrong arguments of a disk index's functions: refused with the part that is wrong, and nothing is
 * changed. */
#include "tests/capi/disk_index_calls.h"

static stave_error error;

static void null_handles(void) {
  check_disk_index(NULL, STAVE_INVALID_ARGUMENT);
  check_calls(&disk_index_of_cursor, NULL, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_OK, stave_disk_index_close(NULL, NULL));
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_close(NULL, NULL));
  stave_disk_index_free(NULL);
  stave_disk_index_cursor_free(NULL);
  stave_disk_index_options_init(NULL);
  stave_disk_index_stats_init(NULL);
}

static void wrong_kinds(stave_disk_index* index) {
  stave_disk_index_cursor* cursor;
  stave_batch* batch;
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_open(index, &cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_create(&batch, NULL));
  check_disk_index((stave_disk_index*)batch, STAVE_INVALID_ARGUMENT);
  check_disk_index((stave_disk_index*)cursor, STAVE_INVALID_ARGUMENT);
  check_calls(&disk_index_of_cursor, index, STAVE_INVALID_ARGUMENT);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_flush((stave_store*)index, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_close((stave_disk_index*)cursor, &error));
  stave_disk_index_free((stave_disk_index*)cursor); /* does nothing */
  stave_batch_free(batch);
  stave_disk_index_cursor_free(cursor);
}

static void keys_and_records(stave_disk_index* index) {
  const disk_index_key key = {5, 6};
  uint64_t record = 1;
  static const size_t key_sizes[] = {0, 15, 17, SIZE_MAX};
  static const size_t record_sizes[] = {0, 7, 9, 24, SIZE_MAX};
  for (size_t i = 0; i < sizeof key_sizes / sizeof *key_sizes; i++) {
    const size_t size = key_sizes[i];
    CHECK_STATUS(STAVE_INVALID_ARGUMENT,
                 stave_disk_index_put(index, &key, size, &record, sizeof record, &error));
    CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "16");
    CHECK_STATUS(STAVE_INVALID_ARGUMENT,
                 stave_disk_index_insert(index, &key, size, &record, sizeof record, &error));
    CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_remove(index, &key, size, &error));
    CHECK_STATUS(STAVE_INVALID_ARGUMENT,
                 stave_disk_index_get(index, &key, size, &record, sizeof record, &error));
    CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_contains(index, &key, size, &error));
  }
  for (size_t i = 0; i < sizeof record_sizes / sizeof *record_sizes; i++) {
    const size_t size = record_sizes[i];
    CHECK_STATUS(STAVE_INVALID_ARGUMENT,
                 stave_disk_index_put(index, &key, sizeof key, &record, size, &error));
    CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "record");
    CHECK_STATUS(STAVE_INVALID_ARGUMENT,
                 stave_disk_index_insert(index, &key, sizeof key, &record, size, &error));
    CHECK_STATUS(STAVE_INVALID_ARGUMENT,
                 stave_disk_index_get(index, &key, sizeof key, &record, size, &error));
    CHECK_STATUS(STAVE_INVALID_ARGUMENT,
                 stave_disk_index_multi_put(index, &key, &record, size, 1, NULL, &error));
    uint8_t found;
    CHECK_STATUS(STAVE_INVALID_ARGUMENT,
                 stave_disk_index_multi_get(index, &key, 1, &record, size, &found, &error));
  }
  CHECK_STATUS(STAVE_NOT_FOUND, stave_disk_index_contains(index, &key, sizeof key, NULL));
}

static void null_arguments(stave_disk_index* index) {
  const disk_index_key key = {5, 6};
  uint64_t record = 1;
  uint8_t found;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_put(index, NULL, sizeof key, &record, sizeof record, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "key is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_put(index, &key, sizeof key, NULL, sizeof record, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "record is NULL");
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_get(index, &key, sizeof key, NULL, sizeof record, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_multi_put(index, NULL, &record, sizeof record, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_multi_put(index, &key, NULL, sizeof record, 1, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_multi_get(index, NULL, 1, &record, sizeof record, &found, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_multi_get(index, &key, 1, NULL, sizeof record, &found, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_multi_get(index, &key, 1, &record, sizeof record, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_size(index, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_stats_get(index, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_options_get(index, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_options_set(NULL, "", &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_options_describe(NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_bulk_load(index, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_cursor_open(index, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_rebuild("unused", NULL, NULL, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_open("unused", NULL, NULL, &error));
  /* Nothing is asked for, so nothing is missing. */
  CHECK_STATUS(STAVE_OK,
               stave_disk_index_multi_put(index, NULL, NULL, sizeof record, 0, NULL, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_disk_index_multi_get(index, NULL, 0, NULL, sizeof record, NULL, NULL));
}

static void cursors(stave_disk_index* index) {
  stave_disk_index_cursor* cursor;
  const void* data;
  size_t size;
  uint64_t records[4];
  disk_index_key keys[4];
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_open(index, &cursor, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_cursor_key(cursor, &data, &size, &error));
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_next(cursor, NULL));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_cursor_key(cursor, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_cursor_key(cursor, &data, NULL, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_cursor_record(cursor, NULL, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_cursor_next_many(cursor, 1, NULL, records, 8, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_cursor_next_many(cursor, 1, keys, NULL, 8, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_cursor_next_many(cursor, 1, keys, records, 9, &size, &error));
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_cursor_next_many(cursor, 1, keys, records, 8, NULL, &error));
  /* None of them has moved the cursor. */
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_key(cursor, &data, &size, NULL));
  CHECK_STATUS(STAVE_OK,
               stave_disk_index_cursor_next_many(cursor, 4, keys, records, 8, &size, NULL));
  CHECK(size == 1);
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_cursor_record(cursor, &data, &size, NULL));
  for (int i = 0; i < 2; i++)
    CHECK_STATUS(STAVE_DONE,
                 stave_disk_index_cursor_next_many(cursor, 4, keys, records, 8, &size, NULL));
  CHECK_STATUS(STAVE_DONE, stave_disk_index_cursor_next(cursor, NULL));
  stave_disk_index_cursor_free(cursor);
}

/* ---- Sources ------------------------------------------------------------------------------------
 */

typedef struct loading {
  stave_disk_index* index;
  stave_status answer; /* behind the first ten records */
  size_t lie;          /* added to the count of the first answer */
  uint64_t next;
} loading;

static stave_status load(void* context, void* keys, void* records, size_t count_max,
                         size_t* count) {
  loading* state = context;
  if (state->index != NULL) {
    check_calls(&disk_index_writes, state->index, STAVE_BUSY);
    CHECK_STATUS(STAVE_BUSY, stave_disk_index_close(state->index, NULL));
    stave_disk_index_free(state->index); /* does nothing here */
  }
  *count = 0;
  if (state->next == 10) return state->answer;
  for (; state->next < 10; state->next++, ++*count) {
    CHECK(*count < count_max);
    ((disk_index_key*)keys)[*count] = (disk_index_key){state->next, 99};
    ((uint64_t*)records)[*count] = state->next;
  }
  if (state->lie != 0) *count = count_max + state->lie;
  return STAVE_OK;
}

static void sources(stave_disk_index* index, const char* path) {
  static const stave_status answers[] = {STAVE_IO, STAVE_CANCELLED, -999, STAVE_NO_MEMORY};
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  options.record_size = disk_index_record_size;
  uint64_t before;
  uint64_t after;
  CHECK_STATUS(STAVE_OK, stave_disk_index_size(index, &before, NULL));
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    loading state = {index, answers[i], 0, 0};
    CHECK_STATUS(answers[i], stave_disk_index_bulk_load(index, load, &state, &error));
    CHECK(error.status == answers[i]);
    state = (loading){NULL, answers[i], 0, 0};
    CHECK_STATUS(answers[i], stave_disk_index_rebuild(path, &options, load, &state, &error));
  }
  loading lying = {NULL, STAVE_OK, 1, 0};
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_bulk_load(index, load, &lying, &error));
  /* All or nothing. */
  CHECK_STATUS(STAVE_OK, stave_disk_index_size(index, &after, NULL));
  CHECK(before == after);
  loading good = {index, STAVE_OK, 0, 0};
  CHECK_STATUS(STAVE_OK, stave_disk_index_bulk_load(index, load, &good, &error));
  CHECK_STATUS(STAVE_OK, stave_disk_index_size(index, &after, NULL));
  CHECK(after == before + 10);
}

/* ---- Options ------------------------------------------------------------------------------------
 */

static void check_refused(const char* path, const stave_disk_index_options* options,
                          const char* part) {
  stave_disk_index* index = (stave_disk_index*)&index;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_open(path, options, &index, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, part);
  CHECK(index == NULL);
}

static void options_structs(const char* path) {
  stave_disk_index_options options;
  memset(&options, 0xFF, sizeof options);
  stave_disk_index_options_init(&options);
  CHECK(options.struct_size == sizeof options && options.record_size == 0);
  CHECK(options.create_if_missing == 1 && options.background == 1 && options.read_only == 0);
  check_refused(NULL, &options, "path is NULL");
  options.struct_size = 0;
  check_refused(path, &options, "struct_size");
  options.struct_size = sizeof options;
  options.record_size = 257;
  check_refused(path, &options, "record_size");
  options.record_size = disk_index_record_size;
  options.delta_memory = 65535;
  check_refused(path, &options, "delta_memory");
  options.delta_memory = 65536;
  options.bulk_memory = 65535;
  check_refused(path, &options, "bulk_memory");
  options.bulk_memory = 65536;
  options.read_only = 2;
  check_refused(path, &options, "read_only");
  options.read_only = 0;
  options.reserved[2] = 1;
  check_refused(path, &options, "reserved");

  /* An older header: what it does not know takes the defaults. */
  stave_disk_index_options_init(&options);
  options.record_size = disk_index_record_size;
  memset((char*)&options + 8, 0xFF, sizeof options - 8);
  options.struct_size = 8;
  stave_disk_index* index;
  CHECK_STATUS(STAVE_OK, stave_disk_index_open(path, &options, &index, &error));
  options.struct_size = sizeof options;
  CHECK_STATUS(STAVE_OK, stave_disk_index_options_get(index, &options, &error));
  CHECK(options.delta_memory == (uint64_t)64 << 20 && options.background == 1);
  /* Statistics likewise. */
  stave_disk_index_stats stats;
  memset(&stats, 0xFF, sizeof stats);
  stats.struct_size = 16;
  CHECK_STATUS(STAVE_OK, stave_disk_index_stats_get(index, &stats, &error));
  CHECK(stats.entries == 0 && stats.file_bytes == UINT64_MAX);
  stats.struct_size = 0;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_disk_index_stats_get(index, &stats, &error));
  close_disk_index(index);
}

/* A payload says what it is; a file of another size of record is not opened for it. */
static void payloads(const char* path) {
  const disk_index_key key = {1, 1};
  stave_payload payload = {
      .offset = 1, .length = 2, .uncompressed_length = 3, .codec = STAVE_CODEC_ZSTANDARD};
  stave_disk_index* index;
  CHECK_STATUS(STAVE_OK, stave_disk_index_open(path, NULL, &index, &error));
  CHECK_STATUS(STAVE_OK,
               stave_disk_index_put(index, &key, sizeof key, &payload, sizeof payload, &error));
  payload.codec = 3;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_put(index, &key, sizeof key, &payload, sizeof payload, &error));
  CHECK_ERROR(&error, STAVE_INVALID_ARGUMENT, "codec");
  payload.codec = STAVE_CODEC_NONE;
  payload.reserved[6] = 1;
  CHECK_STATUS(STAVE_INVALID_ARGUMENT,
               stave_disk_index_put(index, &key, sizeof key, &payload, sizeof payload, &error));
  CHECK_STATUS(STAVE_OK,
               stave_disk_index_get(index, &key, sizeof key, &payload, sizeof payload, &error));
  CHECK(payload.codec == STAVE_CODEC_ZSTANDARD && payload.reserved[6] == 0 && payload.length == 2);
  close_disk_index(index);
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  options.record_size = disk_index_record_size;
  check_refused(path, &options, "record");
}

static void read_only(const char* path) {
  stave_disk_index* index = open_disk_index(path, "read_only=yes");
  check_calls(&disk_index_writes, index, STAVE_READ_ONLY);
  check_calls(&disk_index_reads, index, STAVE_OK);
  close_disk_index(index);
}

int main(void) {
  char* path = fresh_path();
  char* other = fresh_path();
  char* third = fresh_path();
  stave_disk_index* index = open_disk_index(path, "");
  check_disk_index(index, STAVE_OK);
  null_handles();
  wrong_kinds(index);
  keys_and_records(index);
  null_arguments(index);
  cursors(index);
  sources(index, other);
  close_disk_index(index);
  read_only(path);
  options_structs(other);
  payloads(third);
  CHECK(stave_live_handles() == 0);
  free(path);
  free(other);
  free(third);
  return 0;
}
