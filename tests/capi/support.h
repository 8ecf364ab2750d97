/* What the tests of the C interface share. They are C11 and link the shared library, like a program
 * of a user. A failed check ends the program: the first difference is the one to look at. */
#pragma once

#include <stave/stave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                    \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #condition); \
      abort();                                                                              \
    }                                                                                       \
  } while (0)

/* A call answers this status. */
#define CHECK_STATUS(expected, call) check_status(__FILE__, __LINE__, #call, (expected), (call))
void check_status(const char* file, int line, const char* call, stave_status expected,
                  stave_status actual);

/* The error is filled with this status and a message that contains `part`. */
#define CHECK_ERROR(error, expected, part) \
  check_error(__FILE__, __LINE__, (error), (expected), (part))
void check_error(const char* file, int line, const stave_error* error, stave_status expected,
                 const char* part);

/* A path in a directory of this run, where nothing is; the directory goes when the program ends.
 * The caller frees the text. */
char* fresh_path(void);

/* Opens a store that must open; `options` is option text. */
stave_store* open_store(const char* path, const char* options);
/* Closes without an error, and frees. */
void close_store(stave_store* store);

void put_text(stave_store* store, const char* key, const char* value);
/* The value of the key is this text. */
void check_value(stave_store* store, const char* key, const char* value);

/* Functions that take a handle of a kind, with arguments that are right otherwise. `kind` and
 * `name` are for messages. */
typedef struct handle_call {
  const char* name;
  stave_status (*call)(void* handle, stave_error* error);
} handle_call;
typedef struct handle_calls {
  const char* kind;
  const handle_call* calls;
  size_t count;
} handle_calls;

/* Each of them answers this, and fills the error with it. */
void check_calls(const handle_calls* calls, void* handle, stave_status expected);

/* Every function that takes a store, a batch or a cursor of a store. The close functions are not
 * among them. */
extern const handle_calls store_reads;  /* allowed in a callback of the store */
extern const handle_calls store_others; /* first, on a store that works: they leave a key to read */
void check_store_calls(void* store, stave_status expected); /* both */
extern const handle_calls batch_calls;
extern const handle_calls cursor_calls;
