/* Every function that takes a map, one of its cursors or a diff, with arguments that are right
 * otherwise. The close functions are not among them. */
#pragma once

#include <stave/cow_map.h>

#include "tests/capi/support.h"

/* Those that change a map or copy it, and those that read: on a map of variable values all of them
 * are ok in this order, again and again, the writing ones first. On a cursor before two entries or
 * more, and on a diff before a key that both maps have, likewise. */
extern const handle_calls cow_map_writes;
extern const handle_calls cow_map_copies;
extern const handle_calls cow_map_reads;
extern const handle_calls cow_map_of_cursor;
extern const handle_calls cow_map_of_diff;

/* The writes, the copies and the reads. */
void check_cow_map(stave_cow_map* map, stave_status expected);

/* Creates a map that must be created; `options` is option text. */
stave_cow_map* create_cow_map(const char* options);
/* Closes without an error, and frees. */
void close_cow_map(stave_cow_map* map);
void put_entry(stave_cow_map* map, int64_t key, const char* value);
/* The key's value is this text. */
void check_entry(stave_cow_map* map, int64_t key, const char* value);

/* A map with entries, a clone in which all of them have other values, a cursor over the map, and a
 * diff from the map to the clone. */
typedef struct cow_map_family {
  stave_cow_map* map;
  stave_cow_map* clone;
  stave_cow_map_cursor* cursor;
  stave_cow_map_diff* diff;
} cow_map_family;
cow_map_family create_cow_map_family(void);
void free_cow_map_family(cow_map_family* family);
