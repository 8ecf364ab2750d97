/* Every function that takes an index or one of its cursors, with arguments that are right
 * otherwise. The names are for messages. The close functions are not among them. */
#pragma once

#include "tests/capi/support.h"

typedef struct index_call {
  const char* name;
  stave_status (*call)(stave_index* index, stave_error* error);
} index_call;
typedef struct index_cursor_call {
  const char* name;
  stave_status (*call)(stave_index_cursor* cursor, stave_error* error);
} index_cursor_call;

/* Those that only read, and those that do not. On an index that owns keys and works, all of them
 * are ok in this order, the writing ones first. */
extern const index_call index_writes[];
extern const size_t index_write_count;
extern const index_call index_reads[];
extern const size_t index_read_count;
extern const index_cursor_call index_cursor_calls[];
extern const size_t index_cursor_call_count;

/* Each of them answers this, and fills the error with it. */
void check_index_writes(stave_index* index, stave_status expected);
void check_index_reads(stave_index* index, stave_status expected);
void check_index_calls(stave_index* index, stave_status expected);
void check_index_cursor_calls(stave_index_cursor* cursor, stave_status expected);

/* Creates an index that must be created; `options` is option text. */
stave_index* create_index(const char* options);
/* Closes without an error, and frees. */
void close_index(stave_index* index);
void put_number(stave_index* index, const char* key, uint64_t value);
/* The value of the key is this number. */
void check_number(stave_index* index, const char* key, uint64_t value);
