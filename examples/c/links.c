/* A link shortener's table: short codes -> addresses.
 *
 *   links STORE add CODE URL      gives the address a code, unless the code is taken
 *   links STORE open CODE...      prints the address of each code and counts the visit
 *   links STORE list              prints all codes
 *
 * Keys are "link/CODE" for the address and "visits/CODE" for a counter of 8 bytes.
 */
#include <inttypes.h>
#include <stave/stave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE_MAX = 256 };

static stave_error error;

/* Ends the program on an error; expected outcomes (not found, ...) go to the caller. */
static stave_status check(stave_status status) {
  if (status >= 0) return status;
  fprintf(stderr, "links: %s\n", error.message);
  exit(EXIT_FAILURE);
}

static size_t make_key(char key[KEY_SIZE_MAX], const char* kind, const char* code) {
  int size = snprintf(key, KEY_SIZE_MAX, "%s/%s", kind, code);
  if (size > 0 && size < KEY_SIZE_MAX) return (size_t)size;
  fprintf(stderr, "links: the code '%s' is too long\n", code);
  exit(EXIT_FAILURE);
}

static void add(stave_store* store, const char* code, const char* url) {
  char key[KEY_SIZE_MAX];
  size_t key_size = make_key(key, "link", code);
  /* insert, not put: two people who choose the same code at once cannot both get it. It returns
   * when the link would survive a power loss, the default. */
  if (check(stave_store_insert(store, key, key_size, url, strlen(url), NULL, &error)) ==
      STAVE_EXISTS)
    printf("%s is taken\n", code);
  else
    printf("%s -> %s\n", code, url);
}

/* Adds one to the visits of a code. A batch is written only if its conditions still hold, so a
 * visit that another thread counts meanwhile is a mismatch, and we try again: no visit gets lost.
 */
static uint64_t count_visit(stave_store* store, const char* code) {
  char key[KEY_SIZE_MAX];
  size_t key_size = make_key(key, "visits", code);
  /* Losing the last visits in a power loss is acceptable: they need not wait for the disk. */
  stave_write_options relaxed;
  stave_write_options_init(&relaxed);
  relaxed.durability = STAVE_DURABILITY_OS;
  stave_batch* batch;
  check(stave_batch_create(&batch, &error));
  uint64_t visits;
  do {
    uint64_t before = 0;
    size_t size;
    stave_status found =
        check(stave_store_get(store, key, key_size, &before, sizeof before, &size, &error));
    visits = before + 1;
    check(stave_batch_clear(batch, &error));
    check(stave_batch_require(batch, key, key_size,
                              found == STAVE_OK ? STAVE_REQUIRE_EQUAL : STAVE_REQUIRE_ABSENT,
                              &before, found == STAVE_OK ? sizeof before : 0, &error));
    check(stave_batch_put(batch, key, key_size, &visits, sizeof visits, &error));
  } while (check(stave_store_write(store, batch, NULL, NULL, &relaxed, &error)) == STAVE_MISMATCH);
  stave_batch_free(batch);
  return visits;
}

static void open_links(stave_store* store, char** codes, int count) {
  stave_buffer url; /* one buffer for all: it grows when it must and is reused otherwise */
  stave_buffer_init(&url);
  for (int i = 0; i < count; i++) {
    char key[KEY_SIZE_MAX];
    size_t key_size = make_key(key, "link", codes[i]);
    if (check(stave_store_get_buffer(store, key, key_size, &url, &error)) == STAVE_NOT_FOUND)
      printf("%s: no such link\n", codes[i]);
    else
      printf("%.*s (visit %" PRIu64 ")\n", (int)url.size, (const char*)url.data,
             count_visit(store, codes[i]));
  }
  stave_buffer_free(&url);
}

/* A cursor visits every key once, in no particular order; without values it reads none. */
static void list(stave_store* store) {
  stave_store_cursor_options options;
  stave_store_cursor_options_init(&options);
  options.keys_only = 1;
  options.prefix = "link/";
  options.prefix_size = strlen("link/");
  stave_store_cursor* cursor;
  check(stave_store_cursor_open(store, &options, &cursor, &error));
  while (check(stave_store_cursor_next(cursor, &error)) == STAVE_OK) {
    const void* key;
    size_t size;
    check(stave_store_cursor_key(cursor, &key, &size, &error));
    printf("%.*s\n", (int)(size - options.prefix_size), (const char*)key + options.prefix_size);
  }
  stave_store_cursor_free(cursor);
}

int main(int argc, char** argv) {
  stave_store* store;
  if (argc < 3) {
    fprintf(stderr, "usage: links STORE add CODE URL | open CODE... | list\n");
    return 2;
  }
  const char* command = argv[2];
  check(stave_store_open(argv[1], NULL, &store, &error));
  if (strcmp(command, "add") == 0 && argc == 5)
    add(store, argv[3], argv[4]);
  else if (strcmp(command, "open") == 0)
    open_links(store, argv + 3, argc - 3);
  else if (strcmp(command, "list") == 0 && argc == 3)
    list(store);
  else
    fprintf(stderr, "links: no such command\n");
  /* close reports what can still go wrong; free gives the memory back. */
  check(stave_store_close(store, &error));
  stave_store_free(store);
  return EXIT_SUCCESS;
}
