#include "tests/support/store_access.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tests/support/random.h"

namespace stave::test {

store::Options base_options() {
  store::Options options;
  const char* const keydir = std::getenv("STAVE_KEYDIR");
  if (keydir == nullptr) return options;
  options.keydir = store::KeyDirectoryKind::disk;
  options.test_delta_entries = 24;
  options.checkpoint_interval = 20000;
  options.background = false;  // so that a run can be repeated
  if (std::string_view(keydir) == "collisions") options.test_hash_mask = 0xc000000000000003;
  return options;
}

std::string test_value(uint64_t number, size_t size) {
  std::string value(size, '\0');
  Random random(number);
  for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
    const uint64_t word = random.next();
    std::memcpy(value.data() + i, &word, std::min(sizeof word, size - i));
  }
  return value;
}

Result<std::string> get(store::Store& store, std::string_view key) {
  std::string value;
  STAVE_TRY(store.get(as_bytes(key), [&](size_t size) {
    value.resize(size);
    return MutableBytes(reinterpret_cast<std::byte*>(value.data()), size);
  }));
  return value;
}

Result<std::string> get_through_pin(store::Store& store, std::string_view key) {
  Result<store::PinnedValue> pin = store.get_pin(as_bytes(key));
  if (!pin.ok()) return pin.status();
  return std::string(as_text(pin->bytes));
}

Status put(store::Store& store, std::string_view key, std::string_view value,
           store::Durability durability) {
  return store.put(as_bytes(key), as_bytes(value), store::WriteMode::put, durability);
}

Status erase(store::Store& store, std::string_view key, store::Durability durability) {
  return store.remove(as_bytes(key), durability);
}

Status verify(store::Store& store) {
  return store.verify([](uint64_t, uint64_t) { return Status(); });
}

Result<Contents> read_all(store::Store& store, std::string_view prefix, bool keys_only) {
  Result<std::unique_ptr<store::Cursor>> cursor = store.open_cursor(as_bytes(prefix), keys_only);
  if (!cursor.ok()) return cursor.status();
  Contents contents;
  Status status;
  while ((status = (*cursor)->next()).ok()) {
    std::string key(as_text((*cursor)->key()));
    if (!key.starts_with(prefix))
      return Status::error(Code::internal, "the cursor shows a key without the prefix");
    if (!contents.emplace(std::move(key), as_text((*cursor)->value())).second)
      return Status::error(Code::internal, "the cursor shows a key twice");
  }
  if (!status.is(Code::done)) return status;
  return contents;
}

std::string difference(const Contents& expected, const Contents& found) {
  for (const auto& [key, value] : expected) {
    const auto at = found.find(key);
    if (at == found.end()) return "missing " + quoted(key);
    if (at->second != value)
      return "wrong value of " + quoted(key) + " (" + std::to_string(at->second.size()) +
             " bytes instead of " + std::to_string(value.size()) + ")";
  }
  for (const auto& [key, value] : found)
    if (!expected.contains(key)) return "unexpected " + quoted(key);
  return {};
}

std::string describe(const Status& status) {
  std::string text(code_name(status.code()));
  if (!status.message().empty()) text.append(": ").append(status.message());
  return text;
}

std::string quoted(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text.append({'\\', c});
    } else if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text.append({'\\', 'x', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return text + '"';
}

}  // namespace stave::test
