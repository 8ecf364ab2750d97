/* The same of the map. */

%inline %{
int64_t stave_go_cow_map_get(stave_cow_map *map, int64_t key, void *data, size_t capacity) {
  stave_error error;
  error.status = STAVE_OK;
  size_t size = 0;
  const stave_status status = stave_cow_map_get(map, key, data, capacity, &size, &error);
  return size_or_outcome(status, size, &error);
}

stave_outcome stave_go_cow_map_get_pin(stave_cow_map *map, int64_t key, stave_go_pinned *pinned,
                                       stave_error *error) {
  return fill_pinned(stave_cow_map_get_pin(map, key, &pinned->pin, error), pinned);
}

/* 1 if there was a value before, else 0, or the outcome negated. */
int64_t stave_go_cow_map_set(stave_cow_map *map, int64_t key, const void *value,
                             size_t value_size) {
  stave_error error;
  error.status = STAVE_OK;
  uint8_t replaced = 0;
  const stave_status status =
      stave_cow_map_put(map, key, value, value_size, &replaced, NULL, &error);
  return size_or_outcome(status, replaced, &error);
}

/* The value of the entry that the cursor stands on, copied if it fits. Nobody may close the cursor
 * meanwhile. */
stave_outcome stave_go_cow_map_cursor_value(stave_cow_map_cursor *cursor, void *data,
                                            size_t capacity, uint64_t *size, stave_error *error) {
  const void *value;
  size_t value_size;
  const stave_status status = stave_cow_map_cursor_value(cursor, &value, &value_size, error);
  if (status != STAVE_OK) return (stave_outcome)status;
  *size = value_size;
  if (value_size <= capacity && capacity != 0) memcpy(data, value, value_size);
  return STAVE_OK;
}

/* Moves to the next entry and copies it in the same manner. */
stave_outcome stave_go_cow_map_cursor_next(stave_cow_map_cursor *cursor, void *data,
                                           size_t capacity, int64_t *key, uint64_t *size,
                                           stave_error *error) {
  stave_status status = stave_cow_map_cursor_next(cursor, error);
  if (status == STAVE_OK) status = stave_cow_map_cursor_key(cursor, key, error);
  if (status != STAVE_OK) return (stave_outcome)status;
  return stave_go_cow_map_cursor_value(cursor, data, capacity, size, error);
}

/* The values of the key that the diff stands on, the one before and the one after, copied one behind
 * the other if both fit; a size may be STAVE_ABSENT. Nobody may close the diff meanwhile. */
stave_outcome stave_go_cow_map_diff_values(stave_cow_map_diff *diff, void *data, size_t capacity,
                                           uint64_t *sizes, stave_error *error) {
  const void *before, *after;
  size_t before_size = 0, after_size = 0;
  stave_status status = stave_cow_map_diff_before(diff, &before, &before_size, error);
  sizes[0] = status == STAVE_NOT_FOUND ? STAVE_ABSENT : before_size;
  if (status < 0) return (stave_outcome)status;
  status = stave_cow_map_diff_after(diff, &after, &after_size, error);
  sizes[1] = status == STAVE_NOT_FOUND ? STAVE_ABSENT : after_size;
  if (status < 0) return (stave_outcome)status;
  if (before_size + after_size <= capacity) {
    if (before_size != 0) memcpy(data, before, before_size);
    if (after_size != 0) memcpy((char *)data + before_size, after, after_size);
  }
  return STAVE_OK;
}

/* Moves to the next key that differs and copies its values in the same manner. */
stave_outcome stave_go_cow_map_diff_next(stave_cow_map_diff *diff, void *data, size_t capacity,
                                         uint32_t *change, int64_t *key, uint64_t *sizes,
                                         stave_error *error) {
  const stave_status status = stave_cow_map_diff_next(diff, change, key, error);
  if (status != STAVE_OK) return (stave_outcome)status;
  return stave_go_cow_map_diff_values(diff, data, capacity, sizes, error);
}
%}
