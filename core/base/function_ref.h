// A reference to something callable, for parameters that are called before the function returns.
// Unlike std::function it never allocates and never copies what it refers to.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace stave {

template <typename Signature>
class FunctionRef;

template <typename Answer, typename... Arguments>
class FunctionRef<Answer(Arguments...)> {
 public:
  template <typename Callable>
  requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef> &&
           std::is_invocable_r_v<Answer, Callable&, Arguments...>) FunctionRef(Callable&& callable)
  noexcept
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Arguments... arguments) -> Answer {
          return (*static_cast<std::remove_reference_t<Callable>*>(object))(
              std::forward<Arguments>(arguments)...);
        }) {}

  Answer operator()(Arguments... arguments) const {
    return call_(object_, std::forward<Arguments>(arguments)...);
  }

 private:
  void* object_;
  Answer (*call_)(void*, Arguments...);
};

}  // namespace stave
