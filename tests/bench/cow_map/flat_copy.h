// A map of a library that copies all of itself.
#pragma once

#include "tests/bench/cow_map/cow_map_rows.h"

namespace stave::bench::cow_map {

template <typename Map>
class FlatCopy {
 public:
  std::unique_ptr<FlatCopy> clone() { return std::make_unique<FlatCopy>(*this); }
  void put(int64_t key, uint64_t value) { map_.insert_or_assign(key, value); }
  bool get(int64_t key, uint64_t& value) const {
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    value = found->second;
    return true;
  }
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [key, value] : map_) visit(key, value);
  }

 private:
  Map map_;
};

}  // namespace stave::bench::cow_map
