/* Threads that have used Stave and end when it has been closed by dlclose(), and threads of a
 * program that had taken all keys before it opened the library. Arguments: the shared library, and
 * a plugin with the static one inside. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stave/stave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/capi/failing_malloc.h"

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      abort();                                                                \
    }                                                                         \
  } while (0)

/* ISO C has no cast from an object's address to a function's. */
#define LOAD(library, function, name)                \
  do {                                               \
    void* address_ = dlsym(library, name);           \
    CHECK(address_ != NULL);                         \
    memcpy(&(function), &address_, sizeof address_); \
  } while (0)

static const char* library_path;
static const char* plugin_path;

static void* open_library(const char* path) {
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fprintf(stderr, "%s\n", dlerror());
  CHECK(library != NULL);
  return library;
}
static int is_loaded(const char* path) {
  void* const library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
  if (library != NULL) dlclose(library);
  return library != NULL;
}

/* In a process of its own, as nothing of the library was there before. */
static void in_child(const char* name, void (*run)(void)) {
  printf("%s\n", name);
  fflush(stdout);
  const pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    run();
    exit(0);
  }
  int result;
  CHECK(waitpid(process, &result, 0) == process);
  if (WIFSIGNALED(result)) fprintf(stderr, "%s: signal %d\n", name, WTERMSIG(result));
  CHECK(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

/* ---- The library's calls ------------------------------------------------------------------------
 */

static __typeof__(stave_index_create)* index_create;
static __typeof__(stave_index_put)* index_put;
static __typeof__(stave_index_get)* index_get;
static __typeof__(stave_index_free)* index_free;
static __typeof__(stave_cow_map_create)* map_create;
static __typeof__(stave_cow_map_put)* map_insert;
static __typeof__(stave_cow_map_get)* map_get;
static __typeof__(stave_cow_map_free)* map_free;
static stave_index* shared_index;
static stave_cow_map* shared_map;

static void* load(void) {
  void* const library = open_library(library_path);
  LOAD(library, index_create, "stave_index_create");
  LOAD(library, index_put, "stave_index_put");
  LOAD(library, index_get, "stave_index_get");
  LOAD(library, index_free, "stave_index_free");
  LOAD(library, map_create, "stave_cow_map_create");
  LOAD(library, map_insert, "stave_cow_map_put");
  LOAD(library, map_get, "stave_cow_map_get");
  LOAD(library, map_free, "stave_cow_map_free");
  return library;
}
static void make_handles(void) {
  CHECK(index_create(NULL, NULL, &shared_index, NULL) == STAVE_OK);
  CHECK(map_create(NULL, &shared_map, NULL) == STAVE_OK);
}
static void free_handles(void) {
  index_free(shared_index);
  map_free(shared_map);
}
static stave_status call_all(void) {
  uint64_t number = 0;
  char value[8];
  size_t size;
  stave_status status = index_put(shared_index, "key", 3, 7, NULL, NULL, NULL);
  if (status == STAVE_OK) status = index_get(shared_index, "key", 3, &number, NULL);
  CHECK(status != STAVE_OK || number == 7);
  const stave_status inserted = map_insert(shared_map, 1, "value", 5, NULL, NULL, NULL);
  if (inserted == STAVE_OK)
    CHECK(map_get(shared_map, 1, value, sizeof value, &size, NULL) == STAVE_OK && size == 5);
  return status == STAVE_OK ? inserted : status;
}

static void* call_once(void* unused) {
  CHECK(call_all() == STAVE_OK);
  return unused;
}
/* Without memory, from the first call of the thread on. */
static void* call_in_need(void* unused) {
  atomic_store(&allocations, 0);
  atomic_store(&failing, 0);
  const stave_status status = call_all();
  atomic_store(&failing, -1);
  CHECK(status == STAVE_OK || status == STAVE_NO_MEMORY);
  CHECK(atomic_load(&allocations) > 0);
  CHECK(call_all() == STAVE_OK);
  return unused;
}
static void in_threads(int count, void* (*run)(void*)) {
  for (int i = 0; i < count; i++) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
  }
}

/* ---- Keys ---------------------------------------------------------------------------------------
 */

static pthread_key_t keys[4096];

/* Up to `most` more; answers how many there were. */
static int take_keys(int most) {
  int taken = 0;
  while (taken < most && pthread_key_create(&keys[taken], NULL) == 0) taken++;
  CHECK(taken < 4096);
  return taken;
}
static void give_back_keys(int count) {
  for (int i = 0; i < count; i++) CHECK(pthread_key_delete(keys[i]) == 0);
}

static void without_keys(void) {
  const int all = take_keys(4096);
  load();
  make_handles();
  in_threads(300, call_once);
  atomic_store(&failing_on, 1);
  in_threads(20, call_in_need);
  /* As soon as there is one it is the library's. */
  give_back_keys(all);
  in_threads(300, call_once);
  CHECK(take_keys(4096) < all);
  in_threads(300, call_once);
  free_handles();
}
/* A key for which the system needs memory in each thread. */
static void with_a_late_key(void) {
  CHECK(take_keys(40) == 40);
  load();
  make_handles();
  atomic_store(&failing_on, 1);
  in_threads(300, call_in_need);
  free_handles();
}

/* ---- Unloading ----------------------------------------------------------------------------------
 */

static sem_t called, unloaded;
static int (*plugin_run)(void);

static void* outlive_library(void* unused) {
  CHECK(call_all() == STAVE_OK);
  sem_post(&called);
  sem_wait(&unloaded);
  return unused;
}
static void* outlive_plugin(void* unused) {
  CHECK(plugin_run() == 0);
  sem_post(&called);
  sem_wait(&unloaded);
  return unused;
}
/* Closes between the calls of some threads and their ends. */
static void unload_beside(void* library, void* (*run)(void*)) {
  enum { count = 8 };
  pthread_t threads[count];
  for (int i = 0; i < count; i++) CHECK(pthread_create(&threads[i], NULL, run, NULL) == 0);
  for (int i = 0; i < count; i++) sem_wait(&called);
  if (run == outlive_library) free_handles();
  CHECK(dlclose(library) == 0);
  for (int i = 0; i < count; i++) sem_post(&unloaded);
  for (int i = 0; i < count; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

static void library_is_closed(void) {
  void* library = load();
  make_handles();
  unload_beside(library, outlive_library);
  CHECK(is_loaded(library_path));
  /* And it goes on. */
  library = load();
  make_handles();
  in_threads(10, call_once);
  unload_beside(library, outlive_library);
}
static void plugin_is_unloaded(void) {
  const int all = take_keys(4096);
  give_back_keys(all);
  for (int i = 0; i < 3; i++) {
    void* const plugin = open_library(plugin_path);
    LOAD(plugin, plugin_run, "plugin_run");
    unload_beside(plugin, outlive_plugin);
    CHECK(!is_loaded(plugin_path));
    /* Its key went with it. */
    CHECK(take_keys(4096) == all);
    give_back_keys(all);
  }
}

int main(int argument_count, char** arguments) {
  CHECK(argument_count == 3);
  library_path = arguments[1];
  plugin_path = arguments[2];
  CHECK(sem_init(&called, 0, 0) == 0 && sem_init(&unloaded, 0, 0) == 0);
  in_child("without keys", without_keys);
  in_child("with a late key", with_a_late_key);
  in_child("the library is closed", library_is_closed);
  in_child("a plugin is unloaded", plugin_is_unloaded);
  return 0;
}
