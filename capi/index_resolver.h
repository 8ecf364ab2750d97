// A caller's stave_index_resolver as the core asks it.
#pragma once

#include <stave/index.h>

#include <atomic>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/index/resolved_keys.h"

namespace stave::capi {

class CallerResolver final : public index::Resolver {
 public:
  explicit CallerResolver(const stave_index_resolver& functions) noexcept : functions_(functions) {}
  ~CallerResolver() override { destroy(); }
  CallerResolver(const CallerResolver&) = delete;
  CallerResolver& operator=(const CallerResolver&) = delete;

  // From now on the context is destroyed with the resolver.
  void own_context() noexcept { owns_context_.store(true, std::memory_order_relaxed); }
  // Now rather than later, when nobody will ask any more. From any thread, repeatedly.
  void destroy() noexcept;

  index::Verdict match(uint64_t value, Bytes key, Status* error) const noexcept override;
  Result<uint64_t> hash(uint64_t value) const noexcept override;
  void prefetch(uint64_t value) const noexcept override;

 private:
  stave_index_resolver functions_;
  // Relaxed throughout: the gate of the index orders its last call before its end.
  std::atomic<bool> owns_context_{false};
};

// Whether it fits the key mode and the width of values; `resolver` may be null.
Status check_resolver(const stave_index_options& options, const stave_index_resolver* resolver,
                      stave_index_resolver* checked);

}  // namespace stave::capi
