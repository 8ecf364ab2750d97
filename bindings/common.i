/* What the interface files of all languages say alike. Each includes it behind its definition of
 * HANDLE(NAME, C_TYPE), which makes a language's typemaps for one kind of handle. */

HANDLE(Store, stave_store)
HANDLE(Batch, stave_batch)
HANDLE(Cursor, stave_store_cursor)
HANDLE(Pin, stave_pin)
HANDLE(Index, stave_index)
HANDLE(IndexCursor, stave_index_cursor)
HANDLE(CowMap, stave_cow_map)
HANDLE(CowMapCursor, stave_cow_map_cursor)
HANDLE(CowMapDiff, stave_cow_map_diff)
HANDLE(DiskIndex, stave_disk_index)
HANDLE(DiskIndexCursor, stave_disk_index_cursor)
HANDLE(Memtable, stave_memtable)
HANDLE(MemtableTransaction, stave_memtable_transaction)
HANDLE(MemtableSnapshot, stave_memtable_snapshot)
HANDLE(MemtableCursor, stave_memtable_cursor)

/* Structs for which every language has something of its own: a typemap, or memory. */
%ignore stave_error;
%ignore stave_buffer;
%ignore stave_write_options;
%ignore stave_write_options_init;
%ignore stave_store_cursor_options;
%ignore stave_payload;
/* No integer of Java or C# holds them; each language knows them in its own way. */
%ignore STAVE_ABSENT;
%ignore STAVE_TOMBSTONE;
