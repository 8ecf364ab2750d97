/* Stave: an embedded hash storage engine. This is the umbrella header.
 *
 * Rules that hold for every function of every header
 * ---------------------------------------------------
 * Bytes      are (const void *data, size_t size). (NULL, 0) is the valid empty string of bytes. They
 *            are copied before the call returns. Only paths and names are NUL-terminated (UTF-8).
 * Booleans   are uint8_t, 0 or 1.
 * Handles    are opaque. A function that makes one returns it through its out-parameter, which is
 *            set to NULL unless the status is STAVE_OK.
 * Close      is not free. stave_x_close shuts down: it waits for the calls that are inside the
 *            handle, then reports what went wrong. It may be called from any thread and any number
 *            of times. Every later call on the handle and on its children (cursors, ...) returns
 *            STAVE_CLOSED. stave_x_free closes if that has not been done, and gives the memory back;
 *            it is called once, when no call on the handle is running or will be made. Both accept
 *            NULL. Parents and children may be freed in any order.
 * Threads    A handle may be used by any number of threads at the same time unless its header says
 *            otherwise. A buffer, an options struct and an error belong to one call at a time.
 * Callbacks  run on the calling thread and may not call functions of the handle that runs them, nor
 *            of its children (STAVE_BUSY; stave_x_free of the handle does nothing), unless the
 *            function says otherwise. An exception that leaves one is STAVE_INTERNAL; longjmp out of
 *            one, and cancelling a thread inside a call, are not allowed.
 * fork       A child process may not use handles of its parent; the calls return STAVE_FORKED. It
 *            may free them, which touches neither files nor locks (the memory behind them goes with
 *            the child), read its copies of pins, and open handles of its own. If the parent dies
 *            before a child that has not called exec, the directory stays locked until that ends.
 * dlclose    libstave.so stays loaded: threads that have used it give back what they keep for their
 *            next call when they end. A plugin with the static library inside may be unloaded when
 *            its handles are freed. Threads that have used it may live on (what they keep is lost);
 *            those that have begun to end must have ended.
 * Structs    that cross the boundary begin with `struct_size`. Set them up with their _init
 *            function, which fills in struct_size and the defaults (zeros where none are named), and
 *            ignores NULL. Programs built against an older or a newer header keep working: members
 *            that the program does not know have their defaults, bytes that the library does not
 *            know must be zero; a _get function writes at most struct_size bytes. Reserved bytes must
 *            be zero. Anything else is STAVE_INVALID_ARGUMENT.
 * Options    can be set from text, "name=value name=value", with the members' names:
 *            stave_x_options_set and _describe of all families do what stave_store_options_set and
 *            stave_store_options_describe say.
 * Since      Every function is there since 0.1, where nothing else is said.
 * Arguments  STAVE_INVALID_ARGUMENT names the one that is wrong: NULL for bytes with a size, for a
 *            result, or for a handle; a handle of another kind, or a freed one where that shows.
 */
#ifndef STAVE_STAVE_H
#define STAVE_STAVE_H

#include <stave/errors.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ------------------------------------------------------------------------------- */

#define STAVE_VERSION_MAJOR 0
#define STAVE_VERSION_MINOR 1
#define STAVE_VERSION_PATCH 0

/* The version of the library at run time, major * 1000000 + minor * 1000 + patch; compare it with
 * the three constants above, which are the version at compile time. */
STAVE_API uint32_t stave_version(void);

/* The same as text, "0.1.0". Static. */
STAVE_API const char *stave_version_text(void);

/* ---- Buffers ------------------------------------------------------------------------------- */

/* Bytes that the library writes and the caller owns. Start with all members zero
 * (stave_buffer_init does that), pass it to as many calls as you like: each replaces the content
 * and grows the memory when it must. Release it with stave_buffer_free. On failure the content is
 * unspecified and the buffer still needs its stave_buffer_free. */
typedef struct stave_buffer {
  void *data;      /* the content; NULL when capacity is 0 */
  size_t size;     /* bytes of content */
  size_t capacity; /* bytes of memory behind data */
} stave_buffer;

/* Sets all members to zero. NULL is ignored. */
STAVE_API void stave_buffer_init(stave_buffer *buffer);

/* Gives the memory back and sets all members to zero. NULL is ignored. */
STAVE_API void stave_buffer_free(stave_buffer *buffer);

/* Makes the content `size` bytes: what is there stays as far as it fits, bytes that are added are
 * zero. For callbacks that make a value in a buffer of the library. INVALID_ARGUMENT, NO_MEMORY:
 * nothing has changed. */
STAVE_API stave_status stave_buffer_resize(stave_buffer *buffer, size_t size, stave_error *error);

/* Changes a value. `value` holds a private copy of the present one, or is empty when there is none;
 * the callback may change its bytes, and its size by stave_buffer_resize. When it returns STAVE_OK,
 * the content of the buffer is stored; any other status (STAVE_CANCELLED is meant for this) changes
 * nothing and is returned by the call, positive ones and numbers of its own included, in `error`
 * too. */
typedef stave_status (*stave_edit)(void *context, stave_buffer *value);

/* What functions that read many keys give as the size of an absent key's value. */
#define STAVE_ABSENT UINT64_MAX

/* ---- Pins ---------------------------------------------------------------------------------- */

/* A value that was read without copying it where that is possible. The bytes stay valid and
 * unchanged until stave_pin_free, whatever happens to the key, also after the store is closed or
 * freed. A pin blocks nobody. It may be read by many threads and freed by any one of them. */
typedef struct stave_pin stave_pin;

/* The bytes; never NULL for a pin that is not NULL, even when the size is 0. */
STAVE_API const void *stave_pin_data(const stave_pin *pin);
STAVE_API size_t stave_pin_size(const stave_pin *pin);

/* Ends the pin. NULL is ignored. */
STAVE_API void stave_pin_free(stave_pin *pin);

/* ---- Diagnosis ----------------------------------------------------------------------------- */

/* Handles (stores, transactions, cursors, ...) and pins of this process that have not been freed:
 * what a test looks at to find leaks. */
STAVE_API uint64_t stave_live_handles(void);

#ifdef __cplusplus
}
#endif

#include <stave/cow_map.h>
#include <stave/disk_index.h>
#include <stave/index.h>
#include <stave/memtable.h>
#include <stave/store.h>

#endif /* STAVE_STAVE_H */
