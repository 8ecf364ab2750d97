/* The same of the memtable. */

%{
static stave_status deleted_or(stave_status status, uint8_t deleted) {
  return status == STAVE_NOT_FOUND && deleted ? (stave_status)status_deleted : status;
}

static const stave_memtable_cursor_options *cursor_options(stave_memtable_cursor_options *options,
                                                           const void *prefix, size_t prefix_size,
                                                           uint8_t keys_only, uint8_t tombstones) {
  stave_memtable_cursor_options_init(options);
  options->prefix = prefix;
  options->prefix_size = prefix_size;
  options->keys_only = keys_only;
  options->tombstones = tombstones;
  return options;
}
%}

%inline %{
int64_t stave_go_memtable_transaction_get(stave_memtable_transaction *transaction,
                                          const void *key, size_t key_size, void *data,
                                          size_t capacity) {
  stave_error error;
  error.status = STAVE_OK;
  size_t size = 0;
  const stave_status status = stave_memtable_transaction_get(transaction, key, key_size, data,
                                                             capacity, &size, &error);
  return size_or_outcome(status, size, &error);
}

stave_outcome stave_go_memtable_transaction_get_pin(stave_memtable_transaction *transaction,
                                                    const void *key, size_t key_size,
                                                    stave_go_pinned *pinned, stave_error *error) {
  return fill_pinned(
      stave_memtable_transaction_get_pin(transaction, key, key_size, &pinned->pin, error), pinned);
}

stave_outcome stave_go_memtable_transaction_cursor(stave_memtable_transaction *transaction,
                                                   const void *prefix, size_t prefix_size,
                                                   uint8_t keys_only, uint8_t tombstones,
                                                   stave_memtable_cursor **cursor,
                                                   stave_error *error) {
  stave_memtable_cursor_options options;
  return (stave_outcome)stave_memtable_transaction_cursor(
      transaction, cursor_options(&options, prefix, prefix_size, keys_only, tombstones), cursor,
      error);
}

int64_t stave_go_memtable_snapshot_get(stave_memtable_snapshot *snapshot, const void *key,
                                       size_t key_size, void *data, size_t capacity) {
  stave_error error;
  error.status = STAVE_OK;
  size_t size = 0;
  const stave_status status =
      stave_memtable_snapshot_get(snapshot, key, key_size, data, capacity, &size, &error);
  return size_or_outcome(status, size, &error);
}

stave_outcome stave_go_memtable_snapshot_get_pin(stave_memtable_snapshot *snapshot,
                                                 const void *key, size_t key_size,
                                                 stave_go_pinned *pinned, stave_error *error) {
  return fill_pinned(
      stave_memtable_snapshot_get_pin(snapshot, key, key_size, &pinned->pin, error), pinned);
}

stave_outcome stave_go_memtable_snapshot_cursor(stave_memtable_snapshot *snapshot,
                                                const void *prefix, size_t prefix_size,
                                                uint8_t keys_only, uint8_t tombstones,
                                                stave_memtable_cursor **cursor,
                                                stave_error *error) {
  stave_memtable_cursor_options options;
  return (stave_outcome)stave_memtable_snapshot_cursor(
      snapshot, cursor_options(&options, prefix, prefix_size, keys_only, tombstones), cursor,
      error);
}

/* As the others that return a size, and status_deleted. */
int64_t stave_go_memtable_read(stave_memtable *table, const void *key, size_t key_size,
                               uint64_t snapshot, uint64_t transaction, void *data,
                               size_t capacity) {
  stave_error error;
  error.status = STAVE_OK;
  size_t size = 0;
  uint8_t deleted = 0;
  const stave_status status = stave_memtable_read(table, key, key_size, snapshot, transaction, data,
                                                  capacity, &size, &deleted, &error);
  return size_or_outcome(deleted_or(status, deleted), size, &error);
}

stave_outcome stave_go_memtable_read_pin(stave_memtable *table, const void *key, size_t key_size,
                                         uint64_t snapshot, uint64_t transaction,
                                         stave_go_pinned *pinned, stave_error *error) {
  uint8_t deleted = 0;
  const stave_status status = stave_memtable_read_pin(table, key, key_size, snapshot, transaction,
                                                      &pinned->pin, &deleted, error);
  return fill_pinned(deleted_or(status, deleted), pinned);
}

stave_outcome stave_go_memtable_read_with(stave_memtable *table, const void *key, size_t key_size,
                                          uint64_t snapshot, uint64_t transaction,
                                          stave_memtable_reader reader, void *context,
                                          stave_error *error) {
  uint8_t deleted = 0;
  const stave_status status = stave_memtable_read_with(table, key, key_size, snapshot, transaction,
                                                       reader, context, &deleted, error);
  return (stave_outcome)deleted_or(status, deleted);
}

stave_outcome stave_go_memtable_cursor_open(stave_memtable *table, uint64_t snapshot,
                                            uint64_t transaction, const void *prefix,
                                            size_t prefix_size, uint8_t keys_only,
                                            uint8_t tombstones, stave_memtable_cursor **cursor,
                                            stave_error *error) {
  stave_memtable_cursor_options options;
  return (stave_outcome)stave_memtable_cursor_open(
      table, snapshot, transaction,
      cursor_options(&options, prefix, prefix_size, keys_only, tombstones), cursor, error);
}

/* Copies the record that the cursor stands on, the value behind the key, if it fits; the size of a
 * removed key's value is STAVE_TOMBSTONE. Nobody may close the cursor meanwhile. */
stave_outcome stave_go_memtable_cursor_record(stave_memtable_cursor *cursor, void *data,
                                              size_t capacity, uint64_t *sizes,
                                              stave_error *error) {
  const void *key, *value;
  size_t key_size, value_size;
  uint8_t deleted;
  stave_status status = stave_memtable_cursor_key(cursor, &key, &key_size, error);
  if (status == STAVE_OK) status = stave_memtable_cursor_value(cursor, &value, &value_size, error);
  if (status == STAVE_OK) status = stave_memtable_cursor_deleted(cursor, &deleted, error);
  if (status != STAVE_OK) return (stave_outcome)status;
  sizes[0] = key_size;
  sizes[1] = deleted ? STAVE_TOMBSTONE : value_size;
  if (key_size + value_size <= capacity && capacity != 0) {
    memcpy(data, key, key_size);
    memcpy((char *)data + key_size, value, value_size);
  }
  return STAVE_OK;
}

/* Moves to the next record and copies it in the same manner. */
stave_outcome stave_go_memtable_cursor_next(stave_memtable_cursor *cursor, void *data,
                                            size_t capacity, uint64_t *sizes, stave_error *error) {
  const stave_status status = stave_memtable_cursor_next(cursor, error);
  if (status != STAVE_OK) return (stave_outcome)status;
  return stave_go_memtable_cursor_record(cursor, data, capacity, sizes, error);
}
%}
