#include "core/cow_map/family.h"

namespace stave::cow_map {

void Family::leave() noexcept {
  // Release and acquire: the last one destroys it after everybody's last use.
  if (members_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace stave::cow_map
