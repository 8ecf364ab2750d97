#include "tests/capi/failing_malloc.h"

#include <errno.h>
#include <stdalign.h>
#include <stddef.h>

/* What glibc's own malloc is called beneath its public names. */
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* memory);

atomic_long blocks;
atomic_long allocations;
atomic_long failing = -1;
atomic_int failing_on;

static int allowed(void) {
  const long number = atomic_fetch_add(&allocations, 1);
  const long first = atomic_load(&failing);
  if (first < 0 || number < first || (number > first && !atomic_load(&failing_on))) return 1;
  errno = ENOMEM;
  return 0;
}

static void* counted(void* memory) {
  if (memory != NULL) atomic_fetch_add(&blocks, 1);
  return memory;
}

void* malloc(size_t size) {
  return allowed() ? counted(__libc_malloc(size)) : NULL;
}
void* calloc(size_t count, size_t size) {
  return allowed() ? counted(__libc_calloc(count, size)) : NULL;
}
void* realloc(void* memory, size_t size) {
  if (!allowed()) return NULL;
  void* moved = __libc_realloc(memory, size);
  if (memory == NULL && moved != NULL) atomic_fetch_add(&blocks, 1);
  return moved;
}
void* memalign(size_t alignment, size_t size) {
  return allowed() ? counted(__libc_memalign(alignment, size)) : NULL;
}
void* aligned_alloc(size_t alignment, size_t size) {
  return memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory != NULL ? 0 : ENOMEM;
}
void free(void* memory) {
  if (memory == NULL) return;
  atomic_fetch_sub(&blocks, 1);
  __libc_free(memory);
}
