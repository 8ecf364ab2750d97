// Conformance testee for C++, on stave.hpp. The protocol: ../../README.md.
//
// One line, one call: the table of verbs maps `type.verb` to a lambda that prints the reply.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stave/stave.hpp>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace conformance {

using stave::Bytes;
using stave::Status;

// An argument: bytes if the line has quotes, else a word.
struct Word {
  bool is_quoted = false;
  std::string text;
};

// The line cannot be mapped to a call.
using ScriptError = std::runtime_error;

class Testee {
 public:
  void answer(const std::string& line);

 private:
  using Handle = std::variant<stave::Store, stave::Pin, stave::Batch, stave::Cursor>;
  using Verbs = std::map<std::string, std::function<void()>>;

  static Verbs general_verbs(Testee& t);
  static Verbs store_verbs(Testee& t);
  static Verbs other_verbs(Testee& t);
  static Verbs all_verbs(Testee& t);
  static std::vector<Word> split(const std::string& line);

  template <typename Type>
  Type& self() {
    return std::get<Type>(*self_);
  }
  const std::string& bytes(size_t position) const {
    if (position >= words_.size() || !words_[position].is_quoted)
      throw ScriptError("expected bytes in quotes");
    return words_[position].text;
  }
  size_t number(size_t position) const { return std::stoull(words_.at(position).text); }

  // The bytes of every step-th argument from `first` on, as the flat calls take them.
  template <typename Size>
  std::string flatten(size_t first, size_t step, std::vector<Size>& sizes) const;
  stave::WriteOptions write_options();
  stave::CursorOptions cursor_options() const;

  static void print(const std::string& text);
  static void print_bytes(Bytes bytes);
  static void print_record(Bytes key, Bytes value);
  static void print_options(const stave::StoreOptions& options);

  void reply_error(const stave::Error& error);
  // What follows `ok`; a result of a handle type is bound to the line's name.
  void reply(const stave::Result<void>& result);
  void reply(const stave::Result<Bytes>& result);
  void reply(const stave::Result<uint64_t>& result);
  template <typename Type>
  requires std::is_constructible_v<Handle, Type>
  void bind(stave::Result<Type> result) {
    if (!result) return reply_error(result.error());
    handles_.insert_or_assign(name_, Handle(*std::move(result)));
    print("ok\n");
  }

  void open();
  void get_into();
  void multi_get();
  void multi_put();
  void scan();
  void next_many();
  void stats();
  void verify();
  void write();

  std::map<std::string, Handle> handles_;
  stave::Buffer buffer_;  // every call that fills a buffer gets this one
  std::string last_message_;
  int last_errno_ = 0;

  // The line being answered.
  std::string name_;         // to bind, or empty
  Handle* self_ = nullptr;   // what the verb is called on
  std::vector<Word> words_;  // the arguments

  const Verbs verbs_ = all_verbs(*this);
};

template <typename Size>
std::string Testee::flatten(size_t first, size_t step, std::vector<Size>& sizes) const {
  std::string flat;
  for (size_t i = first; i < words_.size(); i += step) {
    flat += bytes(i);
    sizes.push_back(static_cast<Size>(bytes(i).size()));
  }
  return flat;
}

}  // namespace conformance
