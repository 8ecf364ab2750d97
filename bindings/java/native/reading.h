// The ways to read a value, which all families have. A Source is one call of the C interface in
// two forms: get(data, capacity, size, error) as stave_store_get, and get_pin(pin, error). And the
// ways to read many, by their keys or by a cursor.
#pragma once

#include <algorithm>
#include <cstring>

#include "bindings/java/native/support.h"

namespace stave_java {

// A value of at most so many bytes is read through the stack.
constexpr jint kSmallValueSize = 4096;
// What a read that gives a size returns for an absent key.
constexpr jint kAbsent = -1;
// What a read through the scratch memory returns for what does not fit there.
constexpr jint kTooLarge = -2;
// What a read returns that tells a removed key from an absent one.
constexpr jint kDeleted = -3;

// The value, or NULL when the key is absent.
template <typename Source>
jbyteArray read_fresh(JNIEnv* environment, const Source& source) {
  stave_error error;
  jbyte value[kSmallValueSize];
  size_t size;
  stave_status status = source.get(value, sizeof value, &size, &error);
  if (status == STAVE_OK) return stave_java_new_bytes(environment, value, size);
  jbyteArray array = nullptr;
  if (status == STAVE_BUFFER_TOO_SMALL) {
    stave_pin* pin;
    status = source.get_pin(&pin, &error);
    if (status == STAVE_OK) array = stave_java_pin_bytes(environment, pin);
    stave_pin_free(pin);
  }
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return array;
}

// Copies a value that is too large for the stack. STAVE_BUFFER_TOO_SMALL as stave_store_get.
template <typename Source>
stave_status copy_large(JNIEnv* environment, const Source& source, jbyteArray target, jint offset,
                        jint capacity, size_t* size, stave_error* error) {
  stave_pin* pin;
  stave_status status = source.get_pin(&pin, error);
  if (status != STAVE_OK) return status;
  *size = stave_pin_size(pin);
  if (*size <= static_cast<size_t>(capacity)) {
    environment->SetByteArrayRegion(target, offset, static_cast<jsize>(*size),
                                    static_cast<const jbyte*>(stave_pin_data(pin)));
  } else {  // it has grown since it was asked for
    status = source.get(nullptr, 0, size, error);
  }
  stave_pin_free(pin);
  return status;
}

// Into an array: the value's size, or kAbsent.
template <typename Source>
jint read_into(JNIEnv* environment, const Source& source, jbyteArray target, jint offset,
               jint capacity) {
  stave_error error;
  jbyte value[kSmallValueSize];
  size_t size;
  stave_status status =
      source.get(value, static_cast<size_t>(std::min(capacity, kSmallValueSize)), &size, &error);
  if (status == STAVE_OK)
    environment->SetByteArrayRegion(target, offset, static_cast<jsize>(size), value);
  else if (status == STAVE_BUFFER_TOO_SMALL && size <= static_cast<size_t>(capacity))
    status = copy_large(environment, source, target, offset, capacity, &size, &error);
  if (status < 0) stave_java_throw(environment, status, &error, static_cast<jlong>(size));
  return status == STAVE_OK ? static_cast<jint>(size) : kAbsent;
}

// Into memory outside of Java's heap: the same.
template <typename Source>
jint read_direct(JNIEnv* environment, const Source& source, void* target, size_t capacity) {
  stave_error error;
  size_t size;
  const stave_status status = source.get(target, capacity, &size, &error);
  if (status < 0) stave_java_throw(environment, status, &error, static_cast<jlong>(size));
  return status == STAVE_OK ? static_cast<jint>(size) : kAbsent;
}

// Into the scratch memory: the same, or kTooLarge without an exception.
template <typename Source>
jint read_at(JNIEnv* environment, const Source& source, void* target, size_t capacity) {
  stave_error error;
  size_t size;
  const stave_status status = source.get(target, capacity, &size, &error);
  if (status == STAVE_OK) return static_cast<jint>(size);
  if (status == STAVE_BUFFER_TOO_SMALL) return kTooLarge;
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return kAbsent;
}

// The buffer that the calling thread keeps until it ends; null where the system has no memory, or
// no way to note that there is something to free.
stave_buffer* kept_buffer();

// The values of one call with many keys, call(values, error), in a buffer that the thread keeps for
// its next call unless it grew large.
class ManyValues {
 public:
  template <typename Call>
  ManyValues(JNIEnv* environment, const Call& call) : buffer_(kept_buffer()) {
    if (buffer_ == nullptr) buffer_ = &own_;
    stave_error error;
    status_ = call(buffer_, &error);
    if (status_ < 0) stave_java_throw(environment, status_, &error, 0);
  }
  ~ManyValues() {
    if (buffer_ == &own_ || buffer_->capacity > kKeptSize) stave_buffer_free(buffer_);
  }
  ManyValues(const ManyValues&) = delete;
  ManyValues& operator=(const ManyValues&) = delete;

  bool are_there() const { return status_ == STAVE_OK; }
  const stave_buffer& buffer() const { return *buffer_; }

 private:
  static constexpr size_t kKeptSize = 64 << 10;

  stave_buffer own_ = {};
  stave_buffer* buffer_;
  stave_status status_;
};

// Into the scratch memory: the values' bytes, or kTooLarge.
template <typename Call>
jint read_many_at(JNIEnv* environment, const Call& call, void* target, size_t capacity) {
  const ManyValues values(environment, call);
  const stave_buffer& joined = values.buffer();
  if (!values.are_there() || joined.size > capacity) return kTooLarge;
  if (joined.size > 0) std::memcpy(target, joined.data, joined.size);
  return static_cast<jint>(joined.size);
}

// Into `target`, which is returned, or into a fresh array if that is too short.
template <typename Call>
jbyteArray read_many_into(JNIEnv* environment, const Call& call, jbyteArray target) {
  const ManyValues values(environment, call);
  if (!values.are_there()) return nullptr;
  const stave_buffer& joined = values.buffer();
  if (joined.size > static_cast<size_t>(environment->GetArrayLength(target)))
    return stave_java_new_bytes(environment, joined.data, joined.size);
  if (joined.size > 0) {
    environment->SetByteArrayRegion(target, 0, static_cast<jsize>(joined.size),
                                    static_cast<const jbyte*>(joined.data));
  }
  return target;
}

// The next records of a cursor: keys and values one behind the other, their sizes in `sizes_out`
// and, behind the last of these, the number of records. NULL when there is none left.
template <typename Cursor>
jbyteArray next_many(JNIEnv* environment, Cursor* cursor,
                     stave_status (*call)(Cursor* cursor, size_t count_max, size_t bytes_max,
                                          stave_buffer* records, uint64_t* sizes, size_t* count,
                                          stave_error* error),
                     jint count_max, jint bytes_max, jlongArray sizes_out) {
  const auto records_max = static_cast<size_t>(count_max);
  const auto sizes = stave_java_allocate<uint64_t>(2 * records_max + 1);
  if (sizes == nullptr) {
    stave_java_throw_no_memory(environment);
    return nullptr;
  }
  stave_error error;
  stave_buffer records;
  stave_buffer_init(&records);
  size_t count = 0;
  const stave_status status = call(cursor, records_max, static_cast<size_t>(bytes_max), &records,
                                   sizes.get(), &count, &error);
  jbyteArray array = nullptr;
  if (status == STAVE_OK) {
    const auto sizes_count = static_cast<jsize>(2 * count);
    const auto records_count = static_cast<jlong>(count);
    environment->SetLongArrayRegion(sizes_out, 0, sizes_count,
                                    reinterpret_cast<const jlong*>(sizes.get()));
    environment->SetLongArrayRegion(sizes_out, 2 * count_max, 1, &records_count);
    array = stave_java_new_bytes(environment, records.data, records.size);
  } else if (status < 0) {
    stave_java_throw(environment, status, &error, 0);
  }
  stave_buffer_free(&records);
  return array;
}

}  // namespace stave_java
