/* A program that has nothing but the library's file and its symbols, as scripting languages do: no
 * macro and no inline function of a header is needed. Argument 1: the library. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* library;

static void* symbol(const char* name) {
  void* address = dlsym(library, name);
  if (address == NULL) {
    fprintf(stderr, "no symbol %s\n", name);
    exit(1);
  }
  return address;
}

static void check(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "not so: %s\n", what);
  exit(1);
}

/* ISO C has no cast from an object's address to a function's. */
#define LOAD(function, name)                         \
  do {                                               \
    void* address_ = symbol(name);                   \
    memcpy(&(function), &address_, sizeof address_); \
  } while (0)

int main(int argument_count, char** arguments) {
  check(argument_count == 2, "one argument");
  library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fprintf(stderr, "%s\n", dlerror());
  check(library != NULL, "dlopen");

  uint32_t (*version)(void);
  const char* (*version_text)(void);
  void (*options_init)(void*);
  int32_t (*options_set)(void*, const char*, void*);
  int32_t (*open)(const char*, const void*, void**, void*);
  int32_t (*batch_create)(void**, void*);
  int32_t (*batch_put)(void*, const void*, size_t, const void*, size_t, void*);
  int32_t (*batch_count)(void*, uint64_t*, void*);
  void (*batch_free)(void*);
  uint64_t (*live_handles)(void);
  const char* (*status_name)(int32_t);
  LOAD(version, "stave_version");
  LOAD(version_text, "stave_version_text");
  LOAD(options_init, "stave_store_options_init");
  LOAD(options_set, "stave_store_options_set");
  LOAD(open, "stave_store_open");
  LOAD(batch_create, "stave_batch_create");
  LOAD(batch_put, "stave_batch_put");
  LOAD(batch_count, "stave_batch_count");
  LOAD(batch_free, "stave_batch_free");
  LOAD(live_handles, "stave_live_handles");
  LOAD(status_name, "stave_status_name");

  check(version() > 0, "a version");
  check(strchr(version_text(), '.') != NULL, "a version's text");
  uint64_t options[64] = {0};
  options_init(options);
  char error[512];
  check(options_set(options, "durability=os", error) == 0, "option text");
  check(options_set(options, "durability=never", error) == -1, "wrong option text");
  check(strstr(error + 8, "durability") != NULL, "the message at offset 8 of the error");
  void* store = &store;
  check(open(NULL, options, &store, error) == -1 && store == NULL, "a path that is NULL");
  check(strcmp(status_name(-1), "invalid_argument") == 0, "a status name");

  void* batch;
  uint64_t count = 0;
  check(batch_create(&batch, NULL) == 0, "batch");
  check(batch_put(batch, "k", 1, "v", 1, NULL) == 0, "put");
  check(batch_count(batch, &count, NULL) == 0 && count == 1, "count");
  check(live_handles() == 1, "one handle");
  batch_free(batch);
  check(live_handles() == 0, "no handle");
  /* Which only says that nobody needs it any more: it stays (unload_test.c). */
  check(dlclose(library) == 0, "dlclose");
  return 0;
}
