#include "bindings/java/native/store_watch.h"

#include "bindings/java/native/edit.h"

namespace {

// Set once, when the library is loaded.
jmethodID on_change_method;
jmethodID decide_method;
jmethodID on_progress_method;

// References that go with the scope: a call of many records has more than the Java machine has room
// for in one call. Where there is no memory for it, an exception is pending.
class LocalFrame {
 public:
  explicit LocalFrame(JNIEnv* environment)
      : environment_(environment), is_there_(environment->PushLocalFrame(kReferences) == 0) {}
  ~LocalFrame() {
    if (is_there_) environment_->PopLocalFrame(nullptr);
  }
  LocalFrame(const LocalFrame&) = delete;
  LocalFrame& operator=(const LocalFrame&) = delete;

  bool is_there() const { return is_there_; }

 private:
  static constexpr jint kReferences = 8;

  JNIEnv* environment_;
  bool is_there_;
};

}  // namespace

jboolean stave_java_load_store_watch(JNIEnv* environment) {
  const jclass listener = environment->FindClass("io/github/stavedb/stave/internal/ChangeListener");
  if (listener == nullptr) return JNI_FALSE;
  on_change_method = environment->GetMethodID(listener, "onChange", "([B[B[BJJ)Z");
  if (on_change_method == nullptr) return JNI_FALSE;
  const jclass decider = environment->FindClass("io/github/stavedb/stave/internal/RecordDecider");
  if (decider == nullptr) return JNI_FALSE;
  decide_method = environment->GetMethodID(decider, "decide", "([B[B[[B)I");
  if (decide_method == nullptr) return JNI_FALSE;
  on_progress_method = environment->GetMethodID(decider, "onProgress", "(JJ[B)Z");
  return on_progress_method != nullptr;
}

// ---- Hooks -----------------------------------------------------------------------------------

namespace {

// Shows the change to an internal.ChangeListener. An exception is pending when it has thrown, or
// when Java's heap is full.
stave_status show(JNIEnv* environment, jobject listener, const stave_change& change) {
  const jbyteArray key = stave_java_new_bytes(environment, change.key, change.key_size);
  if (key == nullptr) return STAVE_NO_MEMORY;
  jbyteArray value = nullptr;
  if (change.removed == 0) {
    value = stave_java_new_bytes(environment, change.value, change.value_size);
    if (value == nullptr) return STAVE_NO_MEMORY;
  }
  jbyteArray old_value = nullptr;
  if (change.has_old_value != 0) {
    old_value = stave_java_new_bytes(environment, change.old_value, change.old_value_size);
    if (old_value == nullptr) return STAVE_NO_MEMORY;
  }
  const jboolean seen = environment->CallBooleanMethod(
      listener, on_change_method, key, value, old_value, static_cast<jlong>(change.expires_at),
      static_cast<jlong>(change.version));
  return !environment->ExceptionCheck() && seen ? STAVE_OK : STAVE_CANCELLED;
}

struct WriteHook {
  jweak listener;
};

// As stave_hook, in the thread that writes, which is inside a call of Java. Other hooks are called
// behind this one, for which no exception may be pending.
stave_status on_write(void* context, const stave_change* change) {
  JNIEnv* const environment = stave_java_environment();
  const LocalFrame frame(environment);
  stave_status status = STAVE_NO_MEMORY;
  if (frame.is_there()) {
    const jobject listener =
        environment->NewLocalRef(static_cast<const WriteHook*>(context)->listener);
    status = show(environment, listener, *change);
  }
  environment->ExceptionClear();
  return status;
}

struct VisitCall {
  JNIEnv* environment;  // of the thread that calls: the listener runs on it
  jobject listener;
};

// As stave_hook. The exception of the listener stays pending while the call unwinds, and comes out
// of it.
stave_status on_record(void* context, const stave_change* change) {
  const auto& call = *static_cast<const VisitCall*>(context);
  const LocalFrame frame(call.environment);
  return frame.is_there() ? show(call.environment, call.listener, *change) : STAVE_NO_MEMORY;
}

}  // namespace

jlong stave_java_on_write(JNIEnv* environment, stave_store* store, jboolean wants_old_values,
                          jobject listener) {
  auto* const hook = new (std::nothrow) WriteHook{};
  if (hook != nullptr) hook->listener = environment->NewWeakGlobalRef(listener);
  if (hook == nullptr || hook->listener == nullptr) {
    delete hook;
    stave_java_throw_no_memory(environment);
    return 0;
  }
  const auto context = static_cast<jlong>(reinterpret_cast<intptr_t>(hook));
  stave_error error;
  const stave_status status = stave_store_on_write(
      store, wants_old_values ? STAVE_HOOK_OLD_VALUE : 0, on_write, hook, &error);
  if (status == STAVE_OK) return context;
  stave_java_free_hook(environment, context);
  stave_java_throw(environment, status, &error, 0);
  return 0;
}

void stave_java_free_hook(JNIEnv* environment, jlong hook) {
  const auto* const context = reinterpret_cast<const WriteHook*>(static_cast<intptr_t>(hook));
  environment->DeleteWeakGlobalRef(context->listener);
  delete context;
}

void stave_java_on_open(JNIEnv* environment, stave_store* store, jobject listener) {
  VisitCall call = {environment, listener};
  stave_error error;
  const stave_status status = stave_store_on_open(store, on_record, &call, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
}

// ---- Changing all records --------------------------------------------------------------------

namespace {

struct MigrateCall {
  JNIEnv* environment;  // of the thread that calls: the decider runs on it
  jobject decider;
  jobjectArray updated;  // of one element: the new value
};

// As stave_migration. The exception of the decider stays pending while the call unwinds, and comes
// out of it.
stave_status decide(void* context, const void* key, size_t key_size, stave_buffer* value,
                    uint32_t* action) {
  const auto& call = *static_cast<const MigrateCall*>(context);
  JNIEnv* const environment = call.environment;
  const LocalFrame frame(environment);
  if (!frame.is_there()) return STAVE_CANCELLED;
  const jbyteArray key_bytes = stave_java_new_bytes(environment, key, key_size);
  if (key_bytes == nullptr) return STAVE_CANCELLED;
  const jbyteArray value_bytes = stave_java_new_bytes(environment, value->data, value->size);
  if (value_bytes == nullptr) return STAVE_CANCELLED;
  *action = static_cast<uint32_t>(environment->CallIntMethod(call.decider, decide_method, key_bytes,
                                                             value_bytes, call.updated));
  if (environment->ExceptionCheck()) return STAVE_CANCELLED;
  if (*action != STAVE_MIGRATE_UPDATE) return STAVE_OK;
  const auto updated = static_cast<jbyteArray>(environment->GetObjectArrayElement(call.updated, 0));
  return stave_java::fill(environment, updated, value);
}

// As stave_migrate_progress, likewise.
stave_status on_migrated(void* context, uint64_t done, uint64_t total, const void* token,
                         size_t token_size) {
  const auto& call = *static_cast<const MigrateCall*>(context);
  JNIEnv* const environment = call.environment;
  const LocalFrame frame(environment);
  if (!frame.is_there()) return STAVE_CANCELLED;
  const jbyteArray token_bytes = stave_java_new_bytes(environment, token, token_size);
  if (token_bytes == nullptr) return STAVE_CANCELLED;
  const jboolean goes_on =
      environment->CallBooleanMethod(call.decider, on_progress_method, static_cast<jlong>(done),
                                     static_cast<jlong>(total), token_bytes);
  return !environment->ExceptionCheck() && goes_on ? STAVE_OK : STAVE_CANCELLED;
}

}  // namespace

jlong stave_java_migrate(JNIEnv* environment, stave_store* store, jobject decider,
                         const void* token, size_t token_size, const stave_write_options* options) {
  const jclass bytes = environment->FindClass("[B");
  if (bytes == nullptr) return 0;
  MigrateCall call = {environment, decider, environment->NewObjectArray(1, bytes, nullptr)};
  if (call.updated == nullptr) return 0;
  stave_error error;
  uint64_t changed = 0;
  const stave_status status = stave_store_migrate(store, decide, on_migrated, &call, token,
                                                  token_size, &changed, options, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return static_cast<jlong>(changed);
}
