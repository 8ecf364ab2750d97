// What the generated JNI code calls for the index family, as support.h is for the rest.
#pragma once

#ifndef SWIG
#include <stave/index.h>

#include "bindings/java/native/support.h"

#ifdef __cplusplus
extern "C" {
#endif

#endif

// ---- Methods of Raw --------------------------------------------------------------------------

// What stave_java_index_call does.
enum {
  INDEX_PUT = 0,
  INDEX_INSERT = 1,
  INDEX_COMPARE_AND_SWAP = 2,
  INDEX_GET = 3,
  INDEX_CONTAINS = 4,
  INDEX_REMOVE = 5,
  INDEX_REMOVE_IF = 6,
  INDEX_HASH = 7,
  // Added to the first seven: the hash is the caller's.
  INDEX_HASHED = 8,
  // Added to any: the index has a resolver.
  INDEX_RESOLVED = 16
};

// `resolver` is an IndexResolver or NULL. The index refers to it weakly, so that an index to which
// its resolver refers is garbage together with it: the Handle of the index keeps it alive.
stave_status stave_java_index_create(JNIEnv* environment, const stave_index_options* options,
                                     jobject resolver, stave_index** index, stave_error* error);
// A call on one key in the thread's scratch memory (internal.Scratch), or in memory of its own when
// it does not fit there. Returns the status; STAVE_NOT_FOUND for a put that replaced nothing. The
// number that the call yields is stored at `result_at` as the last thing.
jint stave_java_index_call(JNIEnv* environment, stave_index* index, jint operation,
                           const void* key_at, size_t key_size, jlong hash, jlong first,
                           jlong second, void* result_at);
void stave_java_index_multi_get(JNIEnv* environment, stave_index* index, const void* keys,
                                const uint32_t* key_sizes, jint count, jlongArray values_out,
                                jbooleanArray found_out);
// The number of keys that have been put is in done_out[0], also after an exception.
void stave_java_index_multi_put(JNIEnv* environment, stave_index* index, const void* keys,
                                const uint32_t* key_sizes, jint count, const uint64_t* values,
                                jlongArray previous_out, jbooleanArray existed_out,
                                jintArray done_out);
void stave_java_index_reserve(JNIEnv* environment, stave_index* index, jlong capacity);
void stave_java_index_shrink_to_fit(JNIEnv* environment, stave_index* index);
jlongArray stave_java_index_values(JNIEnv* environment, stave_index* index);
// Keys one behind the other, their sizes in `sizes_out`, the values in `values_out`, and behind the
// last of these the number of entries. NULL when there is none left.
jbyteArray stave_java_index_next_many(JNIEnv* environment, stave_index_cursor* cursor,
                                      jint count_max, jint bytes_max, jlongArray values_out,
                                      jintArray sizes_out);
// The values only; NULL when there is none left.
jlongArray stave_java_index_next_values(JNIEnv* environment, stave_index_cursor* cursor,
                                        jint count_max);

#if defined(__cplusplus) && !defined(SWIG)
}
#endif
