// Finds a small part of a failing run that still fails.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace stave::test {

// Delta debugging (Zeller and Hildebrandt): leaves out ever smaller pieces as long as what remains
// fails. `fails` must hold for `items`; it is called at most `tries_max` times.
template <typename Item, typename Fails>
std::vector<Item> minimise(std::vector<Item> items, const Fails& fails, size_t tries_max) {
  size_t tries = 0;
  size_t piece = std::max<size_t>(1, items.size() / 2);
  while (tries < tries_max) {
    bool smaller = false;
    for (size_t begin = 0; begin < items.size() && tries < tries_max;) {
      const size_t end = std::min(items.size(), begin + piece);
      std::vector<Item> rest(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(begin));
      rest.insert(rest.end(), items.begin() + static_cast<std::ptrdiff_t>(end), items.end());
      tries++;
      if (fails(rest)) {
        items = std::move(rest);
        smaller = true;
      } else {
        begin = end;
      }
    }
    if (!smaller && piece == 1) break;
    if (!smaller) piece = std::max<size_t>(1, piece / 2);
  }
  return items;
}

}  // namespace stave::test
