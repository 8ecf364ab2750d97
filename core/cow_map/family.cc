#include "core/cow_map/family.h"

#include <algorithm>

namespace stave::cow_map {

void Family::leave() noexcept {
  // Release and acquire: the last one destroys it after everybody's last use.
  if (members_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void Family::hasten_reclaiming() noexcept {
  uint64_t made = made_.load(std::memory_order_relaxed);
  // Who meets another one here leaves it to that one.
  if (!made_.compare_exchange_strong(made, made % worth_of_object, std::memory_order_relaxed))
    return;
  sync::EpochRegistry::add_reclaim_pressure(static_cast<uint32_t>(
      std::min<uint64_t>(made / worth_of_object, sync::EpochRegistry::kDecideEvery)));
}

}  // namespace stave::cow_map
