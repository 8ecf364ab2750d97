// Many threads on one store: commits of all durabilities, batches, conditions, cursors, pins,
// verifications and syncs beside each other, over a simulated disk. For ThreadSanitizer, and for
// what only the outcome shows.
//
// What each thread knows at any moment, whatever the others do:
//   - keys that it alone writes: their exact values, also through a cursor;
//   - accounts, between which batches with conditions move amounts: their sum, whenever a batch
//     finds that all of them are as they were read;
//   - two counters that batches raise together: neither is ever seen behind the other, nor going
//     back.
// At the end of a round the store is compared with all of that, and again after it has been closed,
// killed, or has lost its power.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/os/testing/simulated_file_system.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"
#include "tests/support/store_access.h"

namespace stave::test {
namespace {

using store::Batch;
using store::Durability;
using store::Store;
using store::WriteMode;

constexpr uint64_t operations_full = 1'000'000;
constexpr uint64_t operations_per_round = 20'000;
constexpr uint64_t threads = 4;
constexpr const char* path = "/store";

constexpr uint64_t accounts = 8;
constexpr uint64_t balance_at_first = 1000;
constexpr uint64_t switches = 8;
constexpr uint64_t own_keys = 40;
constexpr size_t pins_max = 8;

std::string account_key(uint64_t number) {
  return "account" + std::to_string(number);
}
std::string switch_key(uint64_t number) {
  return "switch" + std::to_string(number);
}
constexpr std::array<const char*, 2> counter_keys = {"counter0", "counter1"};

// What the threads of a round have in common.
struct Shared {
  explicit Shared(Store& opened) : store(opened) {}

  Store& store;
  std::atomic<bool> failed{false};
  // By key: insertions less removals that succeeded, 0 or 1 once all threads are done.
  std::array<std::atomic<int64_t>, switches> switched_on{};
  std::atomic<uint64_t> counted{0};
  std::atomic<uint64_t> transfers{0};
  std::atomic<uint64_t> audits{0};
  std::atomic<uint64_t> mismatches{0};
};

class Worker {
 public:
  Worker(Shared& shared, uint64_t number, uint64_t seed)
      : shared_(shared), prefix_("own" + std::to_string(number) + "-"), random_(seed) {}

  void run(uint64_t operations) {
    for (uint64_t i = 0; i < operations && !shared_.failed; i++) operate();
    pins_.clear();
  }
  const Contents& own() const noexcept { return own_; }

 private:
  void operate();
  void write_own();
  void write_own_batch();
  void read_own();
  void pin_own();
  void transfer();
  void audit();
  void count();
  void read_counters();
  void flip_switch();
  void scan();
  void sync();

  Store& store() const noexcept { return shared_.store; }
  Durability durability() { return static_cast<Durability>(random_.between(1, 3)); }
  std::string own_key() { return prefix_ + std::to_string(random_.below(own_keys)); }
  std::string own_value() {
    return test_value(random_.next(),
                      random_.one_in(200) ? random_.below(30'000) : random_.below(200));
  }
  void check(bool right, const std::string& what) {
    if (right) return;
    shared_.failed = true;
    ADD_FAILURE() << prefix_ << " " << what;
  }
  void check(Code expected, const Status& status, const char* what) {
    check(status.is(expected), std::string(what) + ": " + describe(status) + " instead of " +
                                   std::string(code_name(expected)));
  }
  uint64_t number_under(const std::string& key) {
    const Result<std::string> value = get(store(), key);
    check(Code::ok, value.status(), key.c_str());
    return value ? std::stoull(*value) : 0;
  }
  // Whether the batch was applied; else one of its conditions failed.
  bool write(const Batch& batch) {
    size_t failed_position = SIZE_MAX;
    const Status status = store().write(batch, durability(), &failed_position, nullptr);
    if (status.ok()) return true;
    check(Code::mismatch, status, "batch");
    check(failed_position < batch.size(), "the position of the failed condition");
    shared_.mismatches++;
    return false;
  }
  static void add(Batch& batch, Batch::Kind kind, std::string_view key, uint64_t number) {
    ASSERT_TRUE(batch.add(kind, as_bytes(key), as_bytes(std::to_string(number))).ok());
  }

  Shared& shared_;
  const std::string prefix_;
  Random random_;
  Contents own_;
  std::vector<std::pair<store::PinnedValue, std::string>> pins_;
  uint64_t counter_seen_ = 0;
};

void Worker::operate() {
  const uint64_t choice = random_.below(1000);
  if (choice < 250) return write_own();
  if (choice < 300) return write_own_batch();
  if (choice < 500) return read_own();
  if (choice < 560) return pin_own();
  if (choice < 700) return transfer();
  if (choice < 750) return audit();
  if (choice < 820) return count();
  if (choice < 870) return read_counters();
  if (choice < 970) return flip_switch();
  if (choice < 990) return scan();
  if (choice < 998) return sync();
  check(Code::ok, verify(store()), "verify");
}

void Worker::write_own() {
  const std::string key = own_key();
  const bool exists = own_.contains(key);
  if (random_.one_in(4)) {
    check(exists ? Code::ok : Code::not_found, erase(store(), key, durability()), "erase");
    own_.erase(key);
    return;
  }
  const auto mode = static_cast<WriteMode>(random_.below(3));
  Code expected = Code::ok;
  if (mode == WriteMode::insert && exists) expected = Code::exists;
  if (mode == WriteMode::replace && !exists) expected = Code::not_found;
  std::string value = own_value();
  check(expected, store().put(as_bytes(key), as_bytes(value), mode, durability()), "put");
  if (expected == Code::ok) own_[key] = std::move(value);
}

void Worker::write_own_batch() {
  Batch batch;
  Contents after = own_;
  for (uint64_t i = random_.between(1, 6); i > 0; i--) {
    const std::string key = own_key();
    if (random_.one_in(3)) {
      check(Code::ok, batch.add(Batch::Kind::remove, as_bytes(key)), "add");
      after.erase(key);
    } else {
      after[key] = own_value();
      check(Code::ok, batch.add(Batch::Kind::put, as_bytes(key), as_bytes(after[key])), "add");
    }
  }
  uint64_t erased = 0;
  uint64_t gone = 0;
  for (const auto& [key, value] : own_) gone += after.contains(key) ? 0 : 1;
  check(Code::ok, store().write(batch, durability(), nullptr, &erased), "own batch");
  check(erased == gone, "the number of erased keys");
  own_ = std::move(after);
}

void Worker::read_own() {
  const std::string key = own_key();
  const auto known = own_.find(key);
  const Result<std::string> value = get(store(), key);
  check(known == own_.end() ? Code::not_found : Code::ok, value.status(), "get");
  check(!value || *value == known->second, "the value of an own key");
}

void Worker::pin_own() {
  const std::string key = own_key();
  Result<store::PinnedValue> pin = store().get_pin(as_bytes(key));
  const auto known = own_.find(key);
  check(known == own_.end() ? Code::not_found : Code::ok, pin.status(), "get_pin");
  if (!pin) return;
  if (pins_.size() == pins_max) {
    check(as_text(pins_.front().first.bytes) == pins_.front().second, "a pinned value");
    pins_.erase(pins_.begin());
  }
  pins_.emplace_back(*std::move(pin), known->second);
}

void Worker::transfer() {
  const uint64_t from = random_.below(accounts);
  const uint64_t to = (from + random_.between(1, accounts - 1)) % accounts;
  const uint64_t from_balance = number_under(account_key(from));
  const uint64_t to_balance = number_under(account_key(to));
  const uint64_t amount = random_.below(from_balance + 1);
  Batch batch;
  add(batch, Batch::Kind::require_equal, account_key(from), from_balance);
  add(batch, Batch::Kind::require_equal, account_key(to), to_balance);
  add(batch, Batch::Kind::put, account_key(from), from_balance - amount);
  add(batch, Batch::Kind::put, account_key(to), to_balance + amount);
  if (write(batch)) shared_.transfers++;
}

void Worker::audit() {
  Batch batch;
  uint64_t sum = 0;
  for (uint64_t i = 0; i < accounts; i++) {
    const uint64_t balance = number_under(account_key(i));
    sum += balance;
    add(batch, Batch::Kind::require_equal, account_key(i), balance);
  }
  // With a change the answer rests on the log's order, without it on what is visible.
  if (random_.one_in(2)) add(batch, Batch::Kind::put, "audit", sum);
  if (!write(batch)) return;
  check(sum == accounts * balance_at_first, "the sum is " + std::to_string(sum));
  shared_.audits++;
}

void Worker::count() {
  const uint64_t before = number_under(counter_keys[0]);
  Batch batch;
  add(batch, Batch::Kind::require_equal, counter_keys[0], before);
  for (const char* key : counter_keys) add(batch, Batch::Kind::put, key, before + 1);
  if (!write(batch)) return;
  shared_.counted++;
  counter_seen_ = std::max(counter_seen_, before + 1);
}

void Worker::read_counters() {
  const uint64_t first = random_.below(2);
  const uint64_t seen_first = number_under(counter_keys[first]);
  const uint64_t seen_second = number_under(counter_keys[1 - first]);
  check(counter_seen_ <= seen_first, "a counter went back");
  check(seen_first <= seen_second, "half of a batch was visible");
  counter_seen_ = seen_second;
}

void Worker::flip_switch() {
  const uint64_t number = random_.below(switches);
  const std::string key = switch_key(number);
  if (random_.one_in(2)) {
    const Status status =
        store().put(as_bytes(key), as_bytes("on"), WriteMode::insert, durability());
    if (status.ok())
      shared_.switched_on[number]++;
    else
      check(Code::exists, status, "insert");
  } else {
    const Status status = erase(store(), key, durability());
    if (status.ok())
      shared_.switched_on[number]--;
    else
      check(Code::not_found, status, "erase");
  }
}

void Worker::scan() {
  const Result<Contents> own = read_all(store(), prefix_);
  check(Code::ok, own.status(), "cursor");
  if (own) check(difference(own_, *own).empty(), "cursor: " + difference(own_, *own));
  if (!random_.one_in(8)) return;
  const Result<Contents> all = read_all(store());
  check(Code::ok, all.status(), "cursor over all");
  if (all) check(all->contains(counter_keys[0]), "a key that always exists was not visited");
}

void Worker::sync() {
  const uint64_t visible = store().stats().version;
  check(Code::ok, random_.one_in(2) ? store().sync() : store().flush(), "sync or flush");
  check(Code::ok, store().sync(), "sync");
  check(store().stats().durable_version >= visible, "a sync left visible commits behind");
}

// One store, from its making to its reopening.
class Round {
 public:
  explicit Round(uint64_t seed)
      : random_(seed), disk_(std::make_unique<os::SimulatedFileSystem>(seed)) {
    options_.segment_size = uint64_t{4096} << random_.between(2, 6);
    options_.shards = uint32_t{1} << (2 * random_.below(3));
    options_.io = random_.one_in(2) ? store::ReadIo::mmap : store::ReadIo::buffered;
    options_.background = random_.one_in(2);  // a merger of its own, or the writers
    open();
  }

  void run(Shared& shared) {
    std::vector<Worker> workers;
    for (uint64_t i = 0; i < threads; i++) workers.emplace_back(shared, i, random_.next());
    std::vector<std::thread> running;
    for (Worker& worker : workers)
      running.emplace_back([&worker] { worker.run(operations_per_round / threads); });
    for (std::thread& thread : running) thread.join();
    for (const Worker& worker : workers) known_.insert(worker.own().begin(), worker.own().end());
    for (uint64_t i = 0; i < switches; i++) {
      ASSERT_TRUE(shared.switched_on[i] == 0 || shared.switched_on[i] == 1);
      if (shared.switched_on[i] == 1) known_[switch_key(i)] = "on";
    }
    for (const char* key : counter_keys) known_[key] = std::to_string(shared.counted);
  }

  Store& store() noexcept { return *store_; }
  void prepare() {
    for (uint64_t i = 0; i < accounts; i++)
      ASSERT_TRUE(
          put(*store_, account_key(i), std::to_string(balance_at_first), Durability::os).ok());
    for (const char* key : counter_keys) ASSERT_TRUE(put(*store_, key, "0", Durability::os).ok());
    ASSERT_TRUE(
        put(*store_, "audit", std::to_string(accounts * balance_at_first), Durability::os).ok());
  }

  // The store against all that is known.
  void compare() {
    const Result<Contents> found = read_all(*store_);
    ASSERT_TRUE(found.ok()) << describe(found.status());
    Contents rest = *found;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < accounts; i++) {
      ASSERT_TRUE(rest.contains(account_key(i)));
      sum += std::stoull(rest[account_key(i)]);
      rest.erase(account_key(i));
    }
    EXPECT_EQ(sum, accounts * balance_at_first);
    EXPECT_EQ(rest["audit"], std::to_string(accounts * balance_at_first));
    rest.erase("audit");
    EXPECT_EQ(difference(known_, rest), "");
    EXPECT_EQ(store_->size(), found->size());
    const Status verified = verify(*store_);
    EXPECT_TRUE(verified.ok()) << describe(verified);
    EXPECT_EQ(disk_->violations(), std::vector<std::string>());
  }

  void end() {
    std::unique_ptr<os::SimulatedFileSystem> image;
    switch (random_.below(3)) {
      case 0:
        ASSERT_TRUE(store_->close().ok());
        break;
      case 1:
        ASSERT_TRUE(store_->flush().ok());
        image = disk_->kill_image();
        break;
      default:
        ASSERT_TRUE(store_->sync().ok());
        image = disk_->crash_image({}, random_.next());
    }
    store_.reset();
    if (image) disk_ = std::move(image);
    open();
  }

 private:
  void open() {
    auto opened = Store::open(*disk_, path, options_);
    ASSERT_TRUE(opened.ok()) << describe(opened.status());
    store_ = *std::move(opened);
  }

  Random random_;
  std::unique_ptr<os::SimulatedFileSystem> disk_;
  store::Options options_ = base_options();
  std::unique_ptr<Store> store_;
  Contents known_;  // all but the accounts and the last audit
};

TEST(StoreStress, ManyThreadsOnOneStore) {
  Random random(ladder_seed(20261121));
  const uint64_t rounds = scaled(operations_full / operations_per_round);
  uint64_t transfers = 0;
  uint64_t audits = 0;
  uint64_t mismatches = 0;
  uint64_t commits = 0;
  uint64_t syncs = 0;
  for (uint64_t i = 0; i < rounds && !HasFailure(); i++) {
    Round round(random.next());
    round.prepare();
    Shared shared(round.store());
    round.run(shared);
    const store::Stats stats = round.store().stats();
    round.compare();
    if (HasFailure()) break;
    round.end();
    round.compare();
    transfers += shared.transfers;
    audits += shared.audits;
    mismatches += shared.mismatches;
    commits += stats.commits;
    syncs += stats.syncs;
  }
  report_counts("stress, store", {{"operations", rounds * operations_per_round},
                                  {"commits", commits},
                                  {"syncs", syncs},
                                  {"transfers", transfers},
                                  {"audits", audits},
                                  {"mismatches", mismatches}});
}

}  // namespace
}  // namespace stave::test
