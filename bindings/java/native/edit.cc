#include "bindings/java/native/edit.h"

namespace {

// Set once, when the library is loaded.
jmethodID apply_method;
jclass null_pointer_class;

}  // namespace

jboolean stave_java_load_edit(JNIEnv* environment) {
  const jclass function = environment->FindClass("java/util/function/Function");
  if (function == nullptr) return JNI_FALSE;
  apply_method =
      environment->GetMethodID(function, "apply", "(Ljava/lang/Object;)Ljava/lang/Object;");
  const jclass null_pointer = environment->FindClass("java/lang/NullPointerException");
  if (apply_method == nullptr || null_pointer == nullptr) return JNI_FALSE;
  null_pointer_class = static_cast<jclass>(environment->NewGlobalRef(null_pointer));
  return null_pointer_class != nullptr;
}

stave_status stave_java::fill(JNIEnv* environment, jbyteArray array, stave_buffer* value) {
  const jsize size = environment->GetArrayLength(array);
  const stave_status status = stave_buffer_resize(value, static_cast<size_t>(size), nullptr);
  if (status == STAVE_OK && size > 0)
    environment->GetByteArrayRegion(array, 0, size, static_cast<jbyte*>(value->data));
  return status;
}

stave_status stave_java::EditCall::edit(void* context, stave_buffer* value) {
  const auto& call = *static_cast<const EditCall*>(context);
  JNIEnv* const environment = call.environment_;
  const jbyteArray old = stave_java_new_bytes(environment, value->data, value->size);
  if (old == nullptr) return STAVE_CANCELLED;
  const auto made =
      static_cast<jbyteArray>(environment->CallObjectMethod(call.function_, apply_method, old));
  if (environment->ExceptionCheck()) return STAVE_CANCELLED;
  if (made == nullptr) {
    environment->ThrowNew(null_pointer_class, "the function returned null");
    return STAVE_CANCELLED;
  }
  return fill(environment, made, value);
}
