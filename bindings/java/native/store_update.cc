#include "bindings/java/native/store_update.h"

#include "bindings/java/native/edit.h"
#include "bindings/java/native/reading.h"

using stave_java::Buffer;
using stave_java::EditCall;
using stave_java::kAbsent;

namespace {

// Set once, when the library is loaded.
jmethodID accept_long_method;

struct AtomicCall {
  JNIEnv* environment;  // of the thread that calls: the body runs on it
  jobject body;
};

// As stave_atomic_callback. The exception of the body stays pending while the call unwinds, and
// comes out of it.
stave_status run_body(void* context, stave_atomic* atomic) {
  const auto& call = *static_cast<const AtomicCall*>(context);
  call.environment->CallVoidMethod(call.body, accept_long_method,
                                   static_cast<jlong>(reinterpret_cast<intptr_t>(atomic)));
  return call.environment->ExceptionCheck() ? STAVE_CANCELLED : STAVE_OK;
}

using Update = decltype(&stave_store_update);

jbyteArray update_with(Update update, JNIEnv* environment, stave_store* store, const void* key,
                       size_t key_size, jobject edit, const stave_write_options* options) {
  stave_error error;
  Buffer value;
  EditCall call(environment, edit);
  const stave_status status =
      update(store, key, key_size, EditCall::edit, &call, value.get(), options, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return status == STAVE_OK ? value.to_java(environment) : nullptr;
}

}  // namespace

jboolean stave_java_load_store_update(JNIEnv* environment) {
  const jclass consumer = environment->FindClass("java/util/function/LongConsumer");
  if (consumer == nullptr) return JNI_FALSE;
  accept_long_method = environment->GetMethodID(consumer, "accept", "(J)V");
  return accept_long_method != nullptr;
}

jint stave_java_value_size(JNIEnv* environment, stave_store* store, const void* key,
                           size_t key_size) {
  stave_error error;
  size_t size = 0;
  const stave_status status = stave_store_value_size(store, key, key_size, &size, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return status == STAVE_OK ? static_cast<jint>(size) : kAbsent;
}

jlong stave_java_expires_at(JNIEnv* environment, stave_store* store, const void* key,
                            size_t key_size) {
  stave_error error;
  uint64_t expires_at = 0;
  const stave_status status = stave_store_expires_at(store, key, key_size, &expires_at, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return status == STAVE_OK ? static_cast<jlong>(expires_at) : kAbsent;
}

jbyteArray stave_java_update(JNIEnv* environment, stave_store* store, const void* key,
                             size_t key_size, jobject edit, const stave_write_options* options) {
  return update_with(stave_store_update, environment, store, key, key_size, edit, options);
}

jbyteArray stave_java_fetch_update(JNIEnv* environment, stave_store* store, const void* key,
                                   size_t key_size, jobject edit,
                                   const stave_write_options* options) {
  return update_with(stave_store_fetch_update, environment, store, key, key_size, edit, options);
}

jbyteArray stave_java_exchange(JNIEnv* environment, stave_store* store, const void* key,
                               size_t key_size, const void* value, size_t value_size,
                               const stave_write_options* options) {
  stave_error error;
  Buffer previous;
  uint8_t existed = 0;
  const stave_status status = stave_store_exchange(store, key, key_size, value, value_size,
                                                   previous.get(), &existed, options, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return status == STAVE_OK && existed != 0 ? previous.to_java(environment) : nullptr;
}

jlong stave_java_atomic(JNIEnv* environment, stave_store* store, const void* key, size_t key_size,
                        jobject body, const stave_write_options* options) {
  stave_error error;
  uint64_t version = 0;
  AtomicCall call = {environment, body};
  const stave_status status =
      stave_store_atomic(store, key, key_size, run_body, &call, &version, options, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return static_cast<jlong>(version);
}
