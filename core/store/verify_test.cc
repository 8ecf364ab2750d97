// Regressions of verification. The broad search lies in tests/corruption.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/base/hash.h"
#include "core/os/testing/simulated_file_system.h"
#include "core/store/store.h"

namespace stave::store {
namespace {

// XXH3 multiplies the halves of each word after an exclusive or with words of its secret, and adds
// up the words beside that. These two meet the lower half of the secret of seed 0, so that the
// products are 0, and exchange what they add.
std::string colliding_key(char first, char second) {
  std::string key(512, 'k');
  key.replace(0, 8, std::string("\xb8\xfe\x6c\x39") + std::string(4, first));
  key.replace(64, 8, std::string("\x7c\x01\x81\x2c") + std::string(4, second));
  return key;
}

// Verification told keys apart by a hash that everybody can compute. Of two that were made to
// collide it took one for a record that the directory should not have.
TEST(Verify, DistinguishesKeysWithEqualHash) {
  const std::string one = colliding_key('1', '2');
  const std::string other = colliding_key('2', '1');
  ASSERT_NE(one, other);
  ASSERT_EQ(hash128(as_bytes(one), 0), hash128(as_bytes(other), 0));
  os::SimulatedFileSystem files(1);
  const auto store = *Store::open(files, "/s", {});
  for (const std::string& key : {one, other})
    ASSERT_TRUE(store->put(as_bytes(key), as_bytes("v"), WriteMode::put, Durability::os).ok());
  const Status verified = store->verify([](uint64_t, uint64_t) { return Status(); });
  EXPECT_TRUE(verified.ok()) << verified.message();
}

}  // namespace
}  // namespace stave::store
