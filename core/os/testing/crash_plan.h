// What a simulated crash keeps of the changes that were not synced.
#pragma once

#include <cstdint>

namespace stave::os {

struct CrashPlan {
  enum class Keep : uint8_t { none, all, random };
  // How far one surviving change may be broken up. `sector`: each 512 bytes of it survive or not.
  // `byte`: it also may end, or begin, at any byte.
  enum class Tear : uint8_t { none, sector, byte };
  // Which unsynced operations of a directory can survive. `prefix`: those before some point, as
  // file systems with a journal promise. `any`: each alone, except that operations on one name
  // keep their order.
  enum class DirectoryOrder : uint8_t { prefix, any };

  Keep writes = Keep::none;  // File::write, truncate and allocate, each alone
  Keep mapped = Keep::none;  // bytes stored through mappings, page by page
  Keep directories = Keep::none;
  Tear tear = Tear::none;
  DirectoryOrder directory_order = DirectoryOrder::prefix;

  static constexpr CrashPlan nothing_survives() noexcept { return {}; }
  static constexpr CrashPlan everything_survives() noexcept {
    return {Keep::all, Keep::all, Keep::all, Tear::none, DirectoryOrder::prefix};
  }
  // A plan drawn from all of them; most of them random and torn.
  static CrashPlan draw(uint64_t seed) noexcept;
};

}  // namespace stave::os
