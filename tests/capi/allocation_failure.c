#include "tests/capi/allocation_failure.h"

static long fail_each(const operation* tried, void (*check)(void)) {
  for (long number = 0;; number++) {
    stave_error error = {0, 0, ""};
    atomic_store(&allocations, 0);
    atomic_store(&failing, number);
    const stave_status status = tried->run(&error);
    atomic_store(&failing, -1);
    const int fired = atomic_load(&allocations) > number;
    if (status != STAVE_OK && (status != STAVE_NO_MEMORY || !fired)) {
      fprintf(stderr, "%s, allocation %ld: %s: %s\n", tried->name, number,
              stave_status_name(status), error.message);
      abort();
    }
    if (status != STAVE_OK) CHECK(error.status == STAVE_NO_MEMORY && error.message[0] != '\0');
    check();
    if (!fired) return number;
  }
}

long fail_each_allocation(const operation* operations, size_t count, void (*check)(void)) {
  long sum = 0;
  for (size_t i = 0; i < count; i++) {
    const long failed = fail_each(&operations[i], check);
    printf("%20s: %ld\n", operations[i].name, failed);
    sum += failed;
  }
  return sum;
}
