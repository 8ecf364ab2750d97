/* An index of a script, and the records that its resolver knows. */
#pragma once

#include "tests/conformance/testees/c/protocol.h"

enum { RECORDS_OF_INDEX_MAX = 64 };

/* What a script has said of a value. */
struct record {
  uint64_t value;
  enum { RECORD_KEY, RECORD_GONE, RECORD_FAILS } what;
  char key[256];
  size_t key_size;
  int has_hash;
  uint64_t hash;
  char calls[8]; /* get, put, close, or empty: what the resolver does before it answers */
};

struct scripted_index {
  stave_index* index;
  int is_resolved;
  int was_destroyed; /* the index has called the resolver's destroy */
  char rule[8];      /* of the last put_range */
  struct record records[RECORDS_OF_INDEX_MAX];
  size_t record_count;
};

/* The index of the verb being run. */
stave_index* index_of_self(void);

/* "  WHAT VALUE" before a status that says what is in the way. */
void reply_in_the_way(stave_status status, const char* what, uint64_t value);
/* The value that was replaced, or absent. */
void reply_previous(stave_status status, uint64_t previous, uint8_t existed);

/* A counter as a key: 8 bytes, big-endian. */
void counter_key(uint64_t counter, char key[8]);
/* The hash that a rule gives to a counter: equal, low, high; any other: the index's own. */
uint64_t ruled_hash(stave_index* index, const char* rule, uint64_t counter);

stave_status resolve_compare(void* context, uint64_t value, const void* key, size_t key_size);
stave_status resolve_hash(void* context, uint64_t value, uint64_t* hash);
void resolve_destroy(void* context);
