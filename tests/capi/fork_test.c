/* A child process and the handles of its parent: refused, freed without a trace, and the parent and
 * its files notice nothing. */
#define _POSIX_C_SOURCE 200809L
#include "tests/capi/support.h"

#include <sys/wait.h>
#include <unistd.h>

typedef struct handles {
  const char* path;
  stave_store* store;
  stave_store_cursor* cursor;
  stave_batch* batch;
  stave_pin* pin;
} handles;

/* Runs `child` in a child process, which must end well. */
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

static void use_handles(const handles* of_parent) {
  check_store_calls(of_parent->store, STAVE_FORKED);
  check_calls(&cursor_calls, of_parent->cursor, STAVE_FORKED);
  check_calls(&batch_calls, of_parent->batch, STAVE_FORKED);
  CHECK_STATUS(STAVE_FORKED, stave_store_close(of_parent->store, NULL));
  CHECK_STATUS(STAVE_FORKED, stave_store_cursor_close(of_parent->cursor, NULL));
  CHECK_STATUS(STAVE_FORKED, stave_batch_close(of_parent->batch, NULL));
  /* A pin is memory, which the child has a copy of. */
  CHECK(stave_pin_size(of_parent->pin) == 5);
  CHECK(memcmp(stave_pin_data(of_parent->pin), "value", 5) == 0);
}

static void free_handles(const handles* of_parent) {
  stave_store_free(of_parent->store);
  stave_store_cursor_free(of_parent->cursor);
  stave_batch_free(of_parent->batch);
  stave_pin_free(of_parent->pin);
  CHECK(stave_live_handles() == 0);
  /* A second use shows that they are gone. */
  CHECK_STATUS(STAVE_INVALID_ARGUMENT, stave_store_flush(of_parent->store, NULL));
}

static void open_stores(const handles* of_parent) {
  stave_error error;
  stave_store* store;
  char process[32];
  snprintf(process, sizeof process, "process %ld", (long)getppid());
  CHECK_STATUS(STAVE_LOCKED, stave_store_open(of_parent->path, NULL, &store, &error));
  CHECK_ERROR(&error, STAVE_LOCKED, process);
  /* A store of its own works. */
  char own[300];
  snprintf(own, sizeof own, "%s-of-child", of_parent->path);
  store = open_store(own, "durability=os");
  put_text(store, "k", "v");
  check_store_calls(store, STAVE_OK);
  close_store(store);
  /* And a child of the child may use neither. */
}

static void fork_again(const handles* of_parent) {
  in_child(use_handles, of_parent);
}

int main(void) {
  char* path = fresh_path();
  handles mine = {path, open_store(path, "durability=os"), NULL, NULL, NULL};
  put_text(mine.store, "key", "value");
  CHECK_STATUS(STAVE_OK, stave_store_cursor_open(mine.store, NULL, &mine.cursor, NULL));
  CHECK_STATUS(STAVE_OK, stave_batch_create(&mine.batch, NULL));
  CHECK_STATUS(STAVE_OK, stave_store_get_pin(mine.store, "key", 3, &mine.pin, NULL));

  in_child(use_handles, &mine);
  in_child(fork_again, &mine);
  in_child(free_handles, &mine);
  in_child(open_stores, &mine);

  /* The parent still holds the lock and everything works. */
  CHECK_STATUS(STAVE_OK, stave_store_cursor_next(mine.cursor, NULL));
  check_store_calls(mine.store, STAVE_OK);
  in_child(open_stores, &mine);
  CHECK_STATUS(STAVE_OK, stave_store_verify(mine.store, NULL, NULL, NULL));
  stave_store_cursor_free(mine.cursor);
  stave_batch_free(mine.batch);
  stave_pin_free(mine.pin);
  close_store(mine.store);
  mine.store = open_store(path, "");
  stave_store_stats stats;
  stave_store_stats_init(&stats);
  CHECK_STATUS(STAVE_OK, stave_store_stats_get(mine.store, &stats, NULL));
  CHECK(stats.recovered == 0);
  check_value(mine.store, "key", "value");
  close_store(mine.store);
  free(path);
  return 0;
}
