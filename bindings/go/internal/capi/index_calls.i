/* The same of the index. */

/* Go's cache of compiled C does not look into headers: a struct that grows has to be told here, or
 * what is in the cache has too little room for it. */
%{
_Static_assert(sizeof(void *) != 8 || sizeof(stave_index_resolver) == 48, "stave_index_resolver");
%}

%inline %{
stave_outcome stave_go_index_create(const stave_index_options *options, uintptr_t resolver,
                                    uint8_t knows_hashes, stave_index **index,
                                    stave_error *error) {
  stave_index_resolver functions;
  stave_index_resolver_init(&functions);
  functions.compare = resolve_compare;
  functions.hash = knows_hashes ? resolve_hash : NULL;
  functions.context = (void *)resolver;
  return (stave_outcome)stave_index_create(options, resolver != 0 ? &functions : NULL, index,
                                           error);
}

/* The key of the entry that the cursor stands on, copied if it fits. Nobody may close the cursor
 * meanwhile. */
stave_outcome stave_go_index_cursor_key(stave_index_cursor *cursor, void *data, size_t capacity,
                                        uint64_t *size, stave_error *error) {
  const void *key;
  size_t key_size;
  const stave_status status = stave_index_cursor_key(cursor, &key, &key_size, error);
  if (status != STAVE_OK) return (stave_outcome)status;
  *size = key_size;
  if (key_size <= capacity && capacity != 0) memcpy(data, key, key_size);
  return STAVE_OK;
}

/* Moves to the next entry and copies it in the same manner, without the key if there are none. */
stave_outcome stave_go_index_cursor_next(stave_index_cursor *cursor, uint8_t has_keys, void *data,
                                         size_t capacity, uint64_t *size, uint64_t *value,
                                         stave_error *error) {
  stave_status status = stave_index_cursor_next(cursor, error);
  if (status == STAVE_OK) status = stave_index_cursor_value(cursor, value, error);
  if (status != STAVE_OK || !has_keys) return (stave_outcome)status;
  return stave_go_index_cursor_key(cursor, data, capacity, size, error);
}
%}
