/* Status codes and error detail of the Stave C interface.
 *
 * Every function that can fail returns a stave_status and takes, as its last parameter, a
 * `stave_error *error` which the caller owns and may pass as NULL. Detail travels with the call;
 * nothing is kept per thread.
 *
 *   STAVE_OK (0)      the call did what it says.
 *   positive          an expected outcome (no such key, ...). Cheap: no message is made.
 *   negative          an error. When `error` is not NULL it is filled.
 *
 * The numbers are pinned: they never change meaning, new ones are added in the gaps.
 */
#ifndef STAVE_ERRORS_H
#define STAVE_ERRORS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define STAVE_API __attribute__((visibility("default")))
#else
#define STAVE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t stave_status;

enum {
  STAVE_OK = 0,

  /* Expected outcomes. */
  STAVE_NOT_FOUND = 1, /* the key, or at open the store, does not exist */
  STAVE_EXISTS = 2,    /* the key, or at open the store, exists already */
  STAVE_MISMATCH = 3,  /* a condition of a batch does not hold; nothing was written */
  STAVE_CONFLICT = 4,  /* another transaction changed the same data first */
  STAVE_DONE = 5,      /* a cursor has returned everything */

  /* The caller's doing. */
  STAVE_INVALID_ARGUMENT = -1, /* NULL where it is not allowed, a wrong handle, a bad option */
  STAVE_TOO_LARGE = -2,        /* a limit is exceeded; nothing was written */
  STAVE_BUFFER_TOO_SMALL = -3, /* the needed size was returned */
  STAVE_CLOSED = -4,           /* the handle, or its parent, has been closed */
  STAVE_BUSY = -5,             /* called from inside a callback that may not call this */
  STAVE_READ_ONLY = -6,        /* the handle was opened for reading only */
  STAVE_SHARD_MISMATCH = -7,   /* the key belongs to another shard */
  STAVE_FORKED = -8,           /* the handle was opened by the parent process */

  /* The machine's doing. */
  STAVE_NO_MEMORY = -20,
  STAVE_IO = -21,                /* see os_errno; after a failed sync the handle refuses writes */
  STAVE_NO_SPACE = -22,          /* the device or quota is full; reads go on */
  STAVE_LOCKED = -23,            /* another process or handle holds the directory */
  STAVE_PERMISSION_DENIED = -24, /* the operating system denies access */

  /* What lies in the files. */
  STAVE_CORRUPTION = -40,          /* damaged bytes; the message names the file and the offset */
  STAVE_UNSUPPORTED_VERSION = -41, /* a format, codec or flag that this build cannot read */
  STAVE_TOO_OLD = -42,             /* the requested history is no longer kept */
  STAVE_WRONG_FAMILY = -43,        /* the directory belongs to another kind of store */

  /* What a callback of the caller answered. */
  STAVE_HOOK_FAILED = -60, /* a hook failed; the change is committed all the same */
  STAVE_CANCELLED = -61,   /* a progress callback asked to stop */

  STAVE_INTERNAL = -80 /* a bug in Stave: please report the message */
};

#define STAVE_ERROR_MESSAGE_SIZE 504

/* Filled by a call that fails (negative status, or a positive one where the function says so);
 * left untouched by a call that succeeds. May live on the stack; needs no initialization. */
typedef struct stave_error {
  stave_status status; /* the same number that the call returned */
  int32_t os_errno;    /* errno of the system call that failed, or 0 */
  /* UTF-8, NUL-terminated, cut to fit: what failed, in which file, at which offset, what to do. */
  char message[STAVE_ERROR_MESSAGE_SIZE];
} stave_error;

/* The name of a code in lower case without prefix, "not_found". "unknown" for other numbers.
 * Never NULL; the text is static. */
STAVE_API const char *stave_status_name(stave_status status);

/* One sentence for people. Never NULL; the text is static. */
STAVE_API const char *stave_status_message(stave_status status);

#ifdef __cplusplus
}
#endif

#endif /* STAVE_ERRORS_H */
