#include "tests/model/model_state.h"

#include "tests/support/store_access.h"

namespace stave::test {

const ModelRecord* ModelState::find(const std::string& key) const {
  const auto at = records_.find(key);
  if (at == records_.end()) return nullptr;
  const uint64_t expires_at = at->second.expires_at;
  return expires_at != 0 && expires_at <= now_ms ? nullptr : &at->second;
}

ModelRecords ModelState::present() const {
  ModelRecords present;
  for (const auto& [key, record] : records_)
    if (find(key) != nullptr) present.emplace(key, record);
  return present;
}

uint64_t ModelState::expiry_of(uint64_t option) const {
  if (option == store::never_expires) return 0;
  if (option != 0 || default_ttl == 0) return option;
  return now_ms + default_ttl;
}

void ModelState::put(const std::string& key, std::string value, uint64_t expires_at) {
  remember(key);
  records_[key] = {std::move(value), expires_at};
}

void ModelState::remove(const std::string& key) {
  if (find(key) == nullptr) return;
  remember(key);
  records_.erase(key);
}

uint64_t ModelState::remove_expired() {
  const uint64_t before = records_.size();
  records_ = present();
  return before - records_.size();
}

void ModelState::remember(const std::string& key) {
  const auto at = records_.find(key);
  open_.emplace_back(key, at == records_.end() ? std::nullopt : std::optional(at->second));
}

void ModelState::commit(store::Durability durability) {
  if (durability == store::Durability::memory)
    losable_.push_back(std::move(open_));
  else
    settle();
  open_.clear();
}

bool ModelState::take_back() {
  if (losable_.empty()) return false;
  for (auto undo = losable_.back().rbegin(); undo != losable_.back().rend(); ++undo) {
    if (undo->second)
      records_[undo->first] = *undo->second;
    else
      records_.erase(undo->first);
  }
  losable_.pop_back();
  return true;
}

std::string difference(const ModelRecords& expected, const ModelRecords& found) {
  for (const auto& [key, record] : expected) {
    const auto at = found.find(key);
    if (at == found.end()) return "missing " + quoted(key);
    if (at->second.value != record.value) return "wrong value of " + quoted(key);
    if (at->second.expires_at != record.expires_at)
      return "wrong expiry of " + quoted(key) + ": " + std::to_string(at->second.expires_at) +
             " instead of " + std::to_string(record.expires_at);
  }
  for (const auto& [key, record] : found)
    if (!expected.contains(key)) return "unexpected " + quoted(key);
  return {};
}

}  // namespace stave::test
