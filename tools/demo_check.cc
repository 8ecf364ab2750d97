// demo_check: reads records back through the C interface and compares them with the file system.
//
//   demo_check STORE SEED PREFIX DIRECTORY [PREFIX DIRECTORY]... < KEYS
//
// KEYS are keys with a NUL behind each; the file of a key is found under the DIRECTORY of its
// PREFIX. Every value is read twice: once in an order that SEED decides, which is timed, and once
// to be compared byte for byte. The answer is a line of JSON; each difference is a line of standard
// error. Exit status 1 when there was one, 2 when the store cannot be read.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <stave/stave.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tools/stave/format.h"

namespace {

using Clock = std::chrono::steady_clock;
using Prefixes = std::vector<std::pair<std::string, std::string>>;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

[[noreturn]] void give_up(const stave::Error& error) {
  stave::tool::print_error("demo_check: {}\n", error.message());
  std::exit(2);
}

std::vector<std::string> read_keys(std::istream& input) {
  std::vector<std::string> keys;
  for (std::string key; std::getline(input, key, '\0');) keys.push_back(key);
  return keys;
}

// The file of a key; empty when no prefix fits.
std::string path_of(const std::string& key, const Prefixes& prefixes) {
  for (const auto& [prefix, directory] : prefixes) {
    if (key.starts_with(prefix)) return directory + "/" + key.substr(prefix.size());
  }
  return {};
}

// Reads every value in full, in the order of `keys`; the answer is the bytes in all. An absent key
// counts nothing here: compare() finds it.
uint64_t read_all(stave::Store& store, const std::vector<std::string>& keys) {
  stave::Buffer buffer;
  uint64_t bytes = 0;
  for (const std::string& key : keys) {
    const auto value = store.get(key, buffer);
    if (value) {
      bytes += value->size();
    } else if (value.status() != stave::Status::not_found) {
      give_up(value.error());
    }
  }
  return bytes;
}

// The number of keys whose value is not what their file holds.
uint64_t compare(stave::Store& store, const std::vector<std::string>& keys,
                 const Prefixes& prefixes) {
  stave::Buffer buffer;
  uint64_t differences = 0;
  std::string contents;
  for (const std::string& key : keys) {
    std::ifstream file(path_of(key, prefixes), std::ios::binary);
    contents.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    const auto value = store.get(key, buffer);
    if (file && value && value->text() == contents) continue;
    ++differences;
    stave::tool::print_error("demo_check: '{}' differs: {}\n", key,
                             !value  ? value.error().message()
                             : !file ? "the file cannot be read"
                                     : "not the bytes of the file");
  }
  return differences;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc % 2 == 0) {
    stave::tool::print_error(
        "usage: demo_check STORE SEED PREFIX DIRECTORY [PREFIX DIRECTORY]...\n");
    return 2;
  }
  Prefixes prefixes;
  for (int i = 3; i < argc; i += 2) prefixes.emplace_back(argv[i], argv[i + 1]);
  std::vector<std::string> keys = read_keys(std::cin);
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(std::strtoull(argv[2], nullptr, 10)));

  stave::StoreOptions options;
  options.read_only = 1;
  const Clock::time_point begin_open = Clock::now();
  auto store = stave::Store::open(argv[1], options);
  const double open_seconds = seconds_since(begin_open);
  if (!store) give_up(store.error());
  const auto size = store->size();
  if (!size) give_up(size.error());

  const Clock::time_point begin_reads = Clock::now();
  const uint64_t bytes = read_all(*store, keys);
  const double read_seconds = seconds_since(begin_reads);
  const uint64_t differences = compare(*store, keys, prefixes);
  std::cout << stave::tool::formatted(
      "{{\"keys\":{},\"store_keys\":{},\"bytes\":{},\"open_seconds\":{},\"read_seconds\":{},"
      "\"differences\":{}}}\n",
      keys.size(), *size, bytes, open_seconds, read_seconds, differences);
  return differences == 0 ? 0 : 1;
}
