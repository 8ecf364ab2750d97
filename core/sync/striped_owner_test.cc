#include "core/sync/striped_owner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace stave::sync {
namespace {

struct Noticed {
  explicit Noticed(std::atomic<int>& live) : count(live) { count++; }
  ~Noticed() { count--; }
  std::atomic<int>& count;
};

TEST(StripedOwner, TheObjectLivesAsLongAsItsLastReference) {
  std::atomic<int> live{0};
  StripedOwner<Noticed> owner(std::make_shared<Noticed>(live));
  std::vector<std::shared_ptr<Noticed>> references;
  for (int i = 0; i < 20; i++) {
    std::thread([&] { references.push_back(owner.share()); }).join();
    EXPECT_EQ(references.back().get(), owner.get());
  }
  owner.reset();
  EXPECT_EQ(owner.get(), nullptr);
  EXPECT_EQ(owner.share(), nullptr);
  while (references.size() > 1) references.pop_back();
  EXPECT_EQ(live, 1);
  references.clear();
  EXPECT_EQ(live, 0);
}

TEST(StripedOwner, TheOwnerIsEnough) {
  std::atomic<int> live{0};
  {
    const StripedOwner<Noticed> owner(std::make_shared<Noticed>(live));
    std::shared_ptr<Noticed> reference = owner.share();
    reference.reset();
    EXPECT_EQ(live, 1);
    EXPECT_EQ(owner->count, 1);
    EXPECT_EQ((*owner).count, 1);
  }
  EXPECT_EQ(live, 0);
}

TEST(StripedOwner, ManyThreadsTakeAndDropReferences) {
  std::atomic<int> live{0};
  StripedOwner<Noticed> owner(std::make_shared<Noticed>(live));
  std::vector<std::thread> team;
  for (int number = 0; number < 4; number++) {
    team.emplace_back([&owner] {
      std::shared_ptr<Noticed> last;
      for (int i = 0; i < 20'000; i++) {
        last = owner.share();
        EXPECT_EQ(last->count, 1);
      }
    });
  }
  for (std::thread& thread : team) thread.join();
  EXPECT_EQ(live, 1);
  owner.reset();
  EXPECT_EQ(live, 0);
}

}  // namespace
}  // namespace stave::sync
