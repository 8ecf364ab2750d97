// The functions of the disk index whose results Java takes in another form. Seen by SWIG too, as
// those of support.h.
#pragma once

#ifndef SWIG
#include "bindings/java/native/support.h"

#ifdef __cplusplus
extern "C" {
#endif

// Looks up what native/disk_index.cc calls in Java; false with a pending exception.
jboolean stave_java_load_disk_index(JNIEnv* environment);
#endif

// ---- Methods of Raw --------------------------------------------------------------------------

// The record, or NULL when the key is absent.
jbyteArray stave_java_disk_index_get(JNIEnv* environment, stave_disk_index* index, const void* key,
                                     size_t key_size, jint record_size);
void stave_java_disk_index_multi_put(JNIEnv* environment, stave_disk_index* index, const void* keys,
                                     const void* values, jint record_size, jint count);
// All records, those of absent keys included, which found_out tells apart.
jbyteArray stave_java_disk_index_multi_get(JNIEnv* environment, stave_disk_index* index,
                                           const void* keys, jint record_size, jint count,
                                           jbooleanArray found_out);
// `source` is an internal.RecordSource. What it throws comes out of the call.
void stave_java_disk_index_bulk_load(JNIEnv* environment, stave_disk_index* index, jint record_size,
                                     jobject source);
void stave_java_disk_index_rebuild(JNIEnv* environment, const char* path,
                                   const stave_disk_index_options* options, jint record_size,
                                   jobject source);
void stave_java_disk_index_verify(JNIEnv* environment, stave_disk_index* index, jobject progress);
// Records one behind the other, and their keys in `keys_out`. NULL when there is none left.
jbyteArray stave_java_disk_index_next_many(JNIEnv* environment, stave_disk_index_cursor* cursor,
                                           jint count_max, jint record_size, jbyteArray keys_out);

#if defined(__cplusplus) && !defined(SWIG)
}
#endif
