// The pipeline against a backend that records what it is asked to do.
#include "core/store/commit/commit_pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <random>
#include <semaphore>
#include <thread>
#include <vector>

namespace stave::store {
namespace {

class RecordingBackend : public CommitPipeline::Backend {
 public:
  void publish(Commit& commit, bool) noexcept override {
    const std::lock_guard lock(mutex_);
    if (commit.needs_device && durable_lsn() < commit.lsn) too_early_ = true;
    published_.push_back(commit.lsn);
  }
  Status sync_through(uint64_t lsn) noexcept override {
    syncs_++;
    if (fail_sync_) return Status::error(Code::io, "planned");
    std::this_thread::yield();
    durable_ = lsn;
    return {};
  }
  uint64_t durable_lsn() const noexcept override { return durable_; }

  std::mutex mutex_;
  std::vector<uint64_t> published_;
  std::atomic<uint64_t> durable_{0};
  std::atomic<uint64_t> syncs_{0};
  std::atomic<bool> fail_sync_{false};
  std::atomic<bool> too_early_{false};
};

// Stops inside a publication and inside a sync until told to go on.
class StoppingBackend : public RecordingBackend {
 public:
  void publish(Commit& commit, bool locked) noexcept override {
    RecordingBackend::publish(commit, locked);
    stop();
  }
  Status sync_through(uint64_t lsn) noexcept override {
    stop();
    return RecordingBackend::sync_through(lsn);
  }

  std::binary_semaphore stopped_{0};
  std::binary_semaphore go_on_{0};

 private:
  void stop() {
    stopped_.release();
    go_on_.acquire();
  }
};

Commit commit_of(uint64_t lsn, bool needs_device) {
  Commit commit;
  commit.lsn = lsn;
  commit.needs_device = needs_device;
  return commit;
}

TEST(CommitPipeline, NextCommitWithoutSyncIsPublishedAtOnce) {
  RecordingBackend backend;
  CommitPipeline pipeline(backend, 0);
  Commit first = commit_of(1, false);
  EXPECT_TRUE(pipeline.publish_now(first));
  EXPECT_EQ(pipeline.visible(), 1u);
  Commit third = commit_of(3, false);
  EXPECT_FALSE(pipeline.publish_now(third)) << "2 is missing";
  Commit second = commit_of(2, true);
  EXPECT_FALSE(pipeline.publish_now(second)) << "needs a sync";
}

TEST(CommitPipeline, OneSyncServesAllWaitingCommits) {
  RecordingBackend backend;
  CommitPipeline pipeline(backend, 0);
  Commit first = commit_of(1, true);
  Commit second = commit_of(2, false);
  Commit third = commit_of(3, true);
  pipeline.enqueue(third);
  pipeline.enqueue(first);
  pipeline.enqueue(second);
  EXPECT_TRUE(pipeline.wait(first).ok());
  EXPECT_EQ(pipeline.visible(), 3u);
  EXPECT_EQ(backend.syncs_, 1u);
  EXPECT_EQ(backend.published_, (std::vector<uint64_t>{1, 2, 3}));
}

TEST(CommitPipeline, SyncStopsAtTheFirstGap) {
  RecordingBackend backend;
  CommitPipeline pipeline(backend, 0);
  Commit first = commit_of(1, true);
  Commit third = commit_of(3, true);
  pipeline.enqueue(first);
  pipeline.enqueue(third);
  EXPECT_TRUE(pipeline.wait(first).ok());
  EXPECT_EQ(backend.durable_, 1u) << "2 has not been filled, so 3 may not count as durable";
  EXPECT_FALSE(third.done);
}

TEST(CommitPipeline, FailedSyncFailsWaitingAndLaterCommits) {
  RecordingBackend backend;
  CommitPipeline pipeline(backend, 0);
  backend.fail_sync_ = true;
  Commit first = commit_of(1, true);
  Commit second = commit_of(2, false);
  pipeline.enqueue(first);
  pipeline.enqueue(second);
  EXPECT_TRUE(pipeline.wait(first).is(Code::io));
  EXPECT_TRUE(pipeline.wait(second).is(Code::io));
  EXPECT_TRUE(pipeline.wait_visible(1).is(Code::io));
  backend.fail_sync_ = false;
  Commit third = commit_of(3, false);
  EXPECT_FALSE(pipeline.publish_now(third));
  pipeline.enqueue(third);
  EXPECT_TRUE(pipeline.wait(third).is(Code::io));
  EXPECT_TRUE(backend.published_.empty());
  EXPECT_EQ(backend.syncs_, 1u) << "a failed sync is never repeated";
}

TEST(CommitPipeline, SettledVisibleCoversPublishedCommits) {
  StoppingBackend backend;
  CommitPipeline pipeline(backend, 0);
  Commit first = commit_of(1, false);
  pipeline.enqueue(first);
  std::thread writer([&] { EXPECT_TRUE(pipeline.wait(first).ok()); });
  backend.stopped_.acquire();
  // Readers of the directory see the change now, and the LSN does not say so yet.
  EXPECT_EQ(backend.published_, std::vector<uint64_t>{1});
  EXPECT_EQ(pipeline.visible(), 0u);
  auto settled = std::async(std::launch::async, [&] { return pipeline.settled_visible(); });
  // An answer before the publication ends is wrong, and the time is what such an answer has to
  // come.
  EXPECT_EQ(settled.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  backend.go_on_.release();
  EXPECT_EQ(settled.get(), 1u);
  writer.join();
}

TEST(CommitPipeline, SettledVisibleDoesNotWaitForSync) {
  StoppingBackend backend;
  CommitPipeline pipeline(backend, 0);
  Commit first = commit_of(1, true);
  pipeline.enqueue(first);
  std::thread writer([&] { EXPECT_TRUE(pipeline.wait(first).ok()); });
  backend.stopped_.acquire();
  EXPECT_EQ(pipeline.settled_visible(), 0u) << "the sync goes on, nothing is published";
  backend.go_on_.release();
  backend.stopped_.acquire();  // in the publication
  backend.go_on_.release();
  writer.join();
  EXPECT_EQ(pipeline.settled_visible(), 1u);
}

TEST(CommitPipeline, ThreadsPublishInLogOrder) {
  constexpr int threads = 4;
  constexpr int commits_each = 2000;
  RecordingBackend backend;
  CommitPipeline pipeline(backend, 0);
  std::atomic<uint64_t> next_lsn{0};
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; t++)
    workers.emplace_back([&, t] {
      std::mt19937 random(static_cast<uint32_t>(t));
      for (int i = 0; i < commits_each; i++) {
        Commit commit = commit_of(++next_lsn, random() % 2 == 0);
        if (random() % 4 == 0) std::this_thread::yield();
        if (pipeline.publish_now(commit)) continue;
        pipeline.enqueue(commit);
        ASSERT_TRUE(pipeline.wait(commit).ok());
        ASSERT_GE(pipeline.visible(), commit.lsn);
      }
    });
  for (std::thread& worker : workers) worker.join();
  ASSERT_EQ(backend.published_.size(), size_t{threads} * commits_each);
  for (size_t i = 0; i < backend.published_.size(); i++) ASSERT_EQ(backend.published_[i], i + 1);
  EXPECT_FALSE(backend.too_early_);
}

}  // namespace
}  // namespace stave::store
