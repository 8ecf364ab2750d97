/* Fails every allocation of every operation on a disk index once: the call answers NO_MEMORY and
 * has changed nothing, or does its work. Afterwards the index goes on working, and so does the file
 * when it is opened again: after each failure everything is written to, merged, compared with what
 * it has to be, and compared once more behind an open.
 *
 * Once a load without memory left the pages of the live segments marked as free: the next merge
 * wrote over them. And a shrink without memory left the index in a file that had lost its name: all
 * that was written later was gone with it. */
#include "tests/capi/allocation_failure.h"
#include "tests/capi/disk_index_calls.h"

/* Several segments, of 1,800 such records each; more operations than begin a merge. */
enum { entries = 6000, loaded = 1500, record_size = 256, updates = 2000 };
static const char* const merging[] = {"background=no", "background=yes"};

/* In place of the system's: no power is lost here, and to wait for the device would be to wait for
 * minutes. */
int fdatasync(int file);
int msync(void* begin, size_t size, int flags);
int fdatasync(int file) {
  (void)file;
  return 0;
}
int msync(void* begin, size_t size, int flags) {
  (void)begin;
  (void)size;
  (void)flags;
  return 0;
}

static const char* options_text;
static char* path;
static stave_disk_index* index;
static uint32_t expected[entries]; /* the version of each key's record; 0: it is not there */
static uint32_t version;

static stave_disk_index_options make_options(void) {
  stave_disk_index_options options;
  stave_disk_index_options_init(&options);
  CHECK_STATUS(STAVE_OK, stave_disk_index_options_set(&options, options_text, NULL));
  options.record_size = record_size;
  options.delta_memory = 64 << 10;
  options.bulk_memory = 64 << 10;
  return options;
}
static void open_index(void) {
  const stave_disk_index_options options = make_options();
  CHECK_STATUS(STAVE_OK, stave_disk_index_open(path, &options, &index, NULL));
}

static disk_index_key key_of(uint64_t number) {
  const disk_index_key key = {number, ~number};
  return key;
}
static void make_record(uint32_t of, unsigned char record[record_size]) {
  memset(record, (int)(of % 251), record_size);
  memcpy(record, &of, sizeof of);
}

static stave_status put(uint64_t number, stave_error* error) {
  const disk_index_key key = key_of(number);
  unsigned char record[record_size];
  make_record(++version, record);
  const stave_status status =
      stave_disk_index_put(index, &key, sizeof key, record, record_size, error);
  if (status == STAVE_OK) expected[number] = version;
  return status;
}

static void check_records(void) {
  uint64_t there = 0, size;
  for (uint64_t i = 0; i < entries; i++) {
    const disk_index_key key = key_of(i);
    unsigned char record[record_size], found[record_size];
    const stave_status status =
        stave_disk_index_get(index, &key, sizeof key, found, record_size, NULL);
    CHECK_STATUS(expected[i] != 0 ? STAVE_OK : STAVE_NOT_FOUND, status);
    if (status != STAVE_OK) continue;
    there++;
    make_record(expected[i], record);
    CHECK(memcmp(found, record, record_size) == 0);
  }
  CHECK_STATUS(STAVE_OK, stave_disk_index_size(index, &size, NULL));
  CHECK(size == there);
}

/* Twice, since what one merge gives back by mistake is written over by the next. */
static void check_index(void) {
  check_records();
  for (uint64_t round = 1; round <= 2; round++) {
    for (uint64_t i = 0; i < entries; i += 97) CHECK_STATUS(STAVE_OK, put(i, NULL));
    CHECK_STATUS(STAVE_OK, stave_disk_index_checkpoint(index, round, NULL));
    check_records();
  }
  close_disk_index(index);
  open_index();
  check_records();
}

static stave_status put_many(stave_error* error) {
  stave_status status = STAVE_OK;
  for (uint64_t i = 0; i < updates && status == STAVE_OK; i++) status = put(i * 3 % entries, error);
  return status;
}
/* Fewer than begin a merge, so that the others have changes to merge. */
static void put_some(void) {
  const long number = atomic_exchange(&failing, -1);
  for (uint64_t i = 0; i < entries; i += 11) CHECK_STATUS(STAVE_OK, put(i, NULL));
  atomic_store(&allocations, 0);
  atomic_store(&failing, number);
}
static stave_status remove_some(stave_error* error) {
  for (uint64_t i = 1; i < entries; i += 7) {
    const disk_index_key key = key_of(i);
    const stave_status status = stave_disk_index_remove(index, &key, sizeof key, error);
    CHECK(status < 0 || (status == STAVE_OK) == (expected[i] != 0));
    if (status < 0) return status;
    expected[i] = 0;
  }
  return STAVE_OK;
}

typedef struct load {
  uint64_t next;
  uint32_t version;
} load;
static stave_status next_records(void* context, void* keys, void* records, size_t count_max,
                                 size_t* count) {
  load* const of = context;
  for (*count = 0; *count < count_max && of->next < loaded; ++*count, of->next++) {
    const disk_index_key key = key_of(of->next * 4);
    memcpy((char*)keys + *count * sizeof key, &key, sizeof key);
    make_record(of->version, (unsigned char*)records + *count * record_size);
  }
  return STAVE_OK;
}
/* What a load has answered is what it has done: all of it or nothing. */
static stave_status bulk_load(stave_error* error) {
  put_some();
  load of = {0, ++version};
  const stave_status status = stave_disk_index_bulk_load(index, next_records, &of, error);
  if (status == STAVE_OK)
    for (uint64_t i = 0; i < loaded; i++) expected[i * 4] = of.version;
  return status;
}
static stave_status rebuild(stave_error* error) {
  const stave_disk_index_options options = make_options();
  load of = {0, ++version};
  const long number = atomic_exchange(&failing, -1);
  close_disk_index(index);
  atomic_store(&allocations, 0);
  atomic_store(&failing, number);
  const stave_status status = stave_disk_index_rebuild(path, &options, next_records, &of, error);
  const int fired = atomic_load(&allocations) > number;
  atomic_store(&failing, -1);
  open_index();
  if (!fired) atomic_store(&allocations, 0);
  if (status == STAVE_OK) {
    memset(expected, 0, sizeof expected);
    for (uint64_t i = 0; i < loaded; i++) expected[i * 4] = of.version;
  }
  return status;
}
static stave_status shrink_to_fit(stave_error* error) {
  put_some();
  return stave_disk_index_shrink_to_fit(index, error);
}
static stave_status checkpoint(stave_error* error) {
  put_some();
  return stave_disk_index_checkpoint(index, 7, error);
}
static stave_status save(stave_error* error) {
  put_some();
  return stave_disk_index_save(index, 8, error);
}
static stave_status reserve(stave_error* error) {
  return stave_disk_index_reserve(index, 10 * entries, error);
}
/* Closed it is, whatever it answers. */
static stave_status close_and_open(stave_error* error) {
  put_some();
  const stave_status status = stave_disk_index_close(index, error);
  stave_disk_index_free(index);
  index = NULL;
  if (status != STAVE_OK) {
    open_index();
    return status;
  }
  const stave_disk_index_options options = make_options();
  const stave_status opened = stave_disk_index_open(path, &options, &index, error);
  if (opened != STAVE_OK) open_index();
  return opened;
}

static const operation operations[] = {
    {"put", put_many},       {"bulk_load", bulk_load},           {"shrink_to_fit", shrink_to_fit},
    {"remove", remove_some}, {"checkpoint", checkpoint},         {"save", save},
    {"reserve", reserve},    {"close and open", close_and_open}, {"rebuild", rebuild},
};

int main(void) {
  for (size_t i = 0; i < sizeof merging / sizeof *merging; i++) {
    options_text = merging[i];
    printf("every allocation of each operation failed once, %s\n", options_text);
    path = fresh_path();
    memset(expected, 0, sizeof expected);
    open_index();
    for (uint64_t number = 0; number < entries; number++) CHECK_STATUS(STAVE_OK, put(number, NULL));
    check_index();
    CHECK(fail_each_allocation(operations, sizeof operations / sizeof *operations, check_index) >
          300);
    close_disk_index(index);
    free(path);
  }
  CHECK(stave_live_handles() == 0);
  return 0;
}
