/* Close apart from free; disk indexes and cursors that go in every order; the lock of the file;
 * handles of a parent process. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/disk_index_calls.h"

#include <sys/wait.h>
#include <unistd.h>

static void closed_handles(void) {
  char* path = fresh_path();
  stave_disk_index* index = open_disk_index(path, "");
  put_record(index, 1, 1);
  stave_disk_index_cursor* cursor;
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_open(index, &cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_next(cursor, NULL));
  CHECK(stave_live_handles() == 2);
  for (int i = 0; i < 3; i++) {
    CHECK_STATUS(STAVE_OK, stave_disk_index_close(index, NULL));
    check_disk_index(index, STAVE_CLOSED);
    check_calls(&disk_index_of_cursor, cursor, STAVE_CLOSED);
  }
  CHECK(stave_live_handles() == 2);
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_close(cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_close(cursor, NULL));
  stave_disk_index_free(index);
  check_calls(&disk_index_of_cursor, cursor, STAVE_CLOSED);
  stave_disk_index_cursor_free(cursor);
  CHECK(stave_live_handles() == 0);
  free(path);
}

/* Frees the index and three cursors in the order that `order` names. The bytes that the first one
 * stands on stay what they are until it is freed. */
static void free_order(const char* order, int close_first) {
  char* path = fresh_path();
  stave_disk_index* index = open_disk_index(path, "background=no");
  stave_disk_index_cursor* cursors[3];
  const void* data;
  size_t size;
  const uint64_t record = 0x0123456789abcdef;
  put_record(index, 1, record);
  for (int i = 0; i < 3; i++)
    CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_open(index, &cursors[i], NULL));
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_next(cursors[0], NULL));
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_record(cursors[0], &data, &size, NULL));
  if (close_first) CHECK_STATUS(STAVE_OK, stave_disk_index_close(index, NULL));
  for (; *order != '\0'; order++) {
    if (cursors[0] != NULL) CHECK(size == sizeof record && memcmp(data, &record, size) == 0);
    if (*order == 'i') {
      stave_disk_index_free(index);
    } else {
      stave_disk_index_cursor_free(cursors[*order - '0']);
      cursors[*order - '0'] = NULL;
    }
  }
  CHECK(stave_live_handles() == 0);
  /* The file is free, and has what was put. */
  index = open_disk_index(path, "");
  check_record(index, 1, record);
  close_disk_index(index);
  free(path);
}

static void free_orders(void) {
  static const char* const orders[] = {"i012", "0i12", "01i2", "012i", "i210", "2i10", "1i02"};
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
    free_order(orders[i], 0);
    free_order(orders[i], 1);
  }
}

/* Records that are there throughout are met once, whatever grows, shrinks and goes meanwhile. */
static void cursor_beside_writes(void) {
  enum { kept = 500, others = 120000 };
  char* path = fresh_path();
  stave_disk_index* index = open_disk_index(path, "delta_memory=64KiB");
  static uint8_t met[kept];
  stave_disk_index_cursor* cursor;
  stave_status status;
  for (uint64_t i = 0; i < kept; i++) put_record(index, i, i);
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_open(index, &cursor, NULL));
  for (uint32_t step = 0; (status = stave_disk_index_cursor_next(cursor, NULL)) == STAVE_OK;
       step++) {
    const void* data;
    size_t size;
    uint64_t record;
    CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_record(cursor, &data, &size, NULL));
    memcpy(&record, data, sizeof record);
    if (record < kept) CHECK(met[record]++ == 0);
    if (step == 50)
      for (uint64_t i = kept; i < others; i++) put_record(index, i, i);
    if (step == 100) {
      for (uint64_t i = kept; i < others; i++) {
        const disk_index_key key = {i, 0};
        CHECK_STATUS(STAVE_OK, stave_disk_index_remove(index, &key, sizeof key, NULL));
      }
      CHECK_STATUS(STAVE_OK, stave_disk_index_shrink_to_fit(index, NULL));
    }
  }
  CHECK(status == STAVE_DONE);
  for (uint32_t i = 0; i < kept; i++) CHECK(met[i] == 1);
  stave_disk_index_stats stats;
  stave_disk_index_stats_init(&stats);
  CHECK_STATUS(STAVE_OK, stave_disk_index_stats_get(index, &stats, NULL));
  CHECK(stats.entries == kept && stats.merges > 0 && stats.file_bytes < 256 * 1024);
  stave_disk_index_cursor_free(cursor);
  close_disk_index(index);
  free(path);
}

/* ---- A child process ----------------------------------------------------------------------------
 */

typedef struct handles {
  const char* path;
  stave_disk_index* index;
  stave_disk_index_cursor* cursor;
} handles;

static void in_child(void (*child)(const handles* of_parent), const handles* of_parent) {
  const pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    child(of_parent);
    _exit(0);
  }
  int result;
  CHECK(waitpid(process, &result, 0) == process);
  CHECK(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

/* ThreadSanitizer ends a child of a process with threads that starts a thread. */
#if defined(__SANITIZE_THREAD__)
static const char child_options[] = "delta_memory=64KiB,background=no";
#else
static const char child_options[] = "delta_memory=64KiB";
#endif

enum { many = 20000 }; /* more than that memory holds, so that the merger's thread runs */

static void use_handles(const handles* of_parent) {
  stave_error error;
  stave_disk_index* index;
  char process[32];
  check_disk_index(of_parent->index, STAVE_FORKED);
  check_calls(&disk_index_of_cursor, of_parent->cursor, STAVE_FORKED);
  CHECK_STATUS(STAVE_FORKED, stave_disk_index_close(of_parent->index, NULL));
  CHECK_STATUS(STAVE_FORKED, stave_disk_index_cursor_close(of_parent->cursor, NULL));
  snprintf(process, sizeof process, "process %ld", (long)getppid());
  CHECK_STATUS(STAVE_LOCKED, stave_disk_index_open(of_parent->path, NULL, &index, &error));
  CHECK_ERROR(&error, STAVE_LOCKED, process);
  /* One of its own works, and has a background thread of its own. */
  char own[300];
  snprintf(own, sizeof own, "%s-of-child", of_parent->path);
  index = open_disk_index(own, child_options);
  for (uint64_t i = 0; i < many; i++) put_record(index, i, i);
  for (uint64_t i = 0; i < many; i++) check_record(index, i, i);
  close_disk_index(index);
}

static void free_handles(const handles* of_parent) {
  stave_disk_index_free(of_parent->index);
  stave_disk_index_cursor_free(of_parent->cursor);
  CHECK(stave_live_handles() == 0);
}

static void forked(void) {
  char* path = fresh_path();
  handles mine = {path, open_disk_index(path, "delta_memory=64KiB"), NULL};
  for (uint64_t i = 0; i < many; i++) put_record(mine.index, i, i);
  CHECK_STATUS(STAVE_OK, stave_disk_index_cursor_open(mine.index, &mine.cursor, NULL));
  in_child(use_handles, &mine);
  in_child(free_handles, &mine);
  in_child(use_handles, &mine);
  check_disk_index(mine.index, STAVE_OK);
  check_calls(&disk_index_of_cursor, mine.cursor, STAVE_OK);
  for (uint64_t i = 0; i < many; i++) check_record(mine.index, i, i);
  stave_disk_index_cursor_free(mine.cursor);
  close_disk_index(mine.index);
  free(path);
}

int main(void) {
  closed_handles();
  free_orders();
  cursor_beside_writes();
  forked();
  CHECK(stave_live_handles() == 0);
  return 0;
}
