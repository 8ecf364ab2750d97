/* Conformance testee for C, on the public headers. The protocol: ../../README.md.
 *
 * One line, one call. This is what the verbs share: the line being answered, handles by name, and
 * replies. Each file of verbs ends with its table, which testee.c looks through. */
#pragma once

#include <stave/stave.h>

#include <stdio.h>

enum { WORDS_MAX = 64, RECORDS_MAX = 1024 };

enum kind {
  KIND_NONE,
  KIND_STORE,
  KIND_PIN,
  KIND_BATCH,
  KIND_CURSOR,
  KIND_COW_MAP,
  KIND_COW_MAP_CURSOR,
  KIND_COW_MAP_DIFF,
  KIND_INDEX,
  KIND_INDEX_CURSOR,
  KIND_DISK_INDEX,
  KIND_DISK_INDEX_CURSOR,
  KIND_MEMTABLE,
  KIND_MEMTABLE_TRANSACTION,
  KIND_MEMTABLE_SNAPSHOT,
  KIND_MEMTABLE_CURSOR
};

struct handle {
  char name[32];
  enum kind kind; /* KIND_NONE: the slot is free */
  void* pointer;
};

struct verb {
  enum kind self;  /* what it is called on */
  enum kind makes; /* what it leaves in `made` */
  const char* name;
  void (*run)(void); /* prints the whole reply */
};

/* An argument: bytes if the line has quotes, else a word. Both are followed by a NUL. */
struct word {
  int is_quoted;
  char* data;
  size_t size;
};

/* ---- The line being answered ---------------------------------------------------------------- */

extern struct word words[WORDS_MAX];
extern size_t word_count;    /* of the arguments, which begin at words[0] */
extern struct handle* self;  /* the handle the verb is called on, or NULL */
extern void* made;           /* set by a verb that makes a handle */
extern stave_error error;    /* of the last call that failed */
extern stave_buffer* reused; /* every call that fills a buffer gets this one */

const struct word* argument(size_t position);
const struct word* bytes(size_t position); /* an argument in quotes */
uint64_t number(size_t position);
struct handle* find_handle(const char* name); /* or NULL */

/* The arguments from `first` on that are options, "name=value name=value ". Valid until the next
 * call. */
const char* option_text(size_t first);

/* Every step-th argument from `first` on, one behind the other as the calls with many keys take
 * them. A bare word among the values is a tombstone. `data` is freed by the caller. */
struct flat {
  char* data;
  uint32_t sizes32[WORDS_MAX];
  uint64_t sizes64[WORDS_MAX];
  size_t count;
};
struct flat flatten(size_t first, size_t step);

/* The write options that the last arguments are, durability=... and expires_at=..., which are
 * taken from the arguments; NULL when there are none. */
const stave_write_options* write_options(void);

/* The token that a cursor or a migration has given last. */
extern stave_buffer kept_token;
void keep_token(const void* token, size_t size);

/* What the words "append V" and "set V" do to a value. */
stave_status edit_bytes(const struct word* action, stave_buffer* value);

/* ---- Replies -------------------------------------------------------------------------------- */

/* Tells the runner that the line cannot be mapped to a call, and ends the testee. */
_Noreturn void die(const char* what);

/* Each prints the status line: ok with its result, or what the status says. */
void reply(stave_status status);
void reply_bytes(stave_status status, const void* data, size_t size);
void reply_number(stave_status status, uint64_t number);
/* A member of statistics; a table of them is ended by one without a name. */
struct member {
  const char* name;
  uint64_t value;
};
/* "  name=value" for each member that the arguments from `first` on name. */
void reply_members(stave_status status, const struct member* members, size_t first);
/* Takes the name from the handle that has just been freed. */
void reply_freed(void);

/* Parts of data lines. */
void write_bytes(FILE* to, const void* data, size_t size);
void print_bytes(const void* data, size_t size);
/* A line for each value that a call with many keys has put one behind the other. */
void print_many_values(const char* values, const uint64_t* sizes, size_t count);
void print_record(const void* key, size_t key_size, const void* value, size_t value_size);
/* "  name" for each line "name=..." of the text. */
void print_names(const stave_buffer* text);

/* ---- Tables, each ended by a row without a name --------------------------------------------- */

extern const struct verb general_verbs[];
extern const struct verb store_verbs[];
extern const struct verb store_watch_verbs[];
extern const struct verb batch_verbs[];
extern const struct verb cursor_verbs[];
extern const struct verb cow_map_verbs[];
extern const struct verb index_verbs[];
extern const struct verb index_hashed_verbs[];
extern const struct verb index_range_verbs[];
extern const struct verb index_cursor_verbs[];
extern const struct verb disk_index_verbs[];
extern const struct verb memtable_verbs[];
extern const struct verb memtable_child_verbs[];
