/* Every function that takes an index or one of its cursors, with arguments that are right
 * otherwise. The close functions are not among them. */
#pragma once

#include "tests/capi/support.h"

/* Those that only read, and those that do not. On an index that owns keys and works, all of them
 * are ok in this order, the writing ones first. */
extern const handle_calls index_writes;
extern const handle_calls index_reads;
extern const handle_calls index_of_cursor;

/* The writes and the reads. */
void check_index(stave_index* index, stave_status expected);

/* Creates an index that must be created; `options` is option text. */
stave_index* create_index(const char* options);
/* Closes without an error, and frees. */
void close_index(stave_index* index);
void put_number(stave_index* index, const char* key, uint64_t value);
/* The value of the key is this number. */
void check_number(stave_index* index, const char* key, uint64_t value);
