#include "capi/pin.h"

#include "capi/error.h"

using stave::capi::non_null;

const void* stave_pin_data(const stave_pin* pin) {
  return pin != nullptr && pin->is(stave_pin::kind) ? non_null(pin->bytes) : nullptr;
}

size_t stave_pin_size(const stave_pin* pin) {
  return pin != nullptr && pin->is(stave_pin::kind) ? pin->bytes.size() : 0;
}

void stave_pin_free(stave_pin* pin) {
  if (pin == nullptr || !pin->is(stave_pin::kind)) return;
  // It has no calls that could be inside, and no children.
  if (pin->in_forked_child())
    pin->mark_freed();
  else
    delete pin;
}
