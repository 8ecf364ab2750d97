#include "bindings/java/native/disk_index.h"

namespace {

// Set once, when the library is loaded.
jmethodID fill_method;

// A load that takes its records from Java.
struct SourceContext {
  JNIEnv* environment;  // of the thread that loads: the source runs on it
  jobject source;
  size_t record_size;
};

// Java fills C's memory in place, through buffers that it forgets when the method returns. The
// exception of the source stays pending while the call unwinds, and comes out of it.
stave_status fill(void* context, void* keys, void* records, size_t count_max, size_t* count) {
  const auto& load = *static_cast<const SourceContext*>(context);
  JNIEnv* const environment = load.environment;
  const auto keys_size = static_cast<jlong>(count_max * STAVE_DISK_INDEX_KEY_SIZE);
  const auto records_size = static_cast<jlong>(count_max * load.record_size);
  const jobject keys_buffer = environment->NewDirectByteBuffer(keys, keys_size);
  if (keys_buffer == nullptr) return STAVE_CANCELLED;
  const jobject records_buffer = environment->NewDirectByteBuffer(records, records_size);
  if (records_buffer == nullptr) return STAVE_CANCELLED;
  const jint filled =
      environment->CallIntMethod(load.source, fill_method, keys_buffer, records_buffer);
  environment->DeleteLocalRef(keys_buffer);
  environment->DeleteLocalRef(records_buffer);
  if (environment->ExceptionCheck()) return STAVE_CANCELLED;
  *count = static_cast<size_t>(filled);
  return STAVE_OK;
}

}  // namespace

jboolean stave_java_load_disk_index(JNIEnv* environment) {
  const jclass source = environment->FindClass("io/github/stavedb/stave/internal/RecordSource");
  if (source == nullptr) return JNI_FALSE;
  fill_method =
      environment->GetMethodID(source, "fill", "(Ljava/nio/ByteBuffer;Ljava/nio/ByteBuffer;)I");
  return fill_method != nullptr;
}

// ---- Structs ---------------------------------------------------------------------------------

// ---- Records ---------------------------------------------------------------------------------

jbyteArray stave_java_disk_index_get(JNIEnv* environment, stave_disk_index* index, const void* key,
                                     size_t key_size, jint record_size) {
  char record[256];
  stave_error error;
  const auto size = static_cast<size_t>(record_size);
  const stave_status status = stave_disk_index_get(index, key, key_size, record, size, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  return status == STAVE_OK ? stave_java_new_bytes(environment, record, size) : nullptr;
}

void stave_java_disk_index_multi_put(JNIEnv* environment, stave_disk_index* index, const void* keys,
                                     const void* values, jint record_size, jint count) {
  stave_error error;
  const stave_status status =
      stave_disk_index_multi_put(index, keys, values, static_cast<size_t>(record_size),
                                 static_cast<size_t>(count), nullptr, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
}

jbyteArray stave_java_disk_index_multi_get(JNIEnv* environment, stave_disk_index* index,
                                           const void* keys, jint record_size, jint count,
                                           jbooleanArray found_out) {
  const auto size = static_cast<size_t>(record_size);
  const auto key_count = static_cast<size_t>(count);
  // One more, so that there is an address also without keys.
  const auto records = stave_java_allocate<char>(key_count * size + 1);
  const auto found = stave_java_allocate<uint8_t>(key_count + 1);
  if (records == nullptr || found == nullptr) {
    stave_java_throw_no_memory(environment);
    return nullptr;
  }
  stave_error error;
  const stave_status status =
      stave_disk_index_multi_get(index, keys, key_count, records.get(), size, found.get(), &error);
  if (status < 0) {
    stave_java_throw(environment, status, &error, 0);
    return nullptr;
  }
  environment->SetBooleanArrayRegion(found_out, 0, count, found.get());
  return stave_java_new_bytes(environment, records.get(), key_count * size);
}

// ---- The whole -------------------------------------------------------------------------------

void stave_java_disk_index_bulk_load(JNIEnv* environment, stave_disk_index* index, jint record_size,
                                     jobject source) {
  SourceContext context = {environment, source, static_cast<size_t>(record_size)};
  stave_error error;
  const stave_status status = stave_disk_index_bulk_load(index, fill, &context, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
}

void stave_java_disk_index_rebuild(JNIEnv* environment, const char* path,
                                   const stave_disk_index_options* options, jint record_size,
                                   jobject source) {
  SourceContext context = {environment, source, static_cast<size_t>(record_size)};
  stave_error error;
  const stave_status status = stave_disk_index_rebuild(path, options, fill, &context, &error);
  if (status != STAVE_OK) stave_java_throw(environment, status, &error, 0);
}

void stave_java_disk_index_verify(JNIEnv* environment, stave_disk_index* index, jobject progress) {
  stave_java_progress context = {environment, progress};
  stave_error error;
  const stave_status status = stave_disk_index_verify(
      index, progress == nullptr ? nullptr : stave_java_on_progress, &context, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
}

jbyteArray stave_java_disk_index_next_many(JNIEnv* environment, stave_disk_index_cursor* cursor,
                                           jint count_max, jint record_size, jbyteArray keys_out) {
  const auto records_max = static_cast<size_t>(count_max);
  const auto size = static_cast<size_t>(record_size);
  // One more, so that there is an address also without records.
  const auto keys = stave_java_allocate<char>(records_max * STAVE_DISK_INDEX_KEY_SIZE + 1);
  const auto records = stave_java_allocate<char>(records_max * size + 1);
  if (keys == nullptr || records == nullptr) {
    stave_java_throw_no_memory(environment);
    return nullptr;
  }
  stave_error error;
  size_t count = 0;
  const stave_status status = stave_disk_index_cursor_next_many(
      cursor, records_max, keys.get(), records.get(), size, &count, &error);
  if (status < 0) stave_java_throw(environment, status, &error, 0);
  if (status != STAVE_OK) return nullptr;
  environment->SetByteArrayRegion(keys_out, 0,
                                  static_cast<jsize>(count * STAVE_DISK_INDEX_KEY_SIZE),
                                  reinterpret_cast<const jbyte*>(keys.get()));
  return stave_java_new_bytes(environment, records.get(), count * size);
}
