// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "instance/state/config_fields.hpp"
#include "instance/state/fields.hpp"
#include "instance/state/words.hpp"

/// What kinds of values the state's text has; and the proof that every member of a struct is described.
namespace state {

/// A visitor that counts fields.
struct Counter {
  std::size_t fields = 0;
  template <class M, class T>
  constexpr void operator()(const char* /*name*/, M T::* /*member*/) {
    ++fields;
  }
};

template <class T>
concept Structured = requires(Counter& counter) {
  describe(counter, Of<T>());
};

template <class T>
concept Worded = std::is_enum_v<T> && requires(T value) {
  wordsOf(value);
};

template <class T>
concept Number = std::is_integral_v<T> && !std::is_same_v<T, bool>;

/// A value that is one field.
template <class T>
inline constexpr bool kIsScalar = std::is_integral_v<T> || Worded<T> || std::is_same_v<T, std::string> ||
                                  std::is_same_v<T, core::Instant> || std::is_same_v<T, core::milliseconds>;
template <class A, class B>
inline constexpr bool kIsScalar<std::pair<A, B>> = true;

/// What a list holds: a shared pointer is written as the object.
template <class T>
struct Pointed {
  using Type = T;
};
template <class T>
struct Pointed<std::shared_ptr<const T>> {
  using Type = T;
};

/// Converts into every member of an aggregate.
struct Anything {
  template <class T>
  requires(!std::is_lvalue_reference_v<T>) operator T() const;  // NOLINT(google-explicit-constructor)
};

/// How many members an aggregate has.
template <class T, class... Members>
constexpr std::size_t memberCount() {
  if constexpr (requires { T{std::declval<Members>()..., std::declval<Anything>()}; })
    return memberCount<T, Members..., Anything>();
  else
    return sizeof...(Members);
}

/// Members that are records of their own, or not of a supervisord that runs.
template <class T>
inline constexpr std::size_t kLeftOut = 0;
template <>
inline constexpr std::size_t kLeftOut<Events> = 3;
template <>
inline constexpr std::size_t kLeftOut<config::Configuration> = 1;
template <>
inline constexpr std::size_t kLeftOut<config::CommandLine> = 4;  // action, stateDescriptor, overlaid, overlay

template <Structured T>
consteval bool isFullyDescribed() {
  Counter counter;
  describe(counter, Of<T>());
  return counter.fields + kLeftOut<T> == memberCount<T>();
}

}  // namespace state
