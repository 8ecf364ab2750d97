// The loop: read a line, find its verb, let the verb answer.
#include "tests/conformance/testees/cpp/testee.h"

#include <cstdio>
#include <exception>
#include <iostream>

namespace conformance {

// ---- Arguments ---------------------------------------------------------------------------------

std::vector<Word> Testee::split(const std::string& line) {
  std::vector<Word> words;
  size_t position = 0;
  while (position < line.size()) {
    Word word;
    word.is_quoted = line[position] == '"';
    if (!word.is_quoted) {
      const size_t end = std::min(line.find(' ', position), line.size());
      word.text = line.substr(position, end - position);
      position = end + 1;
    } else {
      for (++position; position < line.size() && line[position] != '"'; ++position) {
        if (line[position] != '\\') {
          word.text.push_back(line[position]);
          continue;
        }
        word.text.push_back(
            static_cast<char>(std::stoi(line.substr(position + 2, 2), nullptr, 16)));
        position += 3;
      }
      position += 2;
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::string Testee::option_text(size_t first) const {
  std::string text;
  for (size_t i = first; i < words_.size(); ++i) text += words_[i].text + " ";
  return text;
}

// Takes a last argument durability=... away from the arguments.
stave::WriteOptions Testee::write_options() {
  static const std::map<std::string, stave::Durability> durabilities = {
      {"memory", stave::Durability::memory},
      {"os", stave::Durability::os},
      {"device", stave::Durability::device}};
  const std::string expiry = take_option("expires_at=");
  const std::string durability = take_option("durability=");
  stave::WriteOptions options;
  if (!durability.empty()) options = durabilities.at(durability);
  if (!expiry.empty())
    options.expires_at = expiry == "never" ? STAVE_NEVER_EXPIRES : std::stoull(expiry);
  return options;
}

std::string Testee::take_option(const std::string& name) {
  if (words_.empty() || words_.back().is_quoted || !words_.back().text.starts_with(name)) return {};
  const std::string value = words_.back().text.substr(name.size());
  words_.pop_back();
  return value;
}

stave::CursorOptions Testee::cursor_options(Bytes token) const {
  const bool keys_only = !words_.empty() && !words_.back().is_quoted;
  return stave::CursorOptions(words_.size() > keys_only ? Bytes(bytes(0)) : Bytes(), keys_only,
                              token);
}

// ---- Replies -----------------------------------------------------------------------------------

void Testee::print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

void Testee::print_bytes(Bytes bytes) {
  print(quoted(bytes));
}

std::string Testee::quoted(Bytes bytes) {
  std::string text = "\"";
  for (const char c : bytes.text()) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      text.push_back(c);
    } else {
      static constexpr char digits[] = "0123456789abcdef";
      text += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
  }
  text.push_back('"');
  return text;
}

void Testee::print_record(Bytes key, Bytes value) {
  print("  ");
  print_bytes(key);
  print(" = ");
  print_bytes(value);
  print("\n");
}

void Testee::print_values(const std::vector<uint64_t>& sizes) const {
  size_t offset = 0;
  for (const uint64_t size : sizes) {
    print("  ");
    if (size == STAVE_ABSENT) {
      print("absent");
    } else if (size == STAVE_TOMBSTONE) {
      print("deleted");
    } else {
      print_bytes(buffer_.bytes().part(offset, size));
      offset += size;
    }
    print("\n");
  }
  print("ok\n");
}

void Testee::print_options(const stave::StoreOptions& options) {
  static constexpr const char* durability[] = {"default", "memory", "os", "device"};
  static constexpr const char* io[] = {"default", "buffered", "mmap"};
  static constexpr const char* keydir[] = {"stored", "memory", "disk"};
  const auto line = [](const char* name, const std::string& value) {
    print(std::string("  ") + name + "=" + value + "\n");
  };
  line("durability", durability[options.durability]);
  line("io", io[options.io]);
  line("shards", std::to_string(options.shards));
  line("segment_size", std::to_string(options.segment_size));
  line("read_only", std::to_string(options.read_only));
  line("create_if_missing", std::to_string(options.create_if_missing));
  line("error_if_exists", std::to_string(options.error_if_exists));
  line("background", std::to_string(options.background));
  line("keydir", keydir[options.keydir]);
  line("checkpoint_interval", std::to_string(options.checkpoint_interval));
  line("default_ttl", std::to_string(options.default_ttl));
  line("shard_prefix_bits", std::to_string(options.shard_prefix_bits));
}

void Testee::print_members(const std::map<std::string, uint64_t>& members, size_t first) const {
  for (size_t i = first; i < words_.size(); ++i)
    print("  " + words_[i].text + "=" + std::to_string(members.at(words_[i].text)) + "\n");
  print("ok\n");
}

void Testee::reply_error(const stave::Error& error) {
  const auto status = static_cast<stave_status>(error.status());
  last_message_ = error.message();
  last_errno_ = error.os_errno();
  print((status < 0 ? "error " : "") + std::string(name(error.status())) + "\n");
}

void Testee::reply(const stave::Result<void>& result) {
  if (!result) return reply_error(result.error());
  print("ok\n");
}

void Testee::reply(const stave::Result<Bytes>& result) {
  if (!result) return reply_error(result.error());
  print("ok ");
  print_bytes(*result);
  print("\n");
}

void Testee::reply(const stave::Result<uint64_t>& result) {
  if (!result) return reply_error(result.error());
  print("ok " + std::to_string(*result) + "\n");
}

void Testee::reply_flag(const stave::Result<bool>& flag) {
  if (!flag) return reply_error(flag.error());
  print(*flag ? "ok 1\n" : "ok 0\n");
}

// ---- The loop ----------------------------------------------------------------------------------

// "verb ...", "handle verb ...", and both with "name = " before them.
void Testee::answer(const std::string& line) {
  static constexpr const char* types[] = {"store.",
                                          "pin.",
                                          "batch.",
                                          "cursor.",
                                          "index.",
                                          "index_cursor.",
                                          "cow_map.",
                                          "cow_map_cursor.",
                                          "cow_map_diff.",
                                          "disk_index.",
                                          "disk_index_cursor.",
                                          "memtable.",
                                          "memtable_transaction.",
                                          "memtable_snapshot.",
                                          "memtable_cursor."};
  words_ = split(line);
  name_.clear();
  if (words_.size() > 2 && words_[1].text == "=") {
    name_ = words_[0].text;
    words_.erase(words_.begin(), words_.begin() + 2);
  }
  std::string verb = words_.at(0).text;
  words_.erase(words_.begin());
  const auto handle = handles_.find(verb);
  if (handle != handles_.end()) {
    self_ = &handle->second;
    verb = types[self_->index()] + words_.at(0).text;
    words_.erase(words_.begin());
    if (verb.ends_with(".free")) {
      handles_.erase(handle);
      print("ok\n");
      return;
    }
  }
  verbs_.at(verb)();
}

}  // namespace conformance

int main() {
  conformance::Testee testee;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      testee.answer(line);
    } catch (const std::exception& error) {
      std::printf("testee_error %s\n", error.what());
    }
    std::fflush(stdout);
  }
}
