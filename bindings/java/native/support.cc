#include "bindings/java/native/support.h"

#include <pthread.h>

#include <cstdlib>
#include <cstring>
#include <limits>

#include "bindings/java/native/disk_index.h"
#include "bindings/java/native/memtable.h"
#include "bindings/java/native/reading.h"
#include "bindings/java/native/store_update.h"
#include "bindings/java/native/store_watch.h"

namespace {

// The longest array that every Java machine can make.
constexpr size_t kArraySizeMax = std::numeric_limits<jint>::max() - 8;

// Set once, when the library is loaded.
JavaVM* java_machine;
jclass exception_class;
jmethodID exception_of;
jmethodID progress_method;

}  // namespace

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* machine, void* reserved) {
  (void)reserved;
  JNIEnv* environment = nullptr;
  if (machine->GetEnv(reinterpret_cast<void**>(&environment), JNI_VERSION_1_8) != JNI_OK)
    return JNI_ERR;
  java_machine = machine;
  const jclass exceptions = environment->FindClass("io/github/stavedb/stave/StaveException");
  if (exceptions == nullptr) return JNI_ERR;
  exception_class = static_cast<jclass>(environment->NewGlobalRef(exceptions));
  exception_of = environment->GetStaticMethodID(exceptions, "of",
                                                "(I[BIJ)Lio/github/stavedb/stave/StaveException;");
  const jclass progress = environment->FindClass("io/github/stavedb/stave/VerifyProgress");
  if (exception_class == nullptr || exception_of == nullptr || progress == nullptr) return JNI_ERR;
  progress_method = environment->GetMethodID(progress, "onProgress", "(JJ)Z");
  if (progress_method == nullptr || !stave_java_load_index(environment) ||
      !stave_java_load_edit(environment) || !stave_java_load_disk_index(environment) ||
      !stave_java_load_memtable(environment) || !stave_java_load_store_update(environment) ||
      !stave_java_load_store_watch(environment))
    return JNI_ERR;
  return JNI_VERSION_1_8;
}

JNIEnv* stave_java_environment(void) {
  JNIEnv* environment = nullptr;
  java_machine->GetEnv(reinterpret_cast<void**>(&environment), JNI_VERSION_1_8);
  return environment;
}

// ---- Exceptions ------------------------------------------------------------------------------

void stave_java_throw(JNIEnv* environment, stave_status status, const stave_error* error,
                      jlong detail) {
  if (environment->ExceptionCheck()) return;
  // As bytes: NewStringUTF takes another encoding than UTF-8.
  const jbyteArray message =
      stave_java_new_bytes(environment, error->message, strlen(error->message));
  if (message == nullptr) return;
  const jobject exception = environment->CallStaticObjectMethod(
      exception_class, exception_of, status, message, error->os_errno, detail);
  if (!environment->ExceptionCheck()) environment->Throw(static_cast<jthrowable>(exception));
}

void stave_java_throw_no_memory(JNIEnv* environment) {
  stave_error error = {};
  std::strcpy(error.message, "no memory for a copy of the bytes");
  environment->ExceptionClear();
  stave_java_throw(environment, STAVE_NO_MEMORY, &error, 0);
}

// ---- Arrays of Java --------------------------------------------------------------------------

// Copies the elements to where there is room for them.
template <typename Element, typename Array>
static void copy_array(JNIEnv* environment, Array array, stave_java_bytes* copy,
                       void (JNIEnv::*get_region)(Array, jsize, jsize, Element*)) {
  const jsize length = environment->GetArrayLength(array);
  copy->size = static_cast<size_t>(length) * sizeof(Element);
  copy->data = copy->size <= sizeof copy->small ? copy->small : std::malloc(copy->size);
  if (copy->data == nullptr) {
    copy->size = 1;
    return;
  }
  (environment->*get_region)(array, 0, length, static_cast<Element*>(copy->data));
}

void stave_java_copy_bytes(JNIEnv* environment, jbyteArray array, stave_java_bytes* copy) {
  copy_array<jbyte>(environment, array, copy, &JNIEnv::GetByteArrayRegion);
}

void stave_java_copy_ints(JNIEnv* environment, jintArray array, stave_java_bytes* copy) {
  copy_array<jint>(environment, array, copy, &JNIEnv::GetIntArrayRegion);
}

void stave_java_copy_longs(JNIEnv* environment, jlongArray array, stave_java_bytes* copy) {
  copy_array<jlong>(environment, array, copy, &JNIEnv::GetLongArrayRegion);
}

void stave_java_release(JNIEnv* environment, stave_java_bytes* copy) {
  if (copy->data == nullptr) stave_java_throw_no_memory(environment);
  if (copy->data != copy->small) std::free(copy->data);
}

jbyteArray stave_java_new_bytes(JNIEnv* environment, const void* data, size_t size) {
  if (size > kArraySizeMax) return nullptr;
  const auto length = static_cast<jsize>(size);
  const jbyteArray array = environment->NewByteArray(length);
  if (array != nullptr && length > 0)
    environment->SetByteArrayRegion(array, 0, length, static_cast<const jbyte*>(data));
  return array;
}

// ---- Structs ---------------------------------------------------------------------------------

// ---- Reading ---------------------------------------------------------------------------------

namespace {

struct StoreSource {
  stave_store* store;
  const void* key;
  size_t key_size;

  stave_status get(void* data, size_t capacity, size_t* size, stave_error* error) const {
    return stave_store_get(store, key, key_size, data, capacity, size, error);
  }
  stave_status get_pin(stave_pin** pin, stave_error* error) const {
    return stave_store_get_pin(store, key, key_size, pin, error);
  }
};

}  // namespace

jbyteArray stave_java_get(JNIEnv* environment, stave_store* store, const void* key,
                          size_t key_size) {
  return stave_java::read_fresh(environment, StoreSource{store, key, key_size});
}

jint stave_java_get_into(JNIEnv* environment, stave_store* store, const void* key, size_t key_size,
                         jbyteArray target, jint offset, jint capacity) {
  return stave_java::read_into(environment, StoreSource{store, key, key_size}, target, offset,
                               capacity);
}

jint stave_java_get_direct(JNIEnv* environment, stave_store* store, const void* key_buffer,
                           size_t key_size, void* target_buffer, size_t target_size) {
  return stave_java::read_direct(environment, StoreSource{store, key_buffer, key_size},
                                 target_buffer, target_size);
}

jint stave_java_get_at(JNIEnv* environment, stave_store* store, const void* key_at, size_t key_size,
                       void* target_at, size_t target_size) {
  return stave_java::read_at(environment, StoreSource{store, key_at, key_size}, target_at,
                             target_size);
}

namespace {

// What kept_buffer() answers. Not a thread_local object: to register the destructor of one takes
// memory, and where there is none the C library ends the process. The key is made with the library,
// which stays loaded for threads that end.
void free_kept(void* kept) {
  auto* const buffer = static_cast<stave_buffer*>(kept);
  stave_buffer_free(buffer);
  delete buffer;
}
pthread_key_t kept_key;
const bool has_kept_key = pthread_key_create(&kept_key, free_kept) == 0;

// A call that reads many keys, for ManyValues.
auto many_of(stave_store* store, const void* keys, const uint32_t* key_sizes, jint count,
             uint64_t* value_sizes) {
  return [=](stave_buffer* values, stave_error* error) {
    return stave_store_multi_get(store, keys, key_sizes, static_cast<size_t>(count), values,
                                 value_sizes, error);
  };
}

}  // namespace

stave_buffer* stave_java::kept_buffer() {
  if (!has_kept_key) return nullptr;
  if (void* const kept = pthread_getspecific(kept_key); kept != nullptr)
    return static_cast<stave_buffer*>(kept);
  auto* const buffer = new (std::nothrow) stave_buffer{};
  if (buffer != nullptr && pthread_setspecific(kept_key, buffer) == 0) return buffer;
  delete buffer;
  return nullptr;
}

jint stave_java_multi_get_at(JNIEnv* environment, stave_store* store, const void* key_at,
                             const uint32_t* key_sizes_at, jint count, uint64_t* value_sizes_at,
                             void* target_at, size_t target_size) {
  return stave_java::read_many_at(environment,
                                  many_of(store, key_at, key_sizes_at, count, value_sizes_at),
                                  target_at, target_size);
}

jbyteArray stave_java_multi_get_into(JNIEnv* environment, stave_store* store, const void* key_at,
                                     const uint32_t* key_sizes_at, jint count,
                                     uint64_t* value_sizes_at, jbyteArray target) {
  return stave_java::read_many_into(
      environment, many_of(store, key_at, key_sizes_at, count, value_sizes_at), target);
}

jlong stave_java_address(JNIEnv* environment, jobject buffer) {
  return static_cast<jlong>(
      reinterpret_cast<intptr_t>(environment->GetDirectBufferAddress(buffer)));
}

jbyteArray stave_java_multi_get(JNIEnv* environment, stave_store* store, const void* keys,
                                const uint32_t* key_sizes, jint count, jlongArray value_sizes_out) {
  const auto key_count = static_cast<size_t>(count);
  const auto sizes = stave_java_allocate<uint64_t>(key_count);
  if (sizes == nullptr) {
    stave_java_throw_no_memory(environment);
    return nullptr;
  }
  stave_error error;
  stave_buffer values;
  stave_buffer_init(&values);
  const stave_status status =
      stave_store_multi_get(store, keys, key_sizes, key_count, &values, sizes.get(), &error);
  jbyteArray array = nullptr;
  if (status == STAVE_OK) {
    environment->SetLongArrayRegion(value_sizes_out, 0, count,
                                    reinterpret_cast<const jlong*>(sizes.get()));
    array = stave_java_new_bytes(environment, values.data, values.size);
  } else {
    stave_java_throw(environment, status, &error, 0);
  }
  stave_buffer_free(&values);
  return array;
}

jbyteArray stave_java_pin_bytes(JNIEnv* environment, const stave_pin* pin) {
  return stave_java_new_bytes(environment, stave_pin_data(pin), stave_pin_size(pin));
}

jobject stave_java_pin_view(JNIEnv* environment, const stave_pin* pin) {
  // The view is made read-only before anyone else sees it.
  return environment->NewDirectByteBuffer(const_cast<void*>(stave_pin_data(pin)),
                                          static_cast<jlong>(stave_pin_size(pin)));
}

// ---- Cursors ---------------------------------------------------------------------------------

stave_status stave_java_cursor_open(stave_store* store, const void* prefix, size_t prefix_size,
                                    const void* token, size_t token_size, jboolean keys_only,
                                    stave_store_cursor** cursor, stave_error* error) {
  stave_store_cursor_options options;
  stave_store_cursor_options_init(&options);
  options.keys_only = keys_only;
  options.prefix = prefix;
  options.prefix_size = prefix_size;
  options.token = token;
  options.token_size = token_size;
  return stave_store_cursor_open(store, &options, cursor, error);
}

jbyteArray stave_java_cursor_next_many(JNIEnv* environment, stave_store_cursor* cursor,
                                       jint count_max, jint bytes_max, jlongArray sizes_out) {
  return stave_java::next_many(environment, cursor, stave_store_cursor_next_many, count_max,
                               bytes_max, sizes_out);
}

// ---- Verification ----------------------------------------------------------------------------

stave_status stave_java_on_progress(void* context, uint64_t done, uint64_t total) {
  const auto* const call = static_cast<const stave_java_progress*>(context);
  const jboolean go_on = call->environment->CallBooleanMethod(
      call->progress, progress_method, static_cast<jlong>(done), static_cast<jlong>(total));
  if (call->environment->ExceptionCheck()) return STAVE_CANCELLED;
  return go_on ? STAVE_OK : STAVE_CANCELLED;
}

void stave_java_verify(JNIEnv* environment, stave_store* store, jobject progress) {
  stave_java_progress context = {environment, progress};
  stave_error error;
  const stave_status status = stave_store_verify(
      store, progress == nullptr ? nullptr : stave_java_on_progress, &context, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
}
