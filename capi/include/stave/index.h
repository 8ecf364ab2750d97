/* index: a concurrent hash index in memory.
 *
 * Bytes -> a 64-bit number: a file offset, a location, an id. Nothing is written to disk.
 *
 *   stave_index *index;
 *   uint64_t value;
 *   if (stave_index_create(NULL, NULL, &index, &error) != STAVE_OK) ...
 *   stave_index_put(index, "key", 3, 42, NULL, NULL, &error);
 *   if (stave_index_get(index, "key", 3, &value, &error) == STAVE_OK) ...
 *   stave_index_free(index);
 *
 * Keys
 *   An `owned` index (the default) keeps the bytes of its keys. A `resolved` one keeps none: the
 *   caller has them already, in the records that the values lead to, and answers through a resolver
 *   whether the record at a value has a given key. That saves the memory of the keys.
 *   Owned keys of up to 8 bytes are in the index's entries, of 16 bytes; longer ones behind them, which
 *   is a second wait for memory and takes some 30 bytes and more. For keys of 9 to 16 bytes there is
 *   `owned16`, with entries of 24 bytes that have them inside.
 *
 * Exactness
 *   A lookup returns the value of that very key, also when many keys have the same hash. A key has
 *   one entry, whatever threads do at the same time.
 *
 * Threads
 *   Any number of threads may read and write at the same time. Readers take no lock and never wait
 *   for writers; writers wait for each other only where their keys share a bucket. All calls on one
 *   key happen in one order, each between its begin and its end. Growth is spread over the writes: no
 *   call splits more than two buckets, apart from reserve.
 *
 * Limits
 *   key 0 to 65,535 bytes; values below 2^value_bits. Beyond: writes are STAVE_TOO_LARGE and change
 *   nothing; a key that is too large is not found.
 *
 * Errors of every function that takes an index
 *   INVALID_ARGUMENT (NULL or foreign handle, NULL with a size), CLOSED, FORKED, BUSY (from inside
 *   the resolver, see there), NO_MEMORY (nothing is changed), and of every function that takes a key
 *   what the resolver answers (nothing is changed). They are not repeated below; the functions of
 *   cursors have them too.
 */
#ifndef STAVE_INDEX_H
#define STAVE_INDEX_H

#include <stave/errors.h>
#include <stave/stave.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Creating ------------------------------------------------------------------------------ */

typedef struct stave_index stave_index;

enum {
  STAVE_KEYS_OWNED = 1,    /* the index keeps the bytes of its keys; up to 8 of them in the entry */
  STAVE_KEYS_RESOLVED = 2, /* a resolver knows the keys */
  STAVE_KEYS_OWNED16 = 3   /* as owned, with up to 16 of them in the entry */
};

/* Also settable as text, "name=value", with the member's name. */
typedef struct stave_index_options {
  uint32_t struct_size;
  uint32_t key_mode;   /* owned, owned16 or resolved; default owned */
  uint32_t value_bits; /* 44: values below 2^44, in less memory when resolved; default 64 */
  uint32_t shards;     /* parts that grow by themselves, a power of two from 1 to 256; default 0: by
                          capacity */
  uint64_t capacity;   /* entries that fit before the first growth; default 0 */
  uint64_t seed;       /* of the hash; default 0: a random one, so that nobody can prepare keys that
                          collide */
} stave_index_options;

/* Fills in struct_size and the defaults. NULL is ignored. Since 0.1. */
STAVE_API void stave_index_options_init(stave_index_options *options);

/* Sets members from text: "key_mode=resolved value_bits=44", as stave_store_options_set. Since
 * 0.1. */
STAVE_API stave_status stave_index_options_set(stave_index_options *options, const char *text,
                                               stave_error *error);

/* All options with type, default and meaning, one a line, as UTF-8 text for people. Since 0.1. */
STAVE_API stave_status stave_index_options_describe(stave_buffer *text, stave_error *error);

/* Knows the keys of a resolved index. The record at a value must be there before the value is given to
 * a write. Once another thread has removed or replaced the value, calls that began before may still
 * ask about it: answer NOT_FOUND when the record is gone, and let no other key's record take its place
 * as long as such calls run.
 *
 * A negative answer is an error (STAVE_IO, ...; numbers of its own are allowed). Positive ones that
 * are not listed, and exceptions, are INTERNAL.
 *
 * The functions run on the calling threads, several at the same time, once or more for a call, and
 * while no entry is locked. From inside them the functions of the same index that only read are
 * allowed; those that change it, its cursors and stave_index_close are BUSY. They should be short:
 * while one waits, memory that is no longer needed is not given back, by anything of Stave in the whole
 * process. `hash` may run while the index grows, which one thread at a time does: it must not wait for a
 * thread that calls stave_index_reserve or stave_index_shrink_to_fit of the same index. */
typedef struct stave_index_resolver {
  uint32_t struct_size;
  uint32_t reserved; /* zero */
  /* Is the record at `value` that of this key? STAVE_OK: yes. STAVE_MISMATCH: it has another key.
   * STAVE_NOT_FOUND: there is no record any more; the entry counts as absent and may be replaced. An
   * error travels out of the call, which changes nothing. */
  stave_status (*compare)(void *context, uint64_t value, const void *key, size_t key_size);
  /* Sets *hash to the hash of the record's key: what stave_index_hash says, or what was passed to
   * the _hashed call that put it. Asked when an index of 44-bit values has grown by a factor of
   * 2^19; with 64 it may be NULL. STAVE_OK, or STAVE_NOT_FOUND: there is no record any more. After an
   * error the index grows later. */
  stave_status (*hash)(void *context, uint64_t value, uint64_t *hash);
  /* Called once, when nothing uses the context any more. May be NULL. */
  void (*destroy)(void *context);
  void *context;
  /* Begins to load the record at `value` into the processor's caches, and returns at once:
   * stave_index_multi_get and stave_index_multi_put call it for up to 32 keys before they compare the
   * first, so that records far from each other are waited for together. It may be called for a record
   * that is gone, so it asks for memory and does not read it. May be NULL: nothing is asked for. */
  void (*prefetch)(void *context, uint64_t value);
} stave_index_resolver;

/* Fills in struct_size, the rest with zeros. NULL is ignored. Since 0.1. */
STAVE_API void stave_index_resolver_init(stave_index_resolver *resolver);

/* Makes an empty index. `options` may be NULL: the defaults. `resolver` is copied; it must be NULL
 * for owned keys (of both kinds) and must be there for resolved ones. The context belongs to
 * the index if the status is OK, which calls `destroy` at the end of stave_index_close (in the thread
 * that closes); otherwise it stays the caller's and `destroy` is not called. O(capacity).
 *   INVALID_ARGUMENT   an option is out of range, or the resolver does not fit the key mode
 * Since 0.1. */
STAVE_API stave_status stave_index_create(const stave_index_options *options,
                                          const stave_index_resolver *resolver, stave_index **index,
                                          stave_error *error);

/* The options in force: shards and seed as they were chosen, capacity as it was asked for.
 * options->struct_size says how much may be written (call stave_index_options_init first). Since
 * 0.1. */
STAVE_API stave_status stave_index_options_get(stave_index *index, stave_index_options *options,
                                               stave_error *error);

/* Waits for running calls and gives the entries' memory back. A second close is STAVE_OK. BUSY from
 * inside the resolver of this index. O(bytes). Since 0.1. */
STAVE_API stave_status stave_index_close(stave_index *index, stave_error *error);

/* Closes if need be and gives the memory back. Does nothing from inside the resolver of this index.
 * Cursors stay valid (they answer CLOSED). Since 0.1. */
STAVE_API void stave_index_free(stave_index *index);

/* ---- One key ------------------------------------------------------------------------------- */

/* Results that are pointers may be NULL where the caller does not want them, apart from the value of
 * a get, and are 0 when there is nothing to say. They are written last, and so may lie where the key
 * is. O(key_size), and O(1) in the number of entries. */

/* Stores the value, whether or not the key exists. *existed is 1 if it did, and *previous the value
 * that was replaced. Since 0.1. */
STAVE_API stave_status stave_index_put(stave_index *index, const void *key, size_t key_size,
                                       uint64_t value, uint64_t *previous, uint8_t *existed,
                                       stave_error *error);

/* Stores the value if the key is absent, else EXISTS and *existing is the value that is there. Since
 * 0.1. */
STAVE_API stave_status stave_index_insert(stave_index *index, const void *key, size_t key_size,
                                          uint64_t value, uint64_t *existing, stave_error *error);

/* Stores `desired` if the key's value is `expected`. MISMATCH if it is another one, which *actual
 * receives; NOT_FOUND if the key is absent. Since 0.1. */
STAVE_API stave_status stave_index_compare_and_swap(stave_index *index, const void *key,
                                                    size_t key_size, uint64_t expected,
                                                    uint64_t desired, uint64_t *actual,
                                                    stave_error *error);

/* The key's value, or NOT_FOUND. Since 0.1. */
STAVE_API stave_status stave_index_get(stave_index *index, const void *key, size_t key_size,
                                       uint64_t *value, stave_error *error);

/* STAVE_OK when the key exists, else NOT_FOUND. Since 0.1. */
STAVE_API stave_status stave_index_contains(stave_index *index, const void *key, size_t key_size,
                                            stave_error *error);

/* Removes the key; NOT_FOUND if it is absent. *previous is the value that it had. Its space is used
 * again by the next writes. Since 0.1. */
STAVE_API stave_status stave_index_remove(stave_index *index, const void *key, size_t key_size,
                                          uint64_t *previous, stave_error *error);

/* Removes the key if its value is `expected`. MISMATCH if it is another one, which *actual receives;
 * NOT_FOUND if the key is absent. Since 0.1. */
STAVE_API stave_status stave_index_remove_if(stave_index *index, const void *key, size_t key_size,
                                             uint64_t expected, uint64_t *actual,
                                             stave_error *error);

/* ---- One key whose hash is known ----------------------------------------------------------- */

/* The hash that the calls above give to these bytes in this index: XXH3-64 with the index's seed.
 * NOT_FOUND never; any size. Since 0.1. */
STAVE_API stave_status stave_index_hash(stave_index *index, const void *key, size_t key_size,
                                        uint64_t *hash, stave_error *error);

/* The same operations with a hash from the caller, who has it already or has a better one. Any
 * number will do, and the more bits of it differ between keys the better; a key must always come
 * with the same one. With what stave_index_hash says they can be mixed with the calls above. Since
 * 0.1. */
STAVE_API stave_status stave_index_put_hashed(stave_index *index, const void *key, size_t key_size,
                                              uint64_t hash, uint64_t value, uint64_t *previous,
                                              uint8_t *existed, stave_error *error);
STAVE_API stave_status stave_index_insert_hashed(stave_index *index, const void *key,
                                                 size_t key_size, uint64_t hash, uint64_t value,
                                                 uint64_t *existing, stave_error *error);
STAVE_API stave_status stave_index_compare_and_swap_hashed(stave_index *index, const void *key,
                                                           size_t key_size, uint64_t hash,
                                                           uint64_t expected, uint64_t desired,
                                                           uint64_t *actual, stave_error *error);
STAVE_API stave_status stave_index_get_hashed(stave_index *index, const void *key, size_t key_size,
                                              uint64_t hash, uint64_t *value, stave_error *error);
STAVE_API stave_status stave_index_contains_hashed(stave_index *index, const void *key,
                                                   size_t key_size, uint64_t hash,
                                                   stave_error *error);
STAVE_API stave_status stave_index_remove_hashed(stave_index *index, const void *key,
                                                 size_t key_size, uint64_t hash, uint64_t *previous,
                                                 stave_error *error);
STAVE_API stave_status stave_index_remove_if_hashed(stave_index *index, const void *key,
                                                    size_t key_size, uint64_t hash,
                                                    uint64_t expected, uint64_t *actual,
                                                    stave_error *error);

/* ---- Many keys in one call ----------------------------------------------------------------- */

/* `keys` holds `count` keys one behind the other, key_sizes their sizes. The table's memory is
 * fetched for several keys at a time, so many keys cost much less than one by one. Each key is one
 * operation: those of multi_put take place in the order given, those of multi_get in any; the whole is
 * not atomic. What is written (values, found, previous, existed) must not overlap another array. */

/* values[i] is the value and found[i] is 1, or both are 0 where the key is absent. A failure of one
 * key is the call's; values and found are unspecified then. Since 0.1. */
STAVE_API stave_status stave_index_multi_get(stave_index *index, const void *keys,
                                             const uint32_t *key_sizes, size_t count,
                                             uint64_t *values, uint8_t *found, stave_error *error);

/* Stores values[i] under the i-th key. previous[i] and existed[i] (each array may be NULL) say what
 * was there, as stave_index_put does. A failure of one key ends the call: *done (may be NULL) is the
 * number of keys before it, which have been stored; on success it is `count`. Since 0.1. */
STAVE_API stave_status stave_index_multi_put(stave_index *index, const void *keys,
                                             const uint32_t *key_sizes, size_t count,
                                             const uint64_t *values, uint64_t *previous,
                                             uint8_t *existed, size_t *done, stave_error *error);

/* ---- The whole ----------------------------------------------------------------------------- */

/* The number of entries: exact when no write is running. O(shards). Since 0.1. */
STAVE_API stave_status stave_index_size(stave_index *index, uint64_t *size, stave_error *error);

/* *is_empty is 1 when there is no entry. O(shards). Since 0.1. */
STAVE_API stave_status stave_index_is_empty(stave_index *index, uint8_t *is_empty,
                                            stave_error *error);

/* The number of entries that the present buckets are made for; beyond it they grow. O(shards). Since
 * 0.1. */
STAVE_API stave_status stave_index_capacity(stave_index *index, uint64_t *capacity,
                                            stave_error *error);

/* Removes all entries at one point in time: no other call sees some of them gone and others not.
 * (Calls with many keys, and cursors, are many operations: what comes first of them may be before that
 * moment.) Since 0.1. */
STAVE_API stave_status stave_index_clear(stave_index *index, stave_error *error);

/* Makes room for `capacity` entries in all, so that writes need not grow the index before there are as
 * many (a few, where more keys than others fall into one shard). Other calls go on meanwhile. TOO_LARGE
 * beyond 2^36, and what the resolver answers when it is asked for hashes. After an error of the resolver
 * and after NO_MEMORY the entries are as they were, and the room that was made so far stays.
 * O(capacity). Since 0.1. */
STAVE_API stave_status stave_index_reserve(stave_index *index, uint64_t capacity,
                                           stave_error *error);

/* Gives back the memory that the present entries do not need, shard by shard. Reads go on meanwhile;
 * writes wait while the shard of their key is built anew. O(capacity). Since 0.1. */
STAVE_API stave_status stave_index_shrink_to_fit(stave_index *index, stave_error *error);

/* The load is entries / slots, the average probe probe_sum / probe_samples. */
typedef struct stave_index_stats {
  uint32_t struct_size;
  uint32_t shards;
  uint64_t entries;
  uint64_t capacity;  /* as stave_index_capacity */
  uint64_t bytes;     /* all memory of it, keys included */
  uint64_t key_bytes; /* of these, what holds the bytes of longer keys, free space included */
  uint64_t buckets;
  uint64_t slots;          /* entries that fit into the buckets */
  uint64_t overflow_nodes; /* where entries are whose bucket is full */
  uint64_t splits;         /* of buckets, since the index was created or cleared: its growth */
  uint64_t splits_max;     /* by any one write: never more than 2 */
  uint64_t probe_samples;  /* buckets that the next two look at, some of each shard */
  uint64_t probe_sum;      /* groups of slots that a lookup in these buckets reads, in all */
  uint64_t probe_max;      /* groups of slots that a lookup in any one of them reads at most */
} stave_index_stats;

/* Fills in struct_size, the rest with zeros. NULL is ignored. Since 0.1. */
STAVE_API void stave_index_stats_init(stave_index_stats *stats);

/* stats->struct_size says how much may be written. Beside writes the numbers are close, but not all
 * of one moment. O(shards). Since 0.1. */
STAVE_API stave_status stave_index_stats_get(stave_index *index, stave_index_stats *stats,
                                             stave_error *error);

typedef struct stave_index_shard_stats {
  uint32_t struct_size;
  uint32_t reserved; /* zero */
  uint64_t entries;
  uint64_t buckets;
  uint64_t bytes;
} stave_index_shard_stats;

/* As stave_index_stats_init and stave_index_stats_get, of one shard, numbered from 0; NOT_FOUND when
 * there is none of that number. Since 0.1. */
STAVE_API void stave_index_shard_stats_init(stave_index_shard_stats *stats);
STAVE_API stave_status stave_index_shard_stats_get(stave_index *index, uint32_t shard,
                                                   stave_index_shard_stats *stats,
                                                   stave_error *error);

/* Puts all values, in no particular order, into `values` as an array of uint64_t; *count is their
 * number. What a cursor promises about entries that come and go holds here. O(capacity). Since
 * 0.1. */
STAVE_API stave_status stave_index_collect_values(stave_index *index, stave_buffer *values,
                                                  uint64_t *count, stave_error *error);

/* ---- Cursors ------------------------------------------------------------------------------- */

/* Visits the entries in no particular order. One thread at a time; any number of cursors beside any
 * traffic. An entry that is there during the cursor's whole life is visited exactly once, whatever
 * grows meanwhile; one that is put or removed meanwhile may or may not be, with the value of some
 * moment in between. */
typedef struct stave_index_cursor stave_index_cursor;

/* The cursor stands before the first entry. Since 0.1, as are all of these. */
STAVE_API stave_status stave_index_cursor_open(stave_index *index, stave_index_cursor **cursor,
                                               stave_error *error);
/* Moves to the next entry: DONE when there is none, then and ever after. */
STAVE_API stave_status stave_index_cursor_next(stave_index_cursor *cursor, stave_error *error);
/* The entry the cursor stands on. INVALID_ARGUMENT when it stands on none: before the first, after
 * the last, after an error. */
STAVE_API stave_status stave_index_cursor_value(stave_index_cursor *cursor, uint64_t *value,
                                                stave_error *error);
/* The same for its key. The bytes are the cursor's and valid until it is moved, closed or freed, also
 * when the index is closed meanwhile; *data is never NULL. INVALID_ARGUMENT in a resolved index, too,
 * which has no keys. */
STAVE_API stave_status stave_index_cursor_key(stave_index_cursor *cursor, const void **data,
                                              size_t *size, stave_error *error);
/* Moves over up to `count_max` entries and returns them in one crossing: *count values, and, if
 * `keys` and key_sizes are not NULL, their keys one behind the other (INVALID_ARGUMENT in a resolved
 * index). Stops early once `keys` holds bytes_max bytes or more, so with any bytes_max one entry
 * comes at least. DONE when there is none left; with DONE or an error *count is 0. The cursor stands
 * on no entry afterwards. */
STAVE_API stave_status stave_index_cursor_next_many(stave_index_cursor *cursor, size_t count_max,
                                                    uint64_t *values, size_t bytes_max,
                                                    stave_buffer *keys, uint32_t *key_sizes,
                                                    size_t *count, stave_error *error);
/* As stave_index_close and stave_index_free; but inside the resolver of the index free is allowed,
 * apart from the cursor whose call has run the resolver: to that it does nothing. */
STAVE_API stave_status stave_index_cursor_close(stave_index_cursor *cursor, stave_error *error);
STAVE_API void stave_index_cursor_free(stave_index_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif /* STAVE_INDEX_H */
