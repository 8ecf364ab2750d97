// Histories of concurrent calls on a few keys of a disk index that grows, merges, saves and shrinks
// meanwhile, is closed or killed in the middle, and opened again: each key's is that of a register.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/disk_index/disk_index.h"
#include "core/os/testing/simulated_file_system.h"
#include "tests/support/ladder.h"
#include "tests/support/linearizability.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using disk_index::DiskIndex;
using disk_index::Key;

constexpr uint64_t histories_full = 1000;
constexpr uint64_t threads = 4;
constexpr uint64_t parts = 2;  // of a history, with an open in between
constexpr uint64_t calls_per_part = 125;
constexpr uint64_t keys = 4;
constexpr uint64_t fillers_at_first = 1500;  // a few more do not fit into one segment
constexpr uint64_t absent = ~uint64_t{0};
constexpr const char* path = "/index";

// The larger the records, the fewer fill a segment.
using Record = std::array<std::byte, disk_index::record_size_max>;

enum class CallKind : uint8_t { get, contains, put, insert, remove };

struct Call {
  Interval interval;
  CallKind kind = CallKind::get;
  uint64_t key = 0;
  uint64_t value = 0;  // to be stored, or read
  bool found = false;  // whether the key was there, as far as the call says

  bool apply(uint64_t& state) const {
    if (kind != CallKind::put && found != (state != absent)) return false;
    switch (kind) {
      case CallKind::get:
        return !found || state == value;
      case CallKind::contains:
        return true;
      case CallKind::put:
        state = value;
        return true;
      case CallKind::insert:
        if (!found) state = value;
        return true;
      case CallKind::remove:
        state = absent;
        return true;
    }
    return false;
  }
};

// One index and the calls on it.
class History {
 public:
  explicit History(uint64_t seed)
      : seed_(seed), disk_(std::make_unique<os::SimulatedFileSystem>(seed)) {
    options_.record_kind = disk_index::RecordKind::opaque;
    options_.record_size = std::tuple_size_v<Record>;
    options_.background = seed % 2 == 0;
    options_.delta_entries = 64;
    options_.idle_time = std::chrono::microseconds(50);
    // In every third history many keys share their hash.
    if (seed % 3 == 0) options_.hash_mask = uint64_t{0xff} << 56;
  }

  void run() {
    open();
    load_fillers();
    for (uint64_t part = 0; part < parts && !testing::Test::HasFatalFailure(); part++) {
      if (part > 0) open_again();
      run_part(part);
      const disk_index::Stats stats = index_->stats();
      merges_ += stats.merges;
      segments_ = stats.segments;
    }
    const Status verified = index_->verify([](uint64_t, uint64_t) { return Status(); });
    EXPECT_TRUE(verified.ok()) << verified.message();
    EXPECT_TRUE(index_->close().ok());
  }

  bool is_linearizable() const {
    for (uint64_t key = 0; key < keys; key++) {
      std::vector<Call> of_key;
      for (const Call& call : calls_)
        if (call.key == key) of_key.push_back(call);
      if (!linearizable(of_key, absent)) return false;
    }
    return true;
  }

  const std::vector<Call>& calls() const { return calls_; }
  uint64_t merges() const { return merges_; }
  bool has_grown() const { return segments_ > segments_at_first_; }

 private:
  void open() {
    auto opened = DiskIndex::open(*disk_, path, options_);
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    index_ = *std::move(opened);
  }

  // What has returned survives a kill, too.
  void open_again() {
    std::unique_ptr<os::SimulatedFileSystem> image;
    if (seed_ % 4 < 2)
      image = disk_->kill_image();
    else
      ASSERT_TRUE(index_->close().ok());
    index_.reset();
    if (image) disk_ = std::move(image);
    open();
  }

  static Key filler(uint64_t number) { return {number, 1}; }

  void load_fillers() {
    const Record record{};
    uint64_t next = 0;
    const auto source = [&](Key* key, MutableBytes into) -> Status {
      if (next == fillers_at_first) return Code::done;
      *key = filler(next++);
      copy(into.data(), record);
      return {};
    };
    ASSERT_TRUE(index_->bulk_load(source).ok());
    segments_at_first_ = index_->stats().segments;
  }

  void run_part(uint64_t part) {
    std::array<std::vector<Call>, threads> calls;
    std::vector<std::thread> team;
    started_.store(0);
    for (uint64_t thread = 0; thread < threads; thread++)
      team.emplace_back([&, thread] { run_thread(part * threads + thread, calls[thread]); });
    for (std::thread& thread : team) thread.join();
    for (const auto& of_thread : calls)
      calls_.insert(calls_.end(), of_thread.begin(), of_thread.end());
  }

  void run_thread(uint64_t number, std::vector<Call>& calls) {
    Random random(seed_ * parts * threads + number);
    // All begin together: a thread takes longer to start than to make its calls.
    started_.fetch_add(1);
    while (started_.load() < threads) std::this_thread::yield();
    for (uint64_t i = 0; i < calls_per_part; i++) {
      calls.push_back(one_call(random, number << 10 | i));
      if (random.coin()) disturb(random, number << 10 | i);
    }
  }

  Call one_call(Random& random, uint64_t value) {
    Call call;
    call.key = random.below(keys);
    call.value = value;
    call.kind = static_cast<CallKind>(random.below(5));
    call.interval.begin = clock_.fetch_add(1);
    make(call);
    call.interval.end = clock_.fetch_add(1);
    return call;
  }

  void make(Call& call) {
    const Key key{call.key, 0};
    Record record{};
    store_le64(record.data(), call.value);
    store_le64(&record[record.size() - 8], call.value);
    Status status;
    switch (call.kind) {
      case CallKind::get:
        status = index_->get(key, record);
        call.value = load_le64(record.data());
        ASSERT_EQ(call.value, load_le64(&record[record.size() - 8])) << "a torn record";
        break;
      case CallKind::contains:
        status = index_->contains(key);
        break;
      case CallKind::put:
        status = index_->put(key, record);
        break;
      case CallKind::insert:
        status = index_->insert(key, record);
        break;
      case CallKind::remove:
        status = index_->remove(key);
        break;
    }
    ASSERT_FALSE(status.is_error()) << status.message();
    call.found = call.kind == CallKind::insert ? status.is(Code::exists) : status.ok();
  }

  // Merges, growth and new files around the keys that are watched.
  void disturb(Random& random, uint64_t number) {
    const Record record{};
    for (uint64_t i = 0; i < 4; i++) {
      const Key key = filler(fillers_at_first + (number << 2 | i));
      ASSERT_TRUE(index_->put(key, record).ok());
    }
    if (random.one_in(60)) {
      ASSERT_TRUE(index_->save(number).ok());
    }
    if (random.one_in(60)) {
      ASSERT_TRUE(index_->checkpoint(number).ok());
    }
    if (random.one_in(200)) {
      ASSERT_TRUE(index_->shrink_to_fit().ok());
    }
    if (random.one_in(8)) std::this_thread::yield();
  }

  const uint64_t seed_;
  std::unique_ptr<os::SimulatedFileSystem> disk_;
  disk_index::Options options_;
  std::unique_ptr<DiskIndex> index_;
  std::atomic<uint64_t> started_{0};
  std::atomic<uint64_t> clock_{0};
  std::vector<Call> calls_;
  uint64_t merges_ = 0;
  uint64_t segments_at_first_ = 0;
  uint64_t segments_ = 0;
};

TEST(DiskIndexLinearizability, EachKeyIsARegister) {
  const uint64_t seed = ladder_seed(70'021);
  const uint64_t histories = scaled(histories_full);
  uint64_t calls = 0;
  uint64_t overlaps = 0;
  uint64_t merges = 0;
  uint64_t grown = 0;
  for (uint64_t i = 0; i < histories; i++) {
    History history(seed + i);
    history.run();
    ASSERT_FALSE(HasFailure()) << "history of seed " << seed + i;
    ASSERT_TRUE(history.is_linearizable()) << "history of seed " << seed + i;
    for (const Call& call : history.calls()) {
      calls++;
      if (call.interval.end > call.interval.begin + 1) overlaps++;
    }
    merges += history.merges();
    grown += history.has_grown() ? 1 : 0;
  }
  report_counts("disk index linearizability", {{"histories", histories},
                                               {"calls", calls},
                                               {"overlapping calls", overlaps},
                                               {"segments rewritten", merges},
                                               {"histories with growth", grown}});
}

}  // namespace
}  // namespace stave::test
