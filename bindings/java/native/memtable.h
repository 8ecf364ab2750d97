// The functions of the memtable whose results Java takes in another form. Seen by SWIG too, as
// those of support.h.
#pragma once

#ifndef SWIG
#include "bindings/java/native/support.h"

#ifdef __cplusplus
extern "C" {
#endif

// Looks up what native/memtable.cc calls in Java; false with a pending exception.
jboolean stave_java_load_memtable(JNIEnv* environment);

// A stave_memtable_snapshot or a stave_memtable_transaction, as the argument behind it says: they
// have the same reads.
typedef struct stave_java_moment stave_java_moment;
#endif

// ---- Methods of Raw: reads of transactions and snapshots -------------------------------------

// As the functions of the store: see support.h.
jbyteArray stave_java_moment_get(JNIEnv* environment, stave_java_moment* moment,
                                 jboolean is_snapshot, const void* key, size_t key_size);
jint stave_java_moment_get_into(JNIEnv* environment, stave_java_moment* moment,
                                jboolean is_snapshot, const void* key, size_t key_size,
                                jbyteArray target, jint offset, jint capacity);
jint stave_java_moment_get_direct(JNIEnv* environment, stave_java_moment* moment,
                                  jboolean is_snapshot, const void* key_buffer, size_t key_size,
                                  void* target_buffer, size_t target_size);
jint stave_java_moment_get_at(JNIEnv* environment, stave_java_moment* moment, jboolean is_snapshot,
                              const void* key_at, size_t key_size, void* target_at,
                              size_t target_size);
stave_status stave_java_moment_get_pin(stave_java_moment* moment, jboolean is_snapshot,
                                       const void* key, size_t key_size, stave_pin** pin,
                                       stave_error* error);
stave_status stave_java_moment_contains(stave_java_moment* moment, jboolean is_snapshot,
                                        const void* key, size_t key_size, stave_error* error);
// The values one behind the other. NULL without an exception: no Java array holds them all.
jbyteArray stave_java_moment_multi_get(JNIEnv* environment, stave_java_moment* moment,
                                       jboolean is_snapshot, const void* keys,
                                       const uint32_t* key_sizes, jint count,
                                       jlongArray value_sizes_out);
jint stave_java_moment_multi_get_at(JNIEnv* environment, stave_java_moment* moment,
                                    jboolean is_snapshot, const void* key_at,
                                    const uint32_t* key_sizes_at, jint count,
                                    uint64_t* value_sizes_at, void* target_at, size_t target_size);
jbyteArray stave_java_moment_multi_get_into(JNIEnv* environment, stave_java_moment* moment,
                                            jboolean is_snapshot, const void* key_at,
                                            const uint32_t* key_sizes_at, jint count,
                                            uint64_t* value_sizes_at, jbyteArray target);
stave_status stave_java_moment_cursor(stave_java_moment* moment, jboolean is_snapshot,
                                      const void* prefix, size_t prefix_size, jboolean keys_only,
                                      jboolean tombstones, stave_memtable_cursor** cursor,
                                      stave_error* error);

// ---- Methods of Raw: writes of transactions --------------------------------------------------

// A conflict is an exception in all writes.
void stave_java_transaction_put(JNIEnv* environment, stave_memtable_transaction* transaction,
                                const void* key, size_t key_size, const void* value,
                                size_t value_size);
void stave_java_transaction_remove(JNIEnv* environment, stave_memtable_transaction* transaction,
                                   const void* key, size_t key_size);
void stave_java_transaction_multi_write(JNIEnv* environment,
                                        stave_memtable_transaction* transaction, const void* keys,
                                        const uint32_t* key_sizes, const void* values,
                                        const uint64_t* value_sizes, jint count);

// ---- Methods of Raw: explicit tables ---------------------------------------------------------

// As those of moments. A removed key is deleted_out[0], or, where a size is returned, kDeleted, -3.
jbyteArray stave_java_memtable_read(JNIEnv* environment, stave_memtable* table, const void* key,
                                    size_t key_size, jlong snapshot, jlong transaction,
                                    jbooleanArray deleted_out);
jint stave_java_memtable_read_into(JNIEnv* environment, stave_memtable* table, const void* key,
                                   size_t key_size, jlong snapshot, jlong transaction,
                                   jbyteArray target, jint offset, jint capacity);
jint stave_java_memtable_read_at(JNIEnv* environment, stave_memtable* table, const void* key_at,
                                 size_t key_size, jlong snapshot, jlong transaction,
                                 void* target_at, size_t target_size);
// The pin's address, or 0.
jlong stave_java_memtable_read_pin(JNIEnv* environment, stave_memtable* table, const void* key,
                                   size_t key_size, jlong snapshot, jlong transaction,
                                   jbooleanArray deleted_out);
// What `reader` makes of the bytes of the value; deleted_out[0] is set, and deleted_out[1] when it
// was called. What it throws comes out of the call.
jobject stave_java_memtable_read_with(JNIEnv* environment, stave_memtable* table, const void* key,
                                      size_t key_size, jlong snapshot, jlong transaction,
                                      jobject reader, jbooleanArray deleted_out);
jbyteArray stave_java_memtable_multi_read(JNIEnv* environment, stave_memtable* table,
                                          const void* keys, const uint32_t* key_sizes, jint count,
                                          jlong snapshot, jlong transaction,
                                          jlongArray value_sizes_out);
void stave_java_memtable_write(JNIEnv* environment, stave_memtable* table, const void* key,
                               size_t key_size, const void* value, size_t value_size,
                               jlong transaction);
void stave_java_memtable_write_tombstone(JNIEnv* environment, stave_memtable* table,
                                         const void* key, size_t key_size, jlong transaction);
void stave_java_memtable_multi_write(JNIEnv* environment, stave_memtable* table, const void* keys,
                                     const uint32_t* key_sizes, const void* values,
                                     const uint64_t* value_sizes, jint count, jlong transaction);
stave_status stave_java_memtable_cursor_open(stave_memtable* table, jlong snapshot,
                                             jlong transaction, const void* prefix,
                                             size_t prefix_size, jboolean keys_only,
                                             jboolean tombstones, stave_memtable_cursor** cursor,
                                             stave_error* error);

// ---- Methods of Raw: cursors -----------------------------------------------------------------

// As stave_java_cursor_next_many; a removed key's value has the size -2.
jbyteArray stave_java_memtable_next_many(JNIEnv* environment, stave_memtable_cursor* cursor,
                                         jint count_max, jint bytes_max, jlongArray sizes_out);

#if defined(__cplusplus) && !defined(SWIG)
}
#endif
