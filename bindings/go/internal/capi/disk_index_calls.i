/* The same of the disk index. */

%inline %{
/* Moves to the next record and copies it behind its key into `data`, which has room for both. */
stave_outcome stave_go_disk_index_cursor_next(stave_disk_index_cursor *cursor, void *data,
                                              size_t capacity, stave_error *error) {
  const void *key, *record;
  size_t key_size, record_size;
  stave_status status = stave_disk_index_cursor_next(cursor, error);
  if (status == STAVE_OK) status = stave_disk_index_cursor_key(cursor, &key, &key_size, error);
  if (status == STAVE_OK)
    status = stave_disk_index_cursor_record(cursor, &record, &record_size, error);
  if (status != STAVE_OK) return (stave_outcome)status;
  if (key_size + record_size > capacity) return outcome(STAVE_INTERNAL, error);
  memcpy(data, key, key_size);
  memcpy((char *)data + key_size, record, record_size);
  return STAVE_OK;
}
%}
