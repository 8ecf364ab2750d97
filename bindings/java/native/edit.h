// What calls have in common that let a function of Java make a value, or give a value back in a
// buffer of the library.
#pragma once

#include "bindings/java/native/support.h"

namespace stave_java {

// What the library puts a value into.
class Buffer {
 public:
  Buffer() { stave_buffer_init(&buffer_); }
  ~Buffer() { stave_buffer_free(&buffer_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  stave_buffer* get() { return &buffer_; }
  jbyteArray to_java(JNIEnv* environment) const {
    return stave_java_new_bytes(environment, buffer_.data, buffer_.size);
  }

 private:
  stave_buffer buffer_;
};

// Copies the array's bytes into a buffer that a callback fills.
stave_status fill(JNIEnv* environment, jbyteArray array, stave_buffer* value);

// A call with a function of Java (UnaryOperator) that makes a value of a value.
class EditCall {
 public:
  EditCall(JNIEnv* environment, jobject function)
      : environment_(environment), function_(function) {}

  // As stave_edit. The exception of the function stays pending while the call unwinds, and
  // comes out of it.
  static stave_status edit(void* context, stave_buffer* value);

 private:
  JNIEnv* environment_;  // of the thread that calls: the function runs on it
  jobject function_;
};

}  // namespace stave_java
