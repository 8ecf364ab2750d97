/* Every function that takes a disk index or one of its cursors, with arguments that are right
 * otherwise. The close functions are not among them. */
#pragma once

#include "tests/capi/support.h"

/* Those that change an index, and those that do not: on one of 8-byte records that can be written,
 * all of them are ok in this order, the writing ones first. On a cursor before two records or more
 * likewise. */
extern const handle_calls disk_index_writes;
extern const handle_calls disk_index_reads;
extern const handle_calls disk_index_of_cursor;

/* The writes and the reads. */
void check_disk_index(stave_disk_index* index, stave_status expected);

enum { disk_index_record_size = 8 };
typedef struct disk_index_key {
  uint64_t low, high;
} disk_index_key;

/* Opens an index of 8-byte records that must open; `options` is more option text. */
stave_disk_index* open_disk_index(const char* path, const char* options);
/* Closes without an error, and frees. */
void close_disk_index(stave_disk_index* index);
void put_record(stave_disk_index* index, uint64_t low, uint64_t record);
/* The key's record is this number. */
void check_record(stave_disk_index* index, uint64_t low, uint64_t record);
