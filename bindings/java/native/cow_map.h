// The functions of the map whose results Java takes in another form. Seen by SWIG too, as those of
// support.h.
#pragma once

#ifndef SWIG
#include "bindings/java/native/support.h"

#ifdef __cplusplus
extern "C" {
#endif
#endif

// ---- Methods of Raw --------------------------------------------------------------------------

// As the functions of the store: see support.h.
jbyteArray stave_java_cow_map_get(JNIEnv* environment, stave_cow_map* map, jlong key);
jint stave_java_cow_map_get_into(JNIEnv* environment, stave_cow_map* map, jlong key,
                                 jbyteArray target, jint offset, jint capacity);
jint stave_java_cow_map_get_direct(JNIEnv* environment, stave_cow_map* map, jlong key,
                                   void* target_buffer, size_t target_size);
jint stave_java_cow_map_get_at(JNIEnv* environment, stave_cow_map* map, jlong key, void* target_at,
                               size_t target_size);
// The values one behind the other. NULL without an exception: no Java array holds them all.
jbyteArray stave_java_cow_map_multi_get(JNIEnv* environment, stave_cow_map* map, jlongArray keys,
                                        jlongArray value_sizes_out);
// Whether there was a value before.
jboolean stave_java_cow_map_put(JNIEnv* environment, stave_cow_map* map, jlong key,
                                const void* value, size_t value_size);
// The value before, or NULL.
jbyteArray stave_java_cow_map_swap(JNIEnv* environment, stave_cow_map* map, jlong key,
                                   const void* value, size_t value_size);
// Whether the key was absent.
jboolean stave_java_cow_map_insert(JNIEnv* environment, stave_cow_map* map, jlong key,
                                   const void* value, size_t value_size);
// The value before, or NULL: nothing was stored.
jbyteArray stave_java_cow_map_replace(JNIEnv* environment, stave_cow_map* map, jlong key,
                                      const void* value, size_t value_size);
// The number of values stored goes into done_out[0], also on failure.
void stave_java_cow_map_multi_put(JNIEnv* environment, stave_cow_map* map, const uint64_t* keys,
                                  const void* values, const uint64_t* value_sizes,
                                  jbooleanArray replaced_out, jintArray done_out);
jboolean stave_java_cow_map_remove(JNIEnv* environment, stave_cow_map* map, jlong key);
jbyteArray stave_java_cow_map_take(JNIEnv* environment, stave_cow_map* map, jlong key);
// `edit` makes of the bytes of a value those of the new one. What it throws comes out of the call.
jboolean stave_java_cow_map_modify(JNIEnv* environment, stave_cow_map* map, jlong key,
                                   jobject edit);
// The value that the key has now; inserted_out[0] says whether it is the new one.
jbyteArray stave_java_cow_map_get_or_insert(JNIEnv* environment, stave_cow_map* map, jlong key,
                                            const void* value, size_t value_size,
                                            jbooleanArray inserted_out);
jbyteArray stave_java_cow_map_get_or_insert_with(JNIEnv* environment, stave_cow_map* map, jlong key,
                                                 jobject edit, jbooleanArray inserted_out);
jbyteArray stave_java_cow_map_update_or_insert(JNIEnv* environment, stave_cow_map* map, jlong key,
                                               jobject edit, const void* value, size_t value_size,
                                               jbooleanArray inserted_out);
// Values one behind the other; the keys in `keys_out`, which may be NULL, their sizes in
// `sizes_out` and, behind the last of these, the number of entries. NULL when there is none left.
jbyteArray stave_java_cow_map_next_many(JNIEnv* environment, stave_cow_map_cursor* cursor,
                                        jint count_max, jint bytes_max, jlongArray keys_out,
                                        jlongArray sizes_out);
// The keys only; NULL when there is none left.
jlongArray stave_java_cow_map_next_keys(JNIEnv* environment, stave_cow_map_cursor* cursor,
                                        jint count_max);
// The kind of the next change, whose key goes into key_out[0]; 0 when there is none left.
jint stave_java_cow_map_diff_next(JNIEnv* environment, stave_cow_map_diff* diff,
                                  jlongArray key_out);

#if defined(__cplusplus) && !defined(SWIG)
}
#endif
