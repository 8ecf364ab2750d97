/* What the tests of failed allocations share: each operation is run with each of its allocations
 * failing once. */
#pragma once

#include "tests/capi/failing_malloc.h"
#include "tests/capi/support.h"

/* Answers OK, or NO_MEMORY and fills the error. The name is for messages. */
typedef struct operation {
  const char* name;
  stave_status (*run)(stave_error* error);
} operation;

/* Runs each operation with allocation 0, 1, 2, ... failing, until it needs no more, and `check`
 * with memory after each run. Prints how many allocations each operation makes; answers the sum. */
long fail_each_allocation(const operation* operations, size_t count, void (*check)(void));
