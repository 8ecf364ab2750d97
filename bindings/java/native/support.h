// What the generated JNI code (stave.i) calls where typemaps alone do not do: copies between Java's
// arrays and C, exceptions, and the functions of the C interface whose results Java takes in
// another form. Those are seen by SWIG too and become methods of Raw.
#pragma once

#ifndef SWIG
#include <jni.h>
#include <stave/stave.h>

#ifdef __cplusplus
#include <memory>
#include <new>

// No exception leaves for the Java machine: memory that is lacking is a null pointer.
template <typename T>
std::unique_ptr<T[]> stave_java_allocate(size_t count) {
  return std::unique_ptr<T[]>(new (std::nothrow) T[count]);
}

extern "C" {
#endif

// The calling thread's; NULL if it is not one of Java.
JNIEnv* stave_java_environment(void);

// ---- Exceptions ------------------------------------------------------------------------------

// Throws the StaveException for `status`. An exception that is pending already stays: a callback of
// Java has thrown it, and it comes out of the call unchanged. `detail` is the number that some
// exceptions carry: the position of a condition, the size that a buffer needs.
void stave_java_throw(JNIEnv* environment, stave_status status, const stave_error* error,
                      jlong detail);
void stave_java_throw_no_memory(JNIEnv* environment);

// ---- Arrays of Java --------------------------------------------------------------------------

// A copy of a Java array for one call: beside the call's frame when it is small, else malloc'd. A
// copy that fails is (NULL, 1), which every function of the C interface refuses without doing
// anything; releasing it throws NO_MEMORY. So no path leaves a call half way.
typedef struct stave_java_bytes {
  void* data;
  size_t size;  // bytes
  uint64_t small[64];
} stave_java_bytes;

void stave_java_copy_bytes(JNIEnv* environment, jbyteArray array, stave_java_bytes* copy);
void stave_java_copy_ints(JNIEnv* environment, jintArray array, stave_java_bytes* copy);
void stave_java_copy_longs(JNIEnv* environment, jlongArray array, stave_java_bytes* copy);
void stave_java_release(JNIEnv* environment, stave_java_bytes* copy);

// NULL with a pending exception when the heap is full; NULL without one for a size that no Java
// array has.
jbyteArray stave_java_new_bytes(JNIEnv* environment, const void* data, size_t size);

// Reports to a VerifyProgress, as stave_progress. The exception of the callback stays pending while
// the call unwinds, and comes out of it.
typedef struct stave_java_progress {
  JNIEnv* environment;  // of the thread that verifies: the callback runs on it
  jobject progress;
} stave_java_progress;

stave_status stave_java_on_progress(void* context, uint64_t done, uint64_t total);

// Look up what native/index.cc and native/edit.cc call in Java; false with a pending exception.
jboolean stave_java_load_index(JNIEnv* environment);
jboolean stave_java_load_edit(JNIEnv* environment);
#endif

// ---- Methods of Raw --------------------------------------------------------------------------

// The value, or NULL when the key is absent.
jbyteArray stave_java_get(JNIEnv* environment, stave_store* store, const void* key,
                          size_t key_size);
// The value into `target` from `offset` on, at most `capacity` bytes: its size, or -1 when the key
// is absent.
jint stave_java_get_into(JNIEnv* environment, stave_store* store, const void* key, size_t key_size,
                         jbyteArray target, jint offset, jint capacity);
jint stave_java_get_direct(JNIEnv* environment, stave_store* store, const void* key_buffer,
                           size_t key_size, void* target_buffer, size_t target_size);
// By way of the thread's scratch memory (internal.Scratch). kTooLarge, -2, when what is read does
// not fit: nothing of it has been copied.
jint stave_java_get_at(JNIEnv* environment, stave_store* store, const void* key_at, size_t key_size,
                       void* target_at, size_t target_size);
jint stave_java_multi_get_at(JNIEnv* environment, stave_store* store, const void* key_at,
                             const uint32_t* key_sizes_at, jint count, uint64_t* value_sizes_at,
                             void* target_at, size_t target_size);
// Values of any size into `target`, which is returned, or into a fresh array if that is too short.
// NULL without an exception: no Java array holds them all.
jbyteArray stave_java_multi_get_into(JNIEnv* environment, stave_store* store, const void* key_at,
                                     const uint32_t* key_sizes_at, jint count,
                                     uint64_t* value_sizes_at, jbyteArray target);
jlong stave_java_address(JNIEnv* environment, jobject buffer);
// The values one behind the other. NULL without an exception: no Java array holds them all.
jbyteArray stave_java_multi_get(JNIEnv* environment, stave_store* store, const void* keys,
                                const uint32_t* key_sizes, jint count, jlongArray value_sizes_out);
// A copy of the pin's bytes, and a direct buffer over them.
jbyteArray stave_java_pin_bytes(JNIEnv* environment, const stave_pin* pin);
jobject stave_java_pin_view(JNIEnv* environment, const stave_pin* pin);
stave_status stave_java_cursor_open(stave_store* store, const void* prefix, size_t prefix_size,
                                    const void* token, size_t token_size, jboolean keys_only,
                                    stave_store_cursor** cursor, stave_error* error);
// Keys and values one behind the other, their sizes in `sizes_out` and, behind the last of these,
// the number of records. NULL when there is none left.
jbyteArray stave_java_cursor_next_many(JNIEnv* environment, stave_store_cursor* cursor,
                                       jint count_max, jint bytes_max, jlongArray sizes_out);
void stave_java_verify(JNIEnv* environment, stave_store* store, jobject progress);

#if defined(__cplusplus) && !defined(SWIG)
}
#endif
