#include "core/os/testing/fault_plan.h"

namespace stave::os {

namespace {

struct CallTraits {
  std::string_view name;
  bool mutating;
  bool needs_space;
  bool interruptible;
  bool transfers;
};

constexpr std::array<CallTraits, call_kinds> traits = {{
    {"open", false, false, false, false},
    {"create", true, true, false, false},
    {"read", false, false, true, true},
    {"write", true, true, true, true},
    {"sync_data", true, true, true, false},
    {"size", false, false, false, false},
    {"truncate", true, true, false, false},
    {"allocate", true, true, false, false},
    {"map", false, false, false, false},
    {"drop_cache", false, false, false, false},
    {"rename", true, true, false, false},
    {"remove", true, false, false, false},
    {"make_directory", true, true, false, false},
    {"sync_directory", true, true, true, false},
    {"list", false, false, false, false},
    {"lock", true, true, false, false},
    {"random", false, false, false, false},
}};

const CallTraits& traits_of(CallKind kind) noexcept {
  return traits[static_cast<size_t>(kind)];
}

bool can_have(CallKind call, size_t transfer_size, Fault::Kind fault) noexcept {
  switch (fault) {
    case Fault::Kind::io_error:
      return true;
    case Fault::Kind::no_space:
      return traits_of(call).needs_space;
    case Fault::Kind::short_count:
      return traits_of(call).transfers && transfer_size > 1;
    case Fault::Kind::interrupted:
      return traits_of(call).interruptible;
  }
  return false;
}

}  // namespace

std::string_view call_name(CallKind kind) noexcept {
  return traits_of(kind).name;
}

bool is_mutating(CallKind kind) noexcept {
  return traits_of(kind).mutating;
}

std::optional<Fault::Kind> FaultPlan::next(CallKind call, size_t transfer_size) noexcept {
  calls_++;
  by_kind_[static_cast<size_t>(call)]++;
  std::optional<Fault::Kind> result;
  for (Planned& planned : planned_) {
    const Fault& fault = planned.fault;
    if (fault.call && *fault.call != call) continue;
    planned.seen++;
    const bool due =
        fault.forever ? planned.seen >= fault.call_number : planned.seen == fault.call_number;
    if (!due || result || !can_have(call, transfer_size, fault.kind)) continue;
    if (fault.kind == Fault::Kind::interrupted) {
      planned.just_interrupted = !planned.just_interrupted;
      if (!planned.just_interrupted) continue;
    }
    result = fault.kind;
    fired_[static_cast<size_t>(fault.kind)]++;
  }
  return result;
}

}  // namespace stave::os
