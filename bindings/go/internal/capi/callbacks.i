/* The callbacks: each is a C function here that calls an exported Go function, and gets the Go side through its
 * context. */

%{
/* Exported by progress.go. */
extern stave_status stave_go_progress(uintptr_t context, uint64_t done, uint64_t total);

static stave_status report_progress(void *context, uint64_t done, uint64_t total) {
  return stave_go_progress((uintptr_t)context, done, total);
}

/* Exported by edit.go. */
extern stave_status stave_go_edit(uintptr_t context, void *value);

static stave_status run_edit(void *context, stave_buffer *value) {
  return stave_go_edit((uintptr_t)context, value);
}

/* Exported by source.go. */
extern stave_status stave_go_source(uintptr_t context, void *keys, void *records, size_t count_max,
                                    size_t *count);

static stave_status run_source(void *context, void *keys, void *records, size_t count_max,
                               size_t *count) {
  return stave_go_source((uintptr_t)context, keys, records, count_max, count);
}

/* Exported by reader.go. */
extern stave_status stave_go_reader(uintptr_t context, void *value, size_t size);

static stave_status run_reader(void *context, const void *value, size_t size) {
  return stave_go_reader((uintptr_t)context, (void *)value, size);
}

/* Exported by hook.go. Answers 0, or anything else with an error at the last address. */
extern stave_status stave_go_hook(uintptr_t hook, void *change, uintptr_t *raised);

static stave_status run_hook(void *context, const stave_change *change) {
  return stave_go_hook((uintptr_t)context, (void *)change, &raised);
}

/* Exported by migration.go. */
extern stave_status stave_go_migration(uintptr_t context, void *key, size_t key_size, void *value,
                                       uint32_t *action);
extern stave_status stave_go_migrated(uintptr_t context, uint64_t done, uint64_t total, void *token,
                                      size_t token_size);

static stave_status run_migration(void *context, const void *key, size_t key_size,
                                  stave_buffer *value, uint32_t *action) {
  return stave_go_migration((uintptr_t)context, (void *)key, key_size, value, action);
}

static stave_status report_migrated(void *context, uint64_t done, uint64_t total,
                                    const void *token, size_t token_size) {
  return stave_go_migrated((uintptr_t)context, done, total, (void *)token, token_size);
}

/* Exported by atomic.go. */
extern stave_status stave_go_atomic(uintptr_t context, uintptr_t atomic);

/* The callbacks of stave_store_atomic that run in this thread, the innermost first. A goroutine that
 * runs in a callback stays on its thread, so what is not here belongs to another goroutine, or has
 * ended. */
struct inside {
  const stave_atomic *atomic;
  const struct inside *outer;
};
static _Thread_local const struct inside *innermost;

static stave_status run_atomic(void *context, stave_atomic *atomic) {
  const struct inside here = {atomic, innermost};
  innermost = &here;
  const stave_status answer = stave_go_atomic((uintptr_t)context, (uintptr_t)atomic);
  innermost = here.outer;
  return answer;
}

static bool is_inside(const stave_atomic *atomic) {
  for (const struct inside *here = innermost; here != NULL; here = here->outer)
    if (here->atomic == atomic) return true;
  return false;
}

/* Exported by resolver.go. Each answers 0 or a positive status, or an error that it puts at the last
 * address. */
extern stave_status stave_go_compare(uintptr_t resolver, uint64_t value, void *key, size_t key_size,
                                     uintptr_t *raised);
extern stave_status stave_go_hash(uintptr_t resolver, uint64_t value, uint64_t *hash,
                                  uintptr_t *raised);

static stave_status resolve_compare(void *context, uint64_t value, const void *key,
                                    size_t key_size) {
  const stave_status answer =
      stave_go_compare((uintptr_t)context, value, (void *)key, key_size, &raised);
  return answer < 0 ? status_raised : answer;
}

static stave_status resolve_hash(void *context, uint64_t value, uint64_t *hash) {
  const stave_status answer = stave_go_hash((uintptr_t)context, value, hash, &raised);
  return answer < 0 ? status_raised : answer;
}
%}

/* ---- How they travel ------------------------------------------------------------------------- */

/* A cgo.Handle; 0 for no callback. */
%typemap(gotype) (stave_progress progress, void *context) "uintptr"
%typemap(in) (stave_progress progress, void *context) %{
  $1 = $input != 0 ? report_progress : NULL;
  $2 = (void *)$input;
%}

%apply (stave_progress progress, void *context) {
    (stave_disk_index_progress progress, void *context) };

/* A cgo.Handle. */
%typemap(gotype) (stave_disk_index_source source, void *context) "uintptr"
%typemap(in) (stave_disk_index_source source, void *context) %{
  $1 = run_source;
  $2 = (void *)$input;
%}

/* A cgo.Handle. */
%define EDIT(NAME)
%typemap(gotype) (stave_edit NAME, void *context) "uintptr"
%typemap(in) (stave_edit NAME, void *context) %{
  $1 = run_edit;
  $2 = (void *)$input;
%}
%enddef
EDIT(edit)
EDIT(make)

/* A cgo.Handle. */
%typemap(gotype) (stave_memtable_reader reader, void *context) "uintptr"
%typemap(in) (stave_memtable_reader reader, void *context) %{
  $1 = run_reader;
  $2 = (void *)$input;
%}

/* A cgo.Handle. */
%typemap(gotype) (stave_atomic_callback callback, void *context) "uintptr"
%typemap(in) (stave_atomic_callback callback, void *context) %{
  $1 = run_atomic;
  $2 = (void *)$input;
%}

/* A cgo.Handle. */
%typemap(gotype) (stave_migration migration, stave_migrate_progress progress, void *context) "uintptr"
%typemap(in) (stave_migration migration, stave_migrate_progress progress, void *context) %{
  $1 = run_migration;
  $2 = report_migrated;
  $3 = (void *)$input;
%}

/* Whoever calls keeps it alive as long as C may call it; see hook.go. */
%typemap(gotype) (stave_hook hook, void *context) "*Hook"
%typemap(imtype) (stave_hook hook, void *context) "uintptr"
%typemap(goin) (stave_hook hook, void *context) %{ $result = uintptr(unsafe.Pointer($input)) %}
%typemap(in) (stave_hook hook, void *context) %{
  $1 = run_hook;
  $2 = (void *)$input;
%}

/* nil for none. Whoever calls keeps it alive as long as the index; see resolver.go. */
%typemap(gotype) uintptr_t resolver "*Resolver"
%typemap(imtype) uintptr_t resolver "uintptr"
%typemap(goin) uintptr_t resolver %{ $result = uintptr(unsafe.Pointer($input)) %}

/* No handle of the library, but treated as one: valid in its callback, see is_inside(). */
HANDLE(Atomic, stave_atomic)
%typemap(in) stave_atomic *atomic %{
  $1 = ($1_ltype)$input;
  if (!is_inside($1)) return outcome_negative - STAVE_CLOSED;
%}
