// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace config {

struct ProcessConfig;

/// A program with the name of its group.
struct Member {
  std::string_view group;
  const ProcessConfig* program;
};

struct WrongDependence {
  std::size_t member;  ///< whose depends_on it is
  std::string reason;
};
/// The first dependence on an unknown program, or the first cycle, which the reason shows; nullopt: all are good.
/// Names that members before `first` have are not checked.
[[nodiscard]] std::optional<WrongDependence> wrongDependence(std::span<const Member> members, std::size_t first = 0);

}  // namespace config
