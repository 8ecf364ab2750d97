/* The store's functions of which Go makes several in one crossing, or in another form. */

%inline %{
/* The value's size, which may be more than the capacity (nothing was copied then), or the outcome
 * negated. */
int64_t stave_go_store_get(stave_store *store, const void *key, size_t key_size, void *data,
                           size_t capacity) {
  stave_error error;
  error.status = STAVE_OK;
  size_t size = 0;
  const stave_status status =
      stave_store_get(store, key, key_size, data, capacity, &size, &error);
  return size_or_outcome(status, size, &error);
}

/* The value's size, or the outcome negated. */
int64_t stave_go_store_value_size(stave_store *store, const void *key, size_t key_size) {
  stave_error error;
  error.status = STAVE_OK;
  size_t size = 0;
  const stave_status status = stave_store_value_size(store, key, key_size, &size, &error);
  return size_or_outcome(status, size, &error);
}

stave_outcome stave_go_store_get_pin(stave_store *store, const void *key, size_t key_size,
                                     stave_go_pinned *pinned, stave_error *error) {
  return fill_pinned(stave_store_get_pin(store, key, key_size, &pinned->pin, error), pinned);
}

stave_outcome stave_go_cursor_open(stave_store *store, const void *prefix, size_t prefix_size,
                                   uint8_t keys_only, const void *token, size_t token_size,
                                   stave_store_cursor **cursor, stave_error *error) {
  stave_store_cursor_options options;
  stave_store_cursor_options_init(&options);
  options.prefix = prefix;
  options.prefix_size = prefix_size;
  options.keys_only = keys_only;
  options.token = token;
  options.token_size = token_size;
  return (stave_outcome)stave_store_cursor_open(store, &options, cursor, error);
}

/* Copies the record that the cursor stands on, the value behind the key, if it fits. Nobody may close
 * the cursor meanwhile. */
stave_outcome stave_go_cursor_record(stave_store_cursor *cursor, void *data, size_t capacity,
                                     uint64_t *sizes, stave_error *error) {
  const void *key, *value;
  size_t key_size, value_size;
  stave_status status = stave_store_cursor_key(cursor, &key, &key_size, error);
  if (status == STAVE_OK) status = stave_store_cursor_value(cursor, &value, &value_size, error);
  if (status != STAVE_OK) return (stave_outcome)status;
  sizes[0] = key_size;
  sizes[1] = value_size;
  if (key_size + value_size <= capacity && capacity != 0) {
    memcpy(data, key, key_size);
    memcpy((char *)data + key_size, value, value_size);
  }
  return STAVE_OK;
}

/* Moves to the next record and copies it in the same manner. */
stave_outcome stave_go_cursor_next(stave_store_cursor *cursor, void *data, size_t capacity,
                                   uint64_t *sizes, stave_error *error) {
  const stave_status status = stave_store_cursor_next(cursor, error);
  if (status != STAVE_OK) return (stave_outcome)status;
  return stave_go_cursor_record(cursor, data, capacity, sizes, error);
}
%}
