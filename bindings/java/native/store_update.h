// The functions of the store that rest on what is there, whose results Java takes in another form.
// Seen by SWIG too, as those of support.h.
#pragma once

#ifndef SWIG
#include "bindings/java/native/support.h"

#ifdef __cplusplus
extern "C" {
#endif

// Looks up what native/store_update.cc calls in Java; false with a pending exception.
jboolean stave_java_load_store_update(JNIEnv* environment);
#endif

// ---- Methods of Raw --------------------------------------------------------------------------

// The size in bytes, or -1 when the key is absent.
jint stave_java_value_size(JNIEnv* environment, stave_store* store, const void* key,
                           size_t key_size);
// Unix time in milliseconds; 0: never; -1 when the key is absent.
jlong stave_java_expires_at(JNIEnv* environment, stave_store* store, const void* key,
                            size_t key_size);
// The new value, and the value before; NULL when the key is absent. What `edit` throws comes out of
// the call.
jbyteArray stave_java_update(JNIEnv* environment, stave_store* store, const void* key,
                             size_t key_size, jobject edit, const stave_write_options* options);
jbyteArray stave_java_fetch_update(JNIEnv* environment, stave_store* store, const void* key,
                                   size_t key_size, jobject edit,
                                   const stave_write_options* options);
// The value before, or NULL.
jbyteArray stave_java_exchange(JNIEnv* environment, stave_store* store, const void* key,
                               size_t key_size, const void* value, size_t value_size,
                               const stave_write_options* options);
// Calls `body` with the address of the stave_atomic; the commit's version. What it throws comes out
// of the call.
jlong stave_java_atomic(JNIEnv* environment, stave_store* store, const void* key, size_t key_size,
                        jobject body, const stave_write_options* options);

#if defined(__cplusplus) && !defined(SWIG)
}
#endif
