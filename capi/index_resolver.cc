#include "capi/index_resolver.h"

#include <string>
#include <utility>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/error.h"

namespace stave::capi {

namespace {

constexpr AbiStruct resolver_struct = abi_struct<stave_index_resolver>("stave_index_resolver");

// An answer that is neither ok nor one of the function's own: the error that leaves the call.
Status refused(const char* function, stave_status answer) noexcept {
  return caught([&]() -> Status {
    const auto code = static_cast<Code>(answer < 0 ? answer : STAVE_INTERNAL);
    return Status::error(code, "the resolver's " + std::string(function) + " answered " +
                                   std::to_string(answer) + " (" + stave_status_name(answer) + ")");
  });
}

}  // namespace

void CallerResolver::destroy() noexcept {
  const bool owned = owns_context_.exchange(false, std::memory_order_relaxed);
  if (!owned || functions_.destroy == nullptr) return;
  // What it throws has nowhere to go.
  static_cast<void>(caught([&]() -> Status {
    functions_.destroy(functions_.context);
    return {};
  }));
}

index::Verdict CallerResolver::match(uint64_t value, Bytes key, Status* error) const noexcept {
  stave_status answer = STAVE_OK;
  Status thrown = caught([&]() -> Status {
    answer = functions_.compare(functions_.context, value, non_null(key), key.size());
    return {};
  });
  if (!thrown.ok()) [[unlikely]] {
    *error = std::move(thrown);
    return index::Verdict::error;
  }
  switch (answer) {
    case STAVE_OK:
      return index::Verdict::equal;
    case STAVE_MISMATCH:
      return index::Verdict::different;
    case STAVE_NOT_FOUND:
      return index::Verdict::stale;
    default:
      *error = refused("compare", answer);
      return index::Verdict::error;
  }
}

Result<uint64_t> CallerResolver::hash(uint64_t value) const noexcept {
  stave_status answer = STAVE_OK;
  uint64_t hash = 0;
  Status thrown = caught([&]() -> Status {
    answer = functions_.hash(functions_.context, value, &hash);
    return {};
  });
  if (!thrown.ok()) return thrown;
  if (answer == STAVE_OK) return hash;
  if (answer == STAVE_NOT_FOUND) return Code::not_found;
  return refused("hash", answer);
}

void CallerResolver::prefetch(uint64_t value) const noexcept {
  if (functions_.prefetch == nullptr) return;
  // A hint: what it throws is nobody's error.
  static_cast<void>(caught([&]() -> Status {
    functions_.prefetch(functions_.context, value);
    return {};
  }));
}

Status check_resolver(const stave_index_options& options, const stave_index_resolver* resolver,
                      stave_index_resolver* checked) {
  init_struct(checked);
  const bool is_resolved = options.key_mode == STAVE_KEYS_RESOLVED;
  if (resolver == nullptr && !is_resolved) return {};
  if (resolver == nullptr) return invalid_argument("resolver is NULL but key_mode is resolved");
  if (!is_resolved) {
    return invalid_argument(options.key_mode == STAVE_KEYS_OWNED
                                ? "there is a resolver but key_mode is owned"
                                : "there is a resolver but key_mode is owned16");
  }
  STAVE_TRY(read_struct(resolver_struct, resolver, checked));
  if (checked->reserved != 0) return invalid_argument("stave_index_resolver.reserved must be zero");
  if (checked->compare == nullptr) return invalid_argument("stave_index_resolver.compare is NULL");
  if (checked->hash == nullptr && options.value_bits == 44)
    return invalid_argument("stave_index_resolver.hash is NULL but value_bits is 44");
  return {};
}

}  // namespace stave::capi

void stave_index_resolver_init(stave_index_resolver* resolver) {
  stave::capi::init_struct(resolver);
}
