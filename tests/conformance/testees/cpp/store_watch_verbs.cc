// Verbs of the store for expiry, and those that run callbacks, other than update.
#include "tests/conformance/testees/cpp/testee.h"

namespace conformance {

// ---- Atomic ------------------------------------------------------------------------------------

// Runs the step whose word stands at `position`, which moves to the next one. Any status but ok
// ends the callback.
Status Testee::run_step(stave::Atomic& atomic, size_t& position) {
  const std::string step = words_.at(position++).text;
  if (step == "cancel") return Status::cancelled;
  if (step == "store.put") return self<stave::Store>().put("k", "").status();
  const auto print_status = [](Status status) {
    print((static_cast<int>(status) < 0 ? "  error " : "  ") + std::string(name(status)) + "\n");
  };
  const Bytes key = bytes(position++);
  if (step == "get" || step == "store.get") {
    const auto value =
        step == "get" ? atomic.get(key, buffer_) : self<stave::Store>().get(key, buffer_);
    if (value)
      print("  ok " + quoted(*value) + "\n");
    else
      print_status(value.status());
  } else if (step == "contains") {
    const auto found = atomic.contains(key);
    print_status(found && !*found ? Status::not_found : found.status());
  } else if (step == "remove") {
    print_status(atomic.remove(key).status());
  } else {
    const Bytes value = bytes(position++);
    print_status((step == "put"      ? atomic.put(key, value)
                  : step == "insert" ? atomic.insert(key, value)
                                     : atomic.replace(key, value))
                     .status());
  }
  return Status::ok;
}

void Testee::atomic() {
  const auto options = write_options();
  const auto run_steps = [this](stave::Atomic& atomic) {
    for (size_t position = 1; position < words_.size();)
      if (const Status status = run_step(atomic, position); status != Status::ok) return status;
    return Status::ok;
  };
  reply(self<stave::Store>().atomic(bytes(0), run_steps, options));
}

// ---- Hooks -------------------------------------------------------------------------------------

// The hook that the first word asks for.
Testee::Hook& Testee::new_hook() {
  const std::string action = words_.at(0).text;
  auto* const store = &self<stave::Store>();
  return hooks_.emplace_back([this, action, store](const stave::StoreChange& change) -> Status {
    std::string line = "  " + std::to_string(change.version()) + " " + quoted(change.key());
    line += change.removed() ? " removed" : " = " + quoted(change.value());
    if (change.expires_at() != 0) line += " expires " + std::to_string(change.expires_at());
    if (change.has_old_value()) line += " was " + quoted(change.old_value());
    Status status = action == "fail" ? Status::io : Status::ok;
    if (action == "get") {
      stave::Buffer value;
      line += " sees " + std::string(stave::name(store->get(change.key(), value).status()));
    } else if (action == "put") {
      status = store->put("k", "").status();
      line += " puts " + std::string(name(status));
    }
    events_ += line + "\n";
    return status;
  });
}

// ---- Migrate -----------------------------------------------------------------------------------

void Testee::migrate(Bytes token) {
  const auto options = write_options();
  const std::string prefix = bytes(0);
  const std::string step = words_.at(1).text;
  const std::string value = words_.size() > 2 ? words_[2].text : "";
  const bool stops = words_.back().text == "stop";
  auto& store = self<stave::Store>();
  const auto decide = [&](Bytes key, stave::EditedValue& edited, stave::Migrate& action) -> Status {
    if (!key.text().starts_with(prefix) || step == "keep") return Status::ok;
    if (step == "cancel") return Status::cancelled;
    if (step == "put") return store.put("k", "").status();
    action = step == "remove" ? stave::Migrate::remove : stave::Migrate::update;
    return step == "remove" ? Status::ok : edit_bytes(step, value, edited);
  };
  const auto progress = [&](uint64_t, uint64_t, Bytes at) {
    kept_token_ = at.text();
    return stops ? Status::cancelled : Status::ok;
  };
  reply(store.migrate(decide, progress, token, options));
}

Testee::Verbs Testee::store_watch_verbs(Testee& t) {
  const auto store = [&t]() -> stave::Store& { return t.self<stave::Store>(); };
  return {
      {"store.expire",
       [=, &t] {
         const auto options = t.write_options();
         t.reply(store().expire(t.bytes(0), t.number(1), options));
       }},
      {"store.expires_at", [=, &t] { t.reply(store().expires_at(t.bytes(0))); }},
      {"store.clear",
       [=, &t] {
         const auto options = t.write_options();
         t.reply(store().clear(options));
       }},
      {"store.remove_expired", [=, &t] { t.reply(store().remove_expired()); }},
      {"store.write_version",
       [&t] {
         uint64_t version = 0;
         const auto written = t.write(&version);
         written ? t.reply(stave::Result<uint64_t>(version)) : t.reply(written);
       }},
      {"store.atomic", [&t] { t.atomic(); }},
      {"store.on_write",
       [=, &t] {
         const bool wants_old_value = t.words_.back().text == "old_value";
         t.reply(store().on_write(t.new_hook(), wants_old_value));
       }},
      {"store.on_open", [=, &t] { t.reply(store().on_open(t.new_hook())); }},
      {"store.events", [&t] { print(std::exchange(t.events_, {}) + "ok\n"); }},
      {"store.migrate", [&t] { t.migrate({}); }},
      {"store.migrate_on",
       [&t] {
         const std::string token = t.kept_token_;
         t.migrate(token);
       }},
      {"store.cursor_on",
       [=, &t] { t.bind(store().open_cursor(t.cursor_options(t.kept_token_))); }},
  };
}

}  // namespace conformance
