/* cow_map: a map from 64-bit integers to bytes, in memory, that is copied in O(1).
 *
 *   stave_cow_map *map, *copy;
 *   stave_cow_map_create(NULL, &map, &error);
 *   stave_cow_map_put(map, 42, "value", 5, NULL, NULL, &error);
 *   stave_cow_map_clone(map, &copy, &error);
 *   stave_cow_map_remove(map, 42, NULL, &error);
 *   stave_cow_map_get_buffer(copy, 42, &buffer, &error);     -> still "value"
 *   stave_cow_map_free(copy);
 *   stave_cow_map_free(map);
 *
 * Copies
 *   A clone is a map of its own: either side may be written, cloned, closed and freed, at any time
 *   and from any thread, and neither ever sees what is written to the other. Both refer to the same
 *   memory until one of them writes; a write then copies the page of some dozens of entries that it
 *   changes, never the map. An operation that changes nothing copies nothing.
 *
 * Keys and values
 *   Every int64_t is a key. A value has 0 to 2^31-1 bytes. When all values of a map have the same
 *   size, say so in its options: values of up to 8 bytes are then stored beside their keys, without
 *   memory of their own.
 *
 * Threads
 *   A map may be used by any number of threads. Reads (get, contains, size, multi_get) take no lock
 *   and never wait; each shows its key as it was at some moment during the call. Writes to one map,
 *   and taking copies of it (clone, cursors, diffs), wait for each other; a copy shows the map
 *   before or after each write. Different maps, clones included, never wait for each other.
 *
 * Callbacks
 *   run while other writers of the same map wait. They may read the map, which they see as it was
 *   before the call, and use all other maps; writing to the same map, copying and closing it is
 *   BUSY, and stave_cow_map_free does nothing. Two threads that write from callbacks of two maps,
 *   each to the other's map, deadlock: always nest two maps in the same order.
 *
 * Memory
 *   follows the number of entries, up and down. After a map is freed or closed, later calls of the
 *   library free piece by piece what it alone referred to: neither the caller nor a later call waits
 *   for much of it. A write that copies shared nodes, or stores values in memory of their own, frees
 *   twice as many of them. A call that fails with NO_MEMORY has changed no entry.
 *
 * Errors of every function that takes a map
 *   INVALID_ARGUMENT (NULL or foreign handle, NULL with a size), CLOSED, FORKED; of those that write
 *   or copy also BUSY and NO_MEMORY. They are not repeated below.
 */
#ifndef STAVE_COW_MAP_H
#define STAVE_COW_MAP_H

#include <stave/errors.h>
#include <stave/stave.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Making, copying, ending --------------------------------------------------------------- */

typedef struct stave_cow_map stave_cow_map;

enum {
  STAVE_VALUES_VARIABLE = 1, /* each value has a size of its own */
  STAVE_VALUES_FIXED = 2     /* all have value_size bytes; another size is INVALID_ARGUMENT */
};

/* Also settable as text, "values=fixed value_size=8". */
typedef struct stave_cow_map_options {
  uint32_t struct_size;
  uint32_t values;     /* variable or fixed; default variable */
  uint32_t value_size; /* of fixed values, 0 to 2^31-1; default 0. Ignored for variable ones */
  uint8_t reserved[4]; /* zero */
  uint64_t capacity;   /* entries to prepare for, at most 2^32; default 0. A hint: it saves some
                          rearranging while the map fills up, at half a byte an entry or less.
                          shrink_to_fit and clear free what no entry came for */
} stave_cow_map_options;

STAVE_API void stave_cow_map_options_init(stave_cow_map_options *options);
STAVE_API stave_status stave_cow_map_options_set(stave_cow_map_options *options, const char *text,
                                                 stave_error *error);
STAVE_API stave_status stave_cow_map_options_describe(stave_buffer *text, stave_error *error);

/* Makes an empty map. `options` may be NULL: the defaults. O(capacity / 60). */
STAVE_API stave_status stave_cow_map_create(const stave_cow_map_options *options,
                                            stave_cow_map **map, stave_error *error);

/* Makes a copy, which has the same options and is no child of `map`. O(1). */
STAVE_API stave_status stave_cow_map_clone(stave_cow_map *map, stave_cow_map **clone,
                                           stave_error *error);

/* The options that the map was made with. options->struct_size says how much may be written. */
STAVE_API stave_status stave_cow_map_options_get(stave_cow_map *map, stave_cow_map_options *options,
                                                 stave_error *error);

/* Removes all entries and ends the map: it and its cursors return CLOSED from now on; its clones are
 * not affected. A second close is STAVE_OK. BUSY from inside a callback of this map. O(1). */
STAVE_API stave_status stave_cow_map_close(stave_cow_map *map, stave_error *error);

/* Closes the map if it is open, and frees the handle. Pins stay valid. O(1). */
STAVE_API void stave_cow_map_free(stave_cow_map *map);

/* ---- Reading ------------------------------------------------------------------------------- */

/* O(size of the value), and O(1) in the number of entries, as all calls on one key. */

/* Copies the value into `data`, which has room for `capacity` bytes, and sets *size to the value's
 * size. BUFFER_TOO_SMALL when it does not fit: nothing is copied, *size is what is needed (another
 * thread may change it meanwhile). NOT_FOUND and all other failures set *size to 0. `data` may be
 * NULL when `capacity` is 0. */
STAVE_API stave_status stave_cow_map_get(stave_cow_map *map, int64_t key, void *data,
                                         size_t capacity, size_t *size, stave_error *error);

/* Copies the value into the caller's buffer, growing it as needed. NOT_FOUND and all other failures
 * empty it; NO_MEMORY when it cannot grow. */
STAVE_API stave_status stave_cow_map_get_buffer(stave_cow_map *map, int64_t key,
                                                stave_buffer *value, stave_error *error);

/* Returns the value as a pin, which the caller frees. Only values of 8 bytes and less are copied.
 * *pin is NULL unless the status is OK. NO_MEMORY. */
STAVE_API stave_status stave_cow_map_get_pin(stave_cow_map *map, int64_t key, stave_pin **pin,
                                             stave_error *error);

/* STAVE_OK when the key exists, else NOT_FOUND. */
STAVE_API stave_status stave_cow_map_contains(stave_cow_map *map, int64_t key, stave_error *error);

/* The number of entries. O(1). */
STAVE_API stave_status stave_cow_map_size(stave_cow_map *map, uint64_t *size, stave_error *error);

/* *is_empty is 1 when there is no entry, else 0. O(1). */
STAVE_API stave_status stave_cow_map_is_empty(stave_cow_map *map, uint8_t *is_empty,
                                              stave_error *error);

/* Reads `count` keys in one call. `values` receives the values of those that exist, concatenated in
 * the same order; value_sizes[i] is the size, or STAVE_ABSENT. Each key is read atomically; to read
 * all of them as of one moment, read a clone. The memory of several keys is fetched together, so
 * that many keys of a large map cost much less than one by one. */
STAVE_API stave_status stave_cow_map_multi_get(stave_cow_map *map, const int64_t *keys,
                                               size_t count, stave_buffer *values,
                                               uint64_t *value_sizes, stave_error *error);

/* ---- Writing ------------------------------------------------------------------------------- */

/* In all of these: TOO_LARGE for a value of more than 2^31-1 bytes, INVALID_ARGUMENT for one that
 * does not have the size of the map's fixed values. Buffers that receive a value may be NULL; when
 * there is no value for them, and on failure, they are emptied. A failure has changed nothing. */

/* Stores the value, whether or not the key exists. *replaced (may be NULL) is 1 if it did, and
 * `previous` receives the value that was replaced; else 0. */
STAVE_API stave_status stave_cow_map_put(stave_cow_map *map, int64_t key, const void *value,
                                         size_t value_size, uint8_t *replaced,
                                         stave_buffer *previous, stave_error *error);

/* Stores the value if the key is absent, else EXISTS. */
STAVE_API stave_status stave_cow_map_insert(stave_cow_map *map, int64_t key, const void *value,
                                            size_t value_size, stave_error *error);

/* Stores the value if the key exists, else NOT_FOUND. `previous` receives the value that was
 * replaced. */
STAVE_API stave_status stave_cow_map_replace(stave_cow_map *map, int64_t key, const void *value,
                                             size_t value_size, stave_buffer *previous,
                                             stave_error *error);

/* Stores `count` values: `values` holds them one after another, and the i-th one, of value_sizes[i]
 * bytes, is stored under keys[i]. replaced[i] (the array may be NULL) is 1 when that key had a value,
 * else 0. Each is a put of its own, in the order given; reads and writes of other maps go on
 * meanwhile, other writes to this map wait for all. A failure of one ends the call: *done (may be
 * NULL) is the number of values before it, which have been stored; on success it is `count`. The
 * memory of several keys is fetched together, so that many keys of a large map cost much less than
 * one by one. `replaced` must not overlap another array. */
STAVE_API stave_status stave_cow_map_multi_put(stave_cow_map *map, const int64_t *keys,
                                               const void *values, const uint64_t *value_sizes,
                                               size_t count, uint8_t *replaced, size_t *done,
                                               stave_error *error);

/* Removes the key; `removed` receives its value. NOT_FOUND when it is absent. */
STAVE_API stave_status stave_cow_map_remove(stave_cow_map *map, int64_t key, stave_buffer *removed,
                                            stave_error *error);

/* Lets the callback change the value of a key. Other threads see the value before or after, never
 * one between. NOT_FOUND, without a callback, when the key is absent. */
STAVE_API stave_status stave_cow_map_modify(stave_cow_map *map, int64_t key, stave_edit edit,
                                            void *context, stave_error *error);

/* Stores the value if the key is absent: STAVE_OK; else EXISTS. `result` receives the value that the
 * key has now. */
STAVE_API stave_status stave_cow_map_get_or_insert(stave_cow_map *map, int64_t key,
                                                   const void *value, size_t value_size,
                                                   stave_buffer *result, stave_error *error);

/* Like stave_cow_map_get_or_insert, with a value that the callback makes in an empty buffer. The
 * callback runs only when the key is absent. */
STAVE_API stave_status stave_cow_map_get_or_insert_with(stave_cow_map *map, int64_t key,
                                                        stave_edit make, void *context,
                                                        stave_buffer *result, stave_error *error);

/* Lets the callback change the value if the key exists: EXISTS; else stores `value`: STAVE_OK.
 * `result` receives the value that the key has now. */
STAVE_API stave_status stave_cow_map_update_or_insert(stave_cow_map *map, int64_t key,
                                                      stave_edit edit, void *context,
                                                      const void *value, size_t value_size,
                                                      stave_buffer *result, stave_error *error);

/* Removes all entries. O(1). */
STAVE_API stave_status stave_cow_map_clear(stave_cow_map *map, stave_error *error);

/* Frees the memory that is kept for growth, where this map shares it with no other. NO_MEMORY: some
 * of it has been freed. O(entries + capacity / 60). */
STAVE_API stave_status stave_cow_map_shrink_to_fit(stave_cow_map *map, stave_error *error);

typedef struct stave_cow_map_stats {
  uint32_t struct_size;
  uint32_t reserved; /* zero */
  uint64_t entries;
  uint64_t shared_bytes; /* memory from before the map was last copied, or made as a copy: other
                            maps and cursors may refer to it too */
  uint64_t own_bytes;    /* memory that this map alone refers to: all of it when it has no copies */
} stave_cow_map_stats;

STAVE_API void stave_cow_map_stats_init(stave_cow_map_stats *stats);
/* stats->struct_size says how much may be written. O(1). */
STAVE_API stave_status stave_cow_map_stats_get(stave_cow_map *map, stave_cow_map_stats *stats,
                                               stave_error *error);

/* ---- Walking over entries ------------------------------------------------------------------ */

/* A cursor shows the map as it was when the cursor was opened: each entry once, in no particular
 * order, whatever is written meanwhile, clear included. It keeps the memory of that moment until it
 * is closed. One thread at a time; CLOSED once its map is closed or freed. */
typedef struct stave_cow_map_cursor stave_cow_map_cursor;

/* O(1). */
STAVE_API stave_status stave_cow_map_cursor_open(stave_cow_map *map, stave_cow_map_cursor **cursor,
                                                 stave_error *error);
/* Moves to the next entry: DONE when there is none, then and ever after. */
STAVE_API stave_status stave_cow_map_cursor_next(stave_cow_map_cursor *cursor, stave_error *error);
/* The entry the cursor stands on. The bytes belong to the cursor and stay valid until it is moved,
 * closed or freed, also when the map is closed meanwhile; *data is never NULL. INVALID_ARGUMENT when
 * the cursor stands on no entry: before the first and after the last. */
STAVE_API stave_status stave_cow_map_cursor_key(stave_cow_map_cursor *cursor, int64_t *key,
                                                stave_error *error);
STAVE_API stave_status stave_cow_map_cursor_value(stave_cow_map_cursor *cursor, const void **data,
                                                  size_t *size, stave_error *error);
/* Moves over up to `count_max` entries and returns them in one call: *count entries, their keys in
 * `keys`, their values one after another in `values`, and the values' sizes in `sizes`. `keys` may
 * be NULL, and so may `values` together with `sizes`: then only the others are returned. Stops early
 * once `values` holds bytes_max bytes or more, so at least one entry is returned. DONE when there is
 * none left, and *count is 0; NO_MEMORY only when not even one fits, and the cursor has not moved.
 * Elements of `keys` and `sizes` after the first *count may have been overwritten. The cursor stands
 * on no entry afterwards. */
STAVE_API stave_status stave_cow_map_cursor_next_many(stave_cow_map_cursor *cursor,
                                                      size_t count_max, size_t bytes_max,
                                                      int64_t *keys, stave_buffer *values,
                                                      uint64_t *sizes, size_t *count,
                                                      stave_error *error);
/* As stave_cow_map_close and stave_cow_map_free. */
STAVE_API stave_status stave_cow_map_cursor_close(stave_cow_map_cursor *cursor, stave_error *error);
STAVE_API void stave_cow_map_cursor_free(stave_cow_map_cursor *cursor);

/* ---- Comparing ----------------------------------------------------------------------------- */

enum {
  STAVE_CHANGE_ADDED = 1,   /* only the second map has the key */
  STAVE_CHANGE_CHANGED = 2, /* both have it, with different values */
  STAVE_CHANGE_REMOVED = 3  /* only the first map has it */
};

/* The differences from one map to another, as both were when the diff was opened: each key once, in
 * no particular order. One thread at a time; CLOSED once one of the maps is closed or freed. */
typedef struct stave_cow_map_diff stave_cow_map_diff;

/* `before` and `after` may be any two maps. Where one was cloned from the other, or both from a
 * third, the whole walk takes time in proportion to what was written to them since; for others it is
 * O(entries). They may be the same map. */
STAVE_API stave_status stave_cow_map_diff_open(stave_cow_map *before, stave_cow_map *after,
                                               stave_cow_map_diff **diff, stave_error *error);
/* Moves to the next key that differs and says how: *change is one of STAVE_CHANGE_*. DONE when there
 * is none, then and ever after. After NO_MEMORY the call may be repeated. */
STAVE_API stave_status stave_cow_map_diff_next(stave_cow_map_diff *diff, uint32_t *change,
                                               int64_t *key, stave_error *error);
/* The key's values in the two maps, as stave_cow_map_cursor_value. NOT_FOUND where it has none. */
STAVE_API stave_status stave_cow_map_diff_before(stave_cow_map_diff *diff, const void **data,
                                                 size_t *size, stave_error *error);
STAVE_API stave_status stave_cow_map_diff_after(stave_cow_map_diff *diff, const void **data,
                                                size_t *size, stave_error *error);
/* As stave_cow_map_close and stave_cow_map_free. */
STAVE_API stave_status stave_cow_map_diff_close(stave_cow_map_diff *diff, stave_error *error);
STAVE_API void stave_cow_map_diff_free(stave_cow_map_diff *diff);

#ifdef __cplusplus
}
#endif

#endif /* STAVE_COW_MAP_H */
