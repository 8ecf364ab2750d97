#include "bindings/java/native/memtable.h"

#include <cstring>

#include "bindings/java/native/reading.h"

// A removed key's size, as Java sees it.
static_assert(static_cast<jlong>(STAVE_TOMBSTONE) == -2, "MemtableCursor.java, Visible.java");

namespace {

// Set once, when the library is loaded.
jmethodID apply_method;

stave_memtable_transaction* as_transaction(stave_java_moment* moment) {
  return reinterpret_cast<stave_memtable_transaction*>(moment);
}

stave_memtable_snapshot* as_snapshot(stave_java_moment* moment) {
  return reinterpret_cast<stave_memtable_snapshot*>(moment);
}

struct MomentSource {
  stave_java_moment* moment;
  bool is_snapshot;
  const void* key;
  size_t key_size;

  stave_status get(void* data, size_t capacity, size_t* size, stave_error* error) const {
    return is_snapshot ? stave_memtable_snapshot_get(as_snapshot(moment), key, key_size, data,
                                                     capacity, size, error)
                       : stave_memtable_transaction_get(as_transaction(moment), key, key_size, data,
                                                        capacity, size, error);
  }
  stave_status get_pin(stave_pin** pin, stave_error* error) const {
    return is_snapshot
               ? stave_memtable_snapshot_get_pin(as_snapshot(moment), key, key_size, pin, error)
               : stave_memtable_transaction_get_pin(as_transaction(moment), key, key_size, pin,
                                                    error);
  }
};

struct TableSource {
  stave_memtable* table;
  const void* key;
  size_t key_size;
  uint64_t snapshot;
  uint64_t transaction;
  mutable uint8_t deleted = 0;  // by the last read

  stave_status get(void* data, size_t capacity, size_t* size, stave_error* error) const {
    return stave_memtable_read(table, key, key_size, snapshot, transaction, data, capacity, size,
                               &deleted, error);
  }
  stave_status get_pin(stave_pin** pin, stave_error* error) const {
    return stave_memtable_read_pin(table, key, key_size, snapshot, transaction, pin, &deleted,
                                   error);
  }
  // What a read that returns a size has returned.
  jint told(jint size) const {
    return size == stave_java::kAbsent && deleted != 0 ? stave_java::kDeleted : size;
  }
};

TableSource source_of(stave_memtable* table, const void* key, size_t key_size, jlong snapshot,
                      jlong transaction) {
  return {table, key, key_size, static_cast<uint64_t>(snapshot),
          static_cast<uint64_t>(transaction)};
}

void set_flag(JNIEnv* environment, jbooleanArray flags, jsize index, bool value) {
  const jboolean flag = value;
  environment->SetBooleanArrayRegion(flags, index, 1, &flag);
}

// Throws what a write has answered. Of a conflict, which is no error in C, with the number of
// writes that were made before it.
void check_write(JNIEnv* environment, stave_status status, stave_error& error, size_t written) {
  if (status == STAVE_OK) return;
  if (status > 0) {
    error = {};
    std::strncpy(error.message, stave_status_message(status), sizeof error.message - 1);
  }
  stave_java_throw(environment, status, &error, static_cast<jlong>(written));
}

stave_status multi_get(stave_java_moment* moment, jboolean is_snapshot, const void* keys,
                       const uint32_t* key_sizes, jint count, stave_buffer* values,
                       uint64_t* value_sizes, stave_error* error) {
  const auto key_count = static_cast<size_t>(count);
  return is_snapshot != JNI_FALSE
             ? stave_memtable_snapshot_multi_get(as_snapshot(moment), keys, key_sizes, key_count,
                                                 values, value_sizes, error)
             : stave_memtable_transaction_multi_get(as_transaction(moment), keys, key_sizes,
                                                    key_count, values, value_sizes, error);
}

// The values of a call with many keys, which `call` makes.
template <typename Call>
jbyteArray read_many(JNIEnv* environment, jint count, jlongArray value_sizes_out,
                     const Call& call) {
  const auto sizes = stave_java_allocate<uint64_t>(static_cast<size_t>(count));
  if (sizes == nullptr) {
    stave_java_throw_no_memory(environment);
    return nullptr;
  }
  stave_error error;
  stave_buffer values;
  stave_buffer_init(&values);
  const stave_status status = call(&values, sizes.get(), &error);
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

stave_memtable_cursor_options cursor_options(const void* prefix, size_t prefix_size,
                                             jboolean keys_only, jboolean tombstones) {
  stave_memtable_cursor_options options;
  stave_memtable_cursor_options_init(&options);
  options.keys_only = keys_only;
  options.tombstones = tombstones;
  options.prefix = prefix;
  options.prefix_size = prefix_size;
  return options;
}

// A call that shows a value to a function of Java.
struct ReaderCall {
  JNIEnv* environment;  // of the thread that reads: the function runs on it
  jobject function;
  jobject made;  // what the function has returned

  // As stave_memtable_reader. The exception of the function stays pending while the call unwinds,
  // and comes out of it.
  static stave_status read(void* context, const void* value, size_t size) {
    auto& call = *static_cast<ReaderCall*>(context);
    const jbyteArray bytes = stave_java_new_bytes(call.environment, value, size);
    if (bytes == nullptr) return STAVE_CANCELLED;
    call.made = call.environment->CallObjectMethod(call.function, apply_method, bytes);
    return call.environment->ExceptionCheck() ? STAVE_CANCELLED : STAVE_OK;
  }
};

}  // namespace

jboolean stave_java_load_memtable(JNIEnv* environment) {
  const jclass function = environment->FindClass("java/util/function/Function");
  if (function == nullptr) return JNI_FALSE;
  apply_method =
      environment->GetMethodID(function, "apply", "(Ljava/lang/Object;)Ljava/lang/Object;");
  return apply_method != nullptr;
}

// ---- Structs ---------------------------------------------------------------------------------

// ---- Reads of transactions and snapshots -----------------------------------------------------

jbyteArray stave_java_moment_get(JNIEnv* environment, stave_java_moment* moment,
                                 jboolean is_snapshot, const void* key, size_t key_size) {
  return stave_java::read_fresh(environment,
                                MomentSource{moment, is_snapshot != JNI_FALSE, key, key_size});
}

jint stave_java_moment_get_into(JNIEnv* environment, stave_java_moment* moment,
                                jboolean is_snapshot, const void* key, size_t key_size,
                                jbyteArray target, jint offset, jint capacity) {
  const MomentSource source{moment, is_snapshot != JNI_FALSE, key, key_size};
  return stave_java::read_into(environment, source, target, offset, capacity);
}

jint stave_java_moment_get_direct(JNIEnv* environment, stave_java_moment* moment,
                                  jboolean is_snapshot, const void* key_buffer, size_t key_size,
                                  void* target_buffer, size_t target_size) {
  const MomentSource source{moment, is_snapshot != JNI_FALSE, key_buffer, key_size};
  return stave_java::read_direct(environment, source, target_buffer, target_size);
}

jint stave_java_moment_get_at(JNIEnv* environment, stave_java_moment* moment, jboolean is_snapshot,
                              const void* key_at, size_t key_size, void* target_at,
                              size_t target_size) {
  const MomentSource source{moment, is_snapshot != JNI_FALSE, key_at, key_size};
  return stave_java::read_at(environment, source, target_at, target_size);
}

stave_status stave_java_moment_get_pin(stave_java_moment* moment, jboolean is_snapshot,
                                       const void* key, size_t key_size, stave_pin** pin,
                                       stave_error* error) {
  return MomentSource{moment, is_snapshot != JNI_FALSE, key, key_size}.get_pin(pin, error);
}

stave_status stave_java_moment_contains(stave_java_moment* moment, jboolean is_snapshot,
                                        const void* key, size_t key_size, stave_error* error) {
  return is_snapshot != JNI_FALSE
             ? stave_memtable_snapshot_contains(as_snapshot(moment), key, key_size, error)
             : stave_memtable_transaction_contains(as_transaction(moment), key, key_size, error);
}

jbyteArray stave_java_moment_multi_get(JNIEnv* environment, stave_java_moment* moment,
                                       jboolean is_snapshot, const void* keys,
                                       const uint32_t* key_sizes, jint count,
                                       jlongArray value_sizes_out) {
  return read_many(environment, count, value_sizes_out,
                   [&](stave_buffer* values, uint64_t* sizes, stave_error* error) {
                     return multi_get(moment, is_snapshot, keys, key_sizes, count, values, sizes,
                                      error);
                   });
}

jint stave_java_moment_multi_get_at(JNIEnv* environment, stave_java_moment* moment,
                                    jboolean is_snapshot, const void* key_at,
                                    const uint32_t* key_sizes_at, jint count,
                                    uint64_t* value_sizes_at, void* target_at, size_t target_size) {
  const auto call = [&](stave_buffer* values, stave_error* error) {
    return multi_get(moment, is_snapshot, key_at, key_sizes_at, count, values, value_sizes_at,
                     error);
  };
  return stave_java::read_many_at(environment, call, target_at, target_size);
}

jbyteArray stave_java_moment_multi_get_into(JNIEnv* environment, stave_java_moment* moment,
                                            jboolean is_snapshot, const void* key_at,
                                            const uint32_t* key_sizes_at, jint count,
                                            uint64_t* value_sizes_at, jbyteArray target) {
  const auto call = [&](stave_buffer* values, stave_error* error) {
    return multi_get(moment, is_snapshot, key_at, key_sizes_at, count, values, value_sizes_at,
                     error);
  };
  return stave_java::read_many_into(environment, call, target);
}

stave_status stave_java_moment_cursor(stave_java_moment* moment, jboolean is_snapshot,
                                      const void* prefix, size_t prefix_size, jboolean keys_only,
                                      jboolean tombstones, stave_memtable_cursor** cursor,
                                      stave_error* error) {
  const auto options = cursor_options(prefix, prefix_size, keys_only, tombstones);
  return is_snapshot != JNI_FALSE
             ? stave_memtable_snapshot_cursor(as_snapshot(moment), &options, cursor, error)
             : stave_memtable_transaction_cursor(as_transaction(moment), &options, cursor, error);
}

// ---- Writes of transactions ------------------------------------------------------------------

void stave_java_transaction_put(JNIEnv* environment, stave_memtable_transaction* transaction,
                                const void* key, size_t key_size, const void* value,
                                size_t value_size) {
  stave_error error;
  const stave_status status =
      stave_memtable_transaction_put(transaction, key, key_size, value, value_size, &error);
  check_write(environment, status, error, 0);
}

void stave_java_transaction_remove(JNIEnv* environment, stave_memtable_transaction* transaction,
                                   const void* key, size_t key_size) {
  stave_error error;
  const stave_status status = stave_memtable_transaction_remove(transaction, key, key_size, &error);
  check_write(environment, status, error, 0);
}

void stave_java_transaction_multi_write(JNIEnv* environment,
                                        stave_memtable_transaction* transaction, const void* keys,
                                        const uint32_t* key_sizes, const void* values,
                                        const uint64_t* value_sizes, jint count) {
  stave_error error;
  size_t written = 0;
  const stave_status status =
      stave_memtable_transaction_multi_write(transaction, keys, key_sizes, values, value_sizes,
                                             static_cast<size_t>(count), &written, &error);
  check_write(environment, status, error, written);
}

// ---- Explicit tables -------------------------------------------------------------------------

jbyteArray stave_java_memtable_read(JNIEnv* environment, stave_memtable* table, const void* key,
                                    size_t key_size, jlong snapshot, jlong transaction,
                                    jbooleanArray deleted_out) {
  const TableSource source = source_of(table, key, key_size, snapshot, transaction);
  const jbyteArray value = stave_java::read_fresh(environment, source);
  if (!environment->ExceptionCheck()) set_flag(environment, deleted_out, 0, source.deleted != 0);
  return value;
}

jint stave_java_memtable_read_into(JNIEnv* environment, stave_memtable* table, const void* key,
                                   size_t key_size, jlong snapshot, jlong transaction,
                                   jbyteArray target, jint offset, jint capacity) {
  const TableSource source = source_of(table, key, key_size, snapshot, transaction);
  return source.told(stave_java::read_into(environment, source, target, offset, capacity));
}

jint stave_java_memtable_read_at(JNIEnv* environment, stave_memtable* table, const void* key_at,
                                 size_t key_size, jlong snapshot, jlong transaction,
                                 void* target_at, size_t target_size) {
  const TableSource source = source_of(table, key_at, key_size, snapshot, transaction);
  return source.told(stave_java::read_at(environment, source, target_at, target_size));
}

jlong stave_java_memtable_read_pin(JNIEnv* environment, stave_memtable* table, const void* key,
                                   size_t key_size, jlong snapshot, jlong transaction,
                                   jbooleanArray deleted_out) {
  const TableSource source = source_of(table, key, key_size, snapshot, transaction);
  stave_error error;
  stave_pin* pin;
  const stave_status status = source.get_pin(&pin, &error);
  if (status < 0)
    stave_java_throw(environment, status, &error, 0);
  else
    set_flag(environment, deleted_out, 0, source.deleted != 0);
  return static_cast<jlong>(reinterpret_cast<intptr_t>(pin));
}

jobject stave_java_memtable_read_with(JNIEnv* environment, stave_memtable* table, const void* key,
                                      size_t key_size, jlong snapshot, jlong transaction,
                                      jobject reader, jbooleanArray deleted_out) {
  stave_error error;
  uint8_t deleted = 0;
  ReaderCall call = {environment, reader, nullptr};
  const stave_status status = stave_memtable_read_with(
      table, key, key_size, static_cast<uint64_t>(snapshot), static_cast<uint64_t>(transaction),
      ReaderCall::read, &call, &deleted, &error);
  if (status < 0) {
    stave_java_throw(environment, status, &error, 0);
    return nullptr;
  }
  set_flag(environment, deleted_out, 0, deleted != 0);
  set_flag(environment, deleted_out, 1, status == STAVE_OK);
  return call.made;
}

jbyteArray stave_java_memtable_multi_read(JNIEnv* environment, stave_memtable* table,
                                          const void* keys, const uint32_t* key_sizes, jint count,
                                          jlong snapshot, jlong transaction,
                                          jlongArray value_sizes_out) {
  return read_many(environment, count, value_sizes_out,
                   [&](stave_buffer* values, uint64_t* sizes, stave_error* error) {
                     return stave_memtable_multi_read(
                         table, keys, key_sizes, static_cast<size_t>(count),
                         static_cast<uint64_t>(snapshot), static_cast<uint64_t>(transaction),
                         values, sizes, error);
                   });
}

void stave_java_memtable_write(JNIEnv* environment, stave_memtable* table, const void* key,
                               size_t key_size, const void* value, size_t value_size,
                               jlong transaction) {
  stave_error error;
  const stave_status status = stave_memtable_write(table, key, key_size, value, value_size,
                                                   static_cast<uint64_t>(transaction), &error);
  check_write(environment, status, error, 0);
}

void stave_java_memtable_write_tombstone(JNIEnv* environment, stave_memtable* table,
                                         const void* key, size_t key_size, jlong transaction) {
  stave_error error;
  const stave_status status = stave_memtable_write_tombstone(
      table, key, key_size, static_cast<uint64_t>(transaction), &error);
  check_write(environment, status, error, 0);
}

void stave_java_memtable_multi_write(JNIEnv* environment, stave_memtable* table, const void* keys,
                                     const uint32_t* key_sizes, const void* values,
                                     const uint64_t* value_sizes, jint count, jlong transaction) {
  stave_error error;
  size_t written = 0;
  const stave_status status = stave_memtable_multi_write(
      table, keys, key_sizes, values, value_sizes, static_cast<size_t>(count),
      static_cast<uint64_t>(transaction), &written, &error);
  check_write(environment, status, error, written);
}

// ---- Cursors ---------------------------------------------------------------------------------

stave_status stave_java_memtable_cursor_open(stave_memtable* table, jlong snapshot,
                                             jlong transaction, const void* prefix,
                                             size_t prefix_size, jboolean keys_only,
                                             jboolean tombstones, stave_memtable_cursor** cursor,
                                             stave_error* error) {
  const auto options = cursor_options(prefix, prefix_size, keys_only, tombstones);
  return stave_memtable_cursor_open(table, static_cast<uint64_t>(snapshot),
                                    static_cast<uint64_t>(transaction), &options, cursor, error);
}

jbyteArray stave_java_memtable_next_many(JNIEnv* environment, stave_memtable_cursor* cursor,
                                         jint count_max, jint bytes_max, jlongArray sizes_out) {
  return stave_java::next_many(environment, cursor, stave_memtable_cursor_next_many, count_max,
                               bytes_max, sizes_out);
}
