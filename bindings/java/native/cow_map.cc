#include "bindings/java/native/cow_map.h"

#include <cstring>

#include "bindings/java/native/edit.h"
#include "bindings/java/native/reading.h"

using stave_java::Buffer;
using stave_java::EditCall;

namespace {

struct MapSource {
  stave_cow_map* map;
  int64_t key;

  stave_status get(void* data, size_t capacity, size_t* size, stave_error* error) const {
    return stave_cow_map_get(map, key, data, capacity, size, error);
  }
  stave_status get_pin(stave_pin** pin, stave_error* error) const {
    return stave_cow_map_get_pin(map, key, pin, error);
  }
};

// What calls return that yield the present value.
jbyteArray current(JNIEnv* environment, stave_status status, const stave_error& error,
                   const Buffer& value, jbooleanArray inserted_out) {
  if (status < 0) {
    stave_java_throw(environment, status, &error, 0);
    return nullptr;
  }
  const jboolean inserted = status == STAVE_OK;
  environment->SetBooleanArrayRegion(inserted_out, 0, 1, &inserted);
  return value.to_java(environment);
}

}  // namespace

// ---- Structs ---------------------------------------------------------------------------------

// ---- Reading ---------------------------------------------------------------------------------

jbyteArray stave_java_cow_map_get(JNIEnv* environment, stave_cow_map* map, jlong key) {
  return stave_java::read_fresh(environment, MapSource{map, key});
}

jint stave_java_cow_map_get_into(JNIEnv* environment, stave_cow_map* map, jlong key,
                                 jbyteArray target, jint offset, jint capacity) {
  return stave_java::read_into(environment, MapSource{map, key}, target, offset, capacity);
}

jint stave_java_cow_map_get_direct(JNIEnv* environment, stave_cow_map* map, jlong key,
                                   void* target_buffer, size_t target_size) {
  return stave_java::read_direct(environment, MapSource{map, key}, target_buffer, target_size);
}

jint stave_java_cow_map_get_at(JNIEnv* environment, stave_cow_map* map, jlong key, void* target_at,
                               size_t target_size) {
  return stave_java::read_at(environment, MapSource{map, key}, target_at, target_size);
}

jbyteArray stave_java_cow_map_multi_get(JNIEnv* environment, stave_cow_map* map, jlongArray keys,
                                        jlongArray value_sizes_out) {
  const jsize count = environment->GetArrayLength(keys);
  const auto copied = stave_java_allocate<jlong>(static_cast<size_t>(count));
  const auto sizes = stave_java_allocate<uint64_t>(static_cast<size_t>(count));
  if (copied == nullptr || sizes == nullptr) {
    stave_java_throw_no_memory(environment);
    return nullptr;
  }
  environment->GetLongArrayRegion(keys, 0, count, copied.get());
  stave_error error;
  Buffer values;
  const stave_status status =
      stave_cow_map_multi_get(map, reinterpret_cast<const int64_t*>(copied.get()),
                              static_cast<size_t>(count), values.get(), sizes.get(), &error);
  if (status < 0) {
    stave_java_throw(environment, status, &error, 0);
    return nullptr;
  }
  environment->SetLongArrayRegion(value_sizes_out, 0, count,
                                  reinterpret_cast<const jlong*>(sizes.get()));
  return values.to_java(environment);
}

// ---- Writing ---------------------------------------------------------------------------------

jboolean stave_java_cow_map_put(JNIEnv* environment, stave_cow_map* map, jlong key,
                                const void* value, size_t value_size) {
  stave_error error;
  uint8_t replaced = 0;
  const stave_status status =
      stave_cow_map_put(map, key, value, value_size, &replaced, nullptr, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return replaced;
}

jbyteArray stave_java_cow_map_swap(JNIEnv* environment, stave_cow_map* map, jlong key,
                                   const void* value, size_t value_size) {
  stave_error error;
  Buffer previous;
  uint8_t replaced = 0;
  const stave_status status =
      stave_cow_map_put(map, key, value, value_size, &replaced, previous.get(), &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return replaced != 0 ? previous.to_java(environment) : nullptr;
}

jboolean stave_java_cow_map_insert(JNIEnv* environment, stave_cow_map* map, jlong key,
                                   const void* value, size_t value_size) {
  stave_error error;
  const stave_status status = stave_cow_map_insert(map, key, value, value_size, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return status == STAVE_OK;
}

jbyteArray stave_java_cow_map_replace(JNIEnv* environment, stave_cow_map* map, jlong key,
                                      const void* value, size_t value_size) {
  stave_error error;
  Buffer previous;
  const stave_status status =
      stave_cow_map_replace(map, key, value, value_size, previous.get(), &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return status == STAVE_OK ? previous.to_java(environment) : nullptr;
}

void stave_java_cow_map_multi_put(JNIEnv* environment, stave_cow_map* map, const uint64_t* keys,
                                  const void* values, const uint64_t* value_sizes,
                                  jbooleanArray replaced_out, jintArray done_out) {
  const auto count = static_cast<size_t>(environment->GetArrayLength(replaced_out));
  const auto replaced = stave_java_allocate<uint8_t>(count);
  if (replaced == nullptr) return stave_java_throw_no_memory(environment);
  stave_error error;
  size_t done = 0;
  const stave_status status =
      stave_cow_map_multi_put(map, reinterpret_cast<const int64_t*>(keys), values, value_sizes,
                              count, replaced.get(), &done, &error);
  const auto done_count = static_cast<jint>(done);
  environment->SetBooleanArrayRegion(replaced_out, 0, done_count, replaced.get());
  environment->SetIntArrayRegion(done_out, 0, 1, &done_count);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
}

jboolean stave_java_cow_map_remove(JNIEnv* environment, stave_cow_map* map, jlong key) {
  stave_error error;
  const stave_status status = stave_cow_map_remove(map, key, nullptr, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return status == STAVE_OK;
}

jbyteArray stave_java_cow_map_take(JNIEnv* environment, stave_cow_map* map, jlong key) {
  stave_error error;
  Buffer removed;
  const stave_status status = stave_cow_map_remove(map, key, removed.get(), &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return status == STAVE_OK ? removed.to_java(environment) : nullptr;
}

jboolean stave_java_cow_map_modify(JNIEnv* environment, stave_cow_map* map, jlong key,
                                   jobject edit) {
  stave_error error;
  EditCall call(environment, edit);
  const stave_status status = stave_cow_map_modify(map, key, EditCall::edit, &call, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return status == STAVE_OK;
}

jbyteArray stave_java_cow_map_get_or_insert(JNIEnv* environment, stave_cow_map* map, jlong key,
                                            const void* value, size_t value_size,
                                            jbooleanArray inserted_out) {
  stave_error error;
  Buffer result;
  const stave_status status =
      stave_cow_map_get_or_insert(map, key, value, value_size, result.get(), &error);
  return current(environment, status, error, result, inserted_out);
}

jbyteArray stave_java_cow_map_get_or_insert_with(JNIEnv* environment, stave_cow_map* map, jlong key,
                                                 jobject edit, jbooleanArray inserted_out) {
  stave_error error;
  Buffer result;
  EditCall call(environment, edit);
  const stave_status status =
      stave_cow_map_get_or_insert_with(map, key, EditCall::edit, &call, result.get(), &error);
  return current(environment, status, error, result, inserted_out);
}

jbyteArray stave_java_cow_map_update_or_insert(JNIEnv* environment, stave_cow_map* map, jlong key,
                                               jobject edit, const void* value, size_t value_size,
                                               jbooleanArray inserted_out) {
  stave_error error;
  Buffer result;
  EditCall call(environment, edit);
  const stave_status status = stave_cow_map_update_or_insert(map, key, EditCall::edit, &call, value,
                                                             value_size, result.get(), &error);
  return current(environment, status, error, result, inserted_out);
}

// ---- Cursors and diffs -----------------------------------------------------------------------

jbyteArray stave_java_cow_map_next_many(JNIEnv* environment, stave_cow_map_cursor* cursor,
                                        jint count_max, jint bytes_max, jlongArray keys_out,
                                        jlongArray sizes_out) {
  const auto entries_max = static_cast<size_t>(count_max);
  const auto keys = stave_java_allocate<int64_t>(entries_max);
  const auto sizes = stave_java_allocate<uint64_t>(entries_max);
  if (keys == nullptr || sizes == nullptr) {
    stave_java_throw_no_memory(environment);
    return nullptr;
  }
  stave_error error;
  Buffer values;
  size_t count = 0;
  const stave_status status =
      stave_cow_map_cursor_next_many(cursor, entries_max, static_cast<size_t>(bytes_max),
                                     keys.get(), values.get(), sizes.get(), &count, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  if (status != STAVE_OK) return nullptr;
  const auto length = static_cast<jsize>(count);
  const auto entries = static_cast<jlong>(count);
  if (keys_out != nullptr) {
    environment->SetLongArrayRegion(keys_out, 0, length,
                                    reinterpret_cast<const jlong*>(keys.get()));
  }
  environment->SetLongArrayRegion(sizes_out, 0, length,
                                  reinterpret_cast<const jlong*>(sizes.get()));
  environment->SetLongArrayRegion(sizes_out, count_max, 1, &entries);
  return values.to_java(environment);
}

jlongArray stave_java_cow_map_next_keys(JNIEnv* environment, stave_cow_map_cursor* cursor,
                                        jint count_max) {
  const auto keys = stave_java_allocate<int64_t>(static_cast<size_t>(count_max));
  if (keys == nullptr) {
    stave_java_throw_no_memory(environment);
    return nullptr;
  }
  stave_error error;
  size_t count = 0;
  const stave_status status = stave_cow_map_cursor_next_many(
      cursor, static_cast<size_t>(count_max), 0, keys.get(), nullptr, nullptr, &count, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  if (status != STAVE_OK) return nullptr;
  const auto length = static_cast<jsize>(count);
  const jlongArray array = environment->NewLongArray(length);
  if (array != nullptr)
    environment->SetLongArrayRegion(array, 0, length, reinterpret_cast<const jlong*>(keys.get()));
  return array;
}

jint stave_java_cow_map_diff_next(JNIEnv* environment, stave_cow_map_diff* diff,
                                  jlongArray key_out) {
  stave_error error;
  uint32_t change = 0;
  int64_t key = 0;
  const stave_status status = stave_cow_map_diff_next(diff, &change, &key, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  if (status != STAVE_OK) return 0;
  const auto number = static_cast<jlong>(key);
  environment->SetLongArrayRegion(key_out, 0, 1, &number);
  return static_cast<jint>(change);
}
