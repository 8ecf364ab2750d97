// Hooks of the store and changes of all its records, as Java takes them. Seen by SWIG too, as those
// of support.h.
#pragma once

#ifndef SWIG
#include "bindings/java/native/support.h"

#ifdef __cplusplus
extern "C" {
#endif

// Looks up what native/store_watch.cc calls in Java; false with a pending exception.
jboolean stave_java_load_store_watch(JNIEnv* environment);
#endif

// ---- Methods of Raw --------------------------------------------------------------------------

// `listener` is an internal.ChangeListener that throws nothing. The store refers to it weakly, so
// that a store to which its hooks refer is garbage together with them: the Handle of the store
// keeps it alive. Returns the hook's context, for stave_java_free_hook.
jlong stave_java_on_write(JNIEnv* environment, stave_store* store, jboolean wants_old_values,
                          jobject listener);
// REQUIRES: the store is closed or freed.
void stave_java_free_hook(JNIEnv* environment, jlong hook);
// What `listener` throws comes out of the call.
void stave_java_on_open(JNIEnv* environment, stave_store* store, jobject listener);
// `decider` is an internal.RecordDecider. What it throws comes out of the call. The number of
// records changed.
jlong stave_java_migrate(JNIEnv* environment, stave_store* store, jobject decider,
                         const void* token, size_t token_size, const stave_write_options* options);

#if defined(__cplusplus) && !defined(SWIG)
}
#endif
