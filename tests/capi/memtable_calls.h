/* Every function that takes a memtable, a transaction, a snapshot or a cursor, with arguments that
 * are right otherwise. The close functions are not among them. */
#pragma once

#include "tests/capi/support.h"

/* Of any table, of one with managed and of one with explicit timestamps. On a table of the right
 * sort all of them are ok in this order. */
extern const handle_calls memtable_common;
extern const handle_calls memtable_managed;
extern const handle_calls memtable_explicit;
/* On a transaction or a snapshot of a table that holds the key "key", and on a cursor before two
 * records or more, all of them are ok in this order. */
extern const handle_calls memtable_of_transaction;
extern const handle_calls memtable_transaction_ends; /* the first ends it */
extern const handle_calls memtable_of_snapshot;
extern const handle_calls memtable_of_cursor;

/* Every call on every one of them; those that are NULL are left out. */
typedef struct memtable_family {
  stave_memtable* table;
  stave_memtable_transaction* transaction;
  stave_memtable_snapshot* snapshot;
  stave_memtable_cursor* of_transaction;
  stave_memtable_cursor* of_snapshot;
} memtable_family;
/* Of a table that holds two keys. */
memtable_family create_family(void);
void check_family(const memtable_family* family, stave_status expected);

/* Creates a table that must be created; `options` is option text. */
stave_memtable* create_memtable(const char* options);
/* Closes without an error, and frees. */
void close_memtable(stave_memtable* table);
/* In a transaction of its own. */
void put_committed(stave_memtable* table, const char* key, const char* value);
/* What a snapshot of this moment finds is this text; NULL: nothing. */
void check_committed(stave_memtable* table, const char* key, const char* value);
