#include "bindings/java/native/index.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <limits>

namespace {

// The room of a thread's scratch memory: internal.Scratch.ROOM.
constexpr size_t kScratchRoom = 16 << 10;

// Set once, when the library is loaded.
jmethodID key_method;
jmethodID hash_method;
jmethodID long_value_method;

}  // namespace

jboolean stave_java_load_index(JNIEnv* environment) {
  const jclass resolver = environment->FindClass("io/github/stavedb/stave/IndexResolver");
  if (resolver == nullptr) return JNI_FALSE;
  key_method = environment->GetMethodID(resolver, "keyOf", "(J)[B");
  if (key_method == nullptr) return JNI_FALSE;
  hash_method = environment->GetMethodID(resolver, "hashOf", "(J)Ljava/lang/Long;");
  if (hash_method == nullptr) return JNI_FALSE;
  const jclass boxed = environment->FindClass("java/lang/Long");
  if (boxed == nullptr) return JNI_FALSE;
  long_value_method = environment->GetMethodID(boxed, "longValue", "()J");
  return long_value_method != nullptr;
}

// ---- Structs ---------------------------------------------------------------------------------

// ---- The resolver ----------------------------------------------------------------------------

namespace {

struct ResolverContext {
  jweak resolver;
  stave_index* index;
};

// A call of this thread in which a resolver of Java may be asked. What the resolver throws waits
// here while C unwinds, and comes out of the call if that fails of it: a call may go on without the
// answer (growth is put off then), and ask again, for which no exception may be pending.
class AskingCall {
 public:
  explicit AskingCall(JNIEnv* environment) : environment_(environment), outer_(innermost) {
    innermost = this;
  }
  ~AskingCall() { innermost = outer_; }
  AskingCall(const AskingCall&) = delete;
  AskingCall& operator=(const AskingCall&) = delete;

  static AskingCall& of_this_thread() { return *innermost; }

  JNIEnv* environment() const { return environment_; }
  // The resolver has thrown: the answer that C gets.
  stave_status keep_thrown() {
    if (thrown_ != nullptr) environment_->DeleteLocalRef(thrown_);
    thrown_ = environment_->ExceptionOccurred();
    environment_->ExceptionClear();
    return STAVE_CANCELLED;
  }
  // Behind the call: the exception for a negative status.
  void finish(stave_status status, const stave_error& error) const {
    if (status >= 0) return;
    if (thrown_ != nullptr)
      environment_->Throw(thrown_);
    else
      stave_java_throw(environment_, status, &error, 0);
  }

 private:
  static thread_local AskingCall* innermost;

  JNIEnv* environment_;
  AskingCall* outer_;
  jthrowable thrown_ = nullptr;
};

thread_local AskingCall* AskingCall::innermost = nullptr;

// A reference that goes with the scope: a call with many keys asks more often than the Java machine
// has room for references of one call.
template <typename Reference>
class Local {
 public:
  Local(JNIEnv* environment, jobject reference)
      : environment_(environment), reference_(static_cast<Reference>(reference)) {}
  ~Local() { environment_->DeleteLocalRef(reference_); }
  Local(const Local&) = delete;
  Local& operator=(const Local&) = delete;

  Reference get() const { return reference_; }

 private:
  JNIEnv* environment_;
  Reference reference_;
};

bool has_bytes(JNIEnv* environment, jbyteArray array, const void* bytes, size_t size) {
  if (static_cast<size_t>(environment->GetArrayLength(array)) != size) return false;
  jbyte part[1024];
  for (size_t at = 0; at < size; at += sizeof part) {
    const size_t part_size = std::min(sizeof part, size - at);
    environment->GetByteArrayRegion(array, static_cast<jsize>(at), static_cast<jsize>(part_size),
                                    part);
    if (std::memcmp(part, static_cast<const char*>(bytes) + at, part_size) != 0) return false;
  }
  return true;
}

stave_status compare_key(void* context, uint64_t value, const void* key, size_t key_size) {
  AskingCall& call = AskingCall::of_this_thread();
  JNIEnv* const environment = call.environment();
  const Local<jobject> resolver(
      environment, environment->NewLocalRef(static_cast<ResolverContext*>(context)->resolver));
  const Local<jbyteArray> own(environment,
                              environment->CallObjectMethod(resolver.get(), key_method, value));
  if (environment->ExceptionCheck()) return call.keep_thrown();
  if (own.get() == nullptr) return STAVE_NOT_FOUND;
  return has_bytes(environment, own.get(), key, key_size) ? STAVE_OK : STAVE_MISMATCH;
}

// The index's own hash of the key of the record.
stave_status hash_key(AskingCall& call, jobject resolver, stave_index* index, uint64_t value,
                      uint64_t* hash) {
  JNIEnv* const environment = call.environment();
  const Local<jbyteArray> key(environment,
                              environment->CallObjectMethod(resolver, key_method, value));
  if (environment->ExceptionCheck()) return call.keep_thrown();
  if (key.get() == nullptr) return STAVE_NOT_FOUND;
  stave_java_bytes bytes;
  stave_java_copy_bytes(environment, key.get(), &bytes);
  const stave_status status = stave_index_hash(index, bytes.data, bytes.size, hash, nullptr);
  stave_java_release(environment, &bytes);
  return environment->ExceptionCheck() ? call.keep_thrown() : status;
}

stave_status find_hash(void* context, uint64_t value, uint64_t* hash) {
  AskingCall& call = AskingCall::of_this_thread();
  JNIEnv* const environment = call.environment();
  const auto& asked = *static_cast<ResolverContext*>(context);
  const Local<jobject> resolver(environment, environment->NewLocalRef(asked.resolver));
  const Local<jobject> boxed(environment,
                             environment->CallObjectMethod(resolver.get(), hash_method, value));
  if (environment->ExceptionCheck()) return call.keep_thrown();
  if (boxed.get() == nullptr) return hash_key(call, resolver.get(), asked.index, value, hash);
  *hash = static_cast<uint64_t>(environment->CallLongMethod(boxed.get(), long_value_method));
  return environment->ExceptionCheck() ? call.keep_thrown() : STAVE_OK;
}

// In a thread of Java: the one that closes the index, or the Cleaner's.
void destroy_context(void* context) {
  const auto* const resolver = static_cast<ResolverContext*>(context);
  JNIEnv* const environment = stave_java_environment();
  if (environment != nullptr) environment->DeleteWeakGlobalRef(resolver->resolver);
  delete resolver;
}

}  // namespace

stave_status stave_java_index_create(JNIEnv* environment, const stave_index_options* options,
                                     jobject resolver, stave_index** index, stave_error* error) {
  if (resolver == nullptr) return stave_index_create(options, nullptr, index, error);
  auto* const context = new (std::nothrow) ResolverContext{};
  if (context != nullptr) context->resolver = environment->NewWeakGlobalRef(resolver);
  if (context == nullptr || context->resolver == nullptr) {
    delete context;
    stave_java_throw_no_memory(environment);
    return STAVE_NO_MEMORY;
  }
  stave_index_resolver functions;
  stave_index_resolver_init(&functions);
  functions.compare = compare_key;
  functions.hash = find_hash;
  functions.destroy = destroy_context;
  functions.context = context;
  const stave_status status = stave_index_create(options, &functions, index, error);
  if (status == STAVE_OK)
    context->index = *index;
  else
    destroy_context(context);
  return status;
}

// ---- One key ---------------------------------------------------------------------------------

namespace {

struct KeyCall {
  stave_index* index;
  const void* key;
  size_t key_size;
  uint64_t hash;
  uint64_t first;
  uint64_t second;
};

stave_status run(jint operation, const KeyCall& call, uint64_t* result, stave_error* error) {
  const auto [index, key, size, hash, first, second] = call;
  stave_status status;
  uint8_t existed = 0;
  switch (operation) {
    case INDEX_PUT:
      status = stave_index_put(index, key, size, first, result, &existed, error);
      break;
    case INDEX_INSERT:
      return stave_index_insert(index, key, size, first, result, error);
    case INDEX_COMPARE_AND_SWAP:
      return stave_index_compare_and_swap(index, key, size, first, second, result, error);
    case INDEX_GET:
      return stave_index_get(index, key, size, result, error);
    case INDEX_CONTAINS:
      return stave_index_contains(index, key, size, error);
    case INDEX_REMOVE:
      return stave_index_remove(index, key, size, result, error);
    case INDEX_REMOVE_IF:
      return stave_index_remove_if(index, key, size, first, result, error);
    case INDEX_HASH:
      return stave_index_hash(index, key, size, result, error);
    case INDEX_HASHED + INDEX_PUT:
      status = stave_index_put_hashed(index, key, size, hash, first, result, &existed, error);
      break;
    case INDEX_HASHED + INDEX_INSERT:
      return stave_index_insert_hashed(index, key, size, hash, first, result, error);
    case INDEX_HASHED + INDEX_COMPARE_AND_SWAP:
      return stave_index_compare_and_swap_hashed(index, key, size, hash, first, second, result,
                                                 error);
    case INDEX_HASHED + INDEX_GET:
      return stave_index_get_hashed(index, key, size, hash, result, error);
    case INDEX_HASHED + INDEX_CONTAINS:
      return stave_index_contains_hashed(index, key, size, hash, error);
    case INDEX_HASHED + INDEX_REMOVE:
      return stave_index_remove_hashed(index, key, size, hash, result, error);
    default:
      return stave_index_remove_if_hashed(index, key, size, hash, first, result, error);
  }
  return status == STAVE_OK && existed == 0 ? STAVE_NOT_FOUND : status;
}

// The resolver may use the thread's scratch memory, where the key is if it fits.
stave_status run_asking(JNIEnv* environment, jint operation, KeyCall call, uint64_t* result) {
  char copy[kScratchRoom];
  if (call.key_size <= sizeof copy) {
    std::memcpy(copy, call.key, call.key_size);
    call.key = copy;
  }
  stave_error error;
  const AskingCall asking(environment);
  const stave_status status = run(operation, call, result, &error);
  asking.finish(status, error);
  return status;
}

}  // namespace

jint stave_java_index_call(JNIEnv* environment, stave_index* index, jint operation,
                           const void* key_at, size_t key_size, jlong hash, jlong first,
                           jlong second, void* result_at) {
  const KeyCall call = {index,
                        key_at,
                        key_size,
                        static_cast<uint64_t>(hash),
                        static_cast<uint64_t>(first),
                        static_cast<uint64_t>(second)};
  uint64_t result = 0;
  stave_status status;
  if ((operation & INDEX_RESOLVED) != 0) {
    status = run_asking(environment, operation - INDEX_RESOLVED, call, &result);
  } else {
    stave_error error;
    status = run(operation, call, &result, &error);
    if (status < 0) stave_java_throw(environment, status, &error, 0);
  }
  std::memcpy(result_at, &result, sizeof result);
  return status;
}

// ---- Many keys -------------------------------------------------------------------------------

void stave_java_index_multi_get(JNIEnv* environment, stave_index* index, const void* keys,
                                const uint32_t* key_sizes, jint count, jlongArray values_out,
                                jbooleanArray found_out) {
  const auto key_count = static_cast<size_t>(count);
  const auto values = stave_java_allocate<uint64_t>(key_count);
  const auto found = stave_java_allocate<uint8_t>(key_count);
  if (values == nullptr || found == nullptr) return stave_java_throw_no_memory(environment);
  stave_error error;
  const AskingCall asking(environment);
  const stave_status status =
      stave_index_multi_get(index, keys, key_sizes, key_count, values.get(), found.get(), &error);
  if (status != STAVE_OK) return asking.finish(status, error);
  environment->SetLongArrayRegion(values_out, 0, count,
                                  reinterpret_cast<const jlong*>(values.get()));
  environment->SetBooleanArrayRegion(found_out, 0, count, found.get());
}

void stave_java_index_multi_put(JNIEnv* environment, stave_index* index, const void* keys,
                                const uint32_t* key_sizes, jint count, const uint64_t* values,
                                jlongArray previous_out, jbooleanArray existed_out,
                                jintArray done_out) {
  const auto key_count = static_cast<size_t>(count);
  const auto previous = stave_java_allocate<uint64_t>(key_count);
  const auto existed = stave_java_allocate<uint8_t>(key_count);
  if (previous == nullptr || existed == nullptr) return stave_java_throw_no_memory(environment);
  stave_error error;
  size_t done = 0;
  const AskingCall asking(environment);
  const stave_status status = stave_index_multi_put(index, keys, key_sizes, key_count, values,
                                                    previous.get(), existed.get(), &done, &error);
  const auto done_count = static_cast<jint>(done);
  environment->SetLongArrayRegion(previous_out, 0, done_count,
                                  reinterpret_cast<const jlong*>(previous.get()));
  environment->SetBooleanArrayRegion(existed_out, 0, done_count, existed.get());
  environment->SetIntArrayRegion(done_out, 0, 1, &done_count);
  asking.finish(status, error);
}

// ---- The whole -------------------------------------------------------------------------------

void stave_java_index_reserve(JNIEnv* environment, stave_index* index, jlong capacity) {
  stave_error error;
  const AskingCall asking(environment);
  asking.finish(stave_index_reserve(index, static_cast<uint64_t>(capacity), &error), error);
}

void stave_java_index_shrink_to_fit(JNIEnv* environment, stave_index* index) {
  stave_error error;
  const AskingCall asking(environment);
  asking.finish(stave_index_shrink_to_fit(index, &error), error);
}

jlongArray stave_java_index_values(JNIEnv* environment, stave_index* index) {
  stave_error error;
  stave_buffer values;
  stave_buffer_init(&values);
  uint64_t count = 0;
  stave_status status = stave_index_collect_values(index, &values, &count, &error);
  jlongArray array = nullptr;
  if (status == STAVE_OK && count > std::numeric_limits<jint>::max() - 8) {
    status = STAVE_TOO_LARGE;
    std::snprintf(error.message, sizeof error.message, "%s",
                  "the index has more values than an array holds: use a cursor");
    error.os_errno = 0;
  }
  if (status == STAVE_OK) {
    const auto length = static_cast<jsize>(count);
    array = environment->NewLongArray(length);
    if (array != nullptr && length > 0)
      environment->SetLongArrayRegion(array, 0, length, static_cast<const jlong*>(values.data));
  } else {
    stave_java_throw(environment, status, &error, 0);
  }
  stave_buffer_free(&values);
  return array;
}

// ---- Cursors ---------------------------------------------------------------------------------

jbyteArray stave_java_index_next_many(JNIEnv* environment, stave_index_cursor* cursor,
                                      jint count_max, jint bytes_max, jlongArray values_out,
                                      jintArray sizes_out) {
  const auto entries_max = static_cast<size_t>(count_max);
  const auto values = stave_java_allocate<uint64_t>(entries_max);
  const auto sizes = stave_java_allocate<uint32_t>(entries_max);
  if (values == nullptr || sizes == nullptr) {
    stave_java_throw_no_memory(environment);
    return nullptr;
  }
  stave_error error;
  stave_buffer keys;
  stave_buffer_init(&keys);
  size_t count = 0;
  const stave_status status = stave_index_cursor_next_many(cursor, entries_max, values.get(),
                                                           static_cast<size_t>(bytes_max), &keys,
                                                           sizes.get(), &count, &error);
  jbyteArray array = nullptr;
  if (status == STAVE_OK) {
    const auto length = static_cast<jsize>(count);
    const auto entries = static_cast<jlong>(count);
    environment->SetLongArrayRegion(values_out, 0, length,
                                    reinterpret_cast<const jlong*>(values.get()));
    environment->SetLongArrayRegion(values_out, count_max, 1, &entries);
    environment->SetIntArrayRegion(sizes_out, 0, length,
                                   reinterpret_cast<const jint*>(sizes.get()));
    array = stave_java_new_bytes(environment, keys.data, keys.size);
  } else if (status < 0) {
    stave_java_throw(environment, status, &error, 0);
  }
  stave_buffer_free(&keys);
  return array;
}

jlongArray stave_java_index_next_values(JNIEnv* environment, stave_index_cursor* cursor,
                                        jint count_max) {
  const auto values = stave_java_allocate<uint64_t>(static_cast<size_t>(count_max));
  if (values == nullptr) {
    stave_java_throw_no_memory(environment);
    return nullptr;
  }
  stave_error error;
  size_t count = 0;
  const stave_status status = stave_index_cursor_next_many(
      cursor, static_cast<size_t>(count_max), values.get(), 0, nullptr, nullptr, &count, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  if (status != STAVE_OK) return nullptr;
  const auto length = static_cast<jsize>(count);
  const jlongArray array = environment->NewLongArray(length);
  if (array != nullptr) {
    environment->SetLongArrayRegion(array, 0, length, reinterpret_cast<const jlong*>(values.get()));
  }
  return array;
}
