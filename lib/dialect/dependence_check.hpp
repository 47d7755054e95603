// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// Conditions of members from `first` on that are probably not what is meant: `exited` of a program that is started
/// again after each end, and `ready` of one without a sign of readiness. Each dependence at most once. Nothing if
/// wrongDependence() finds something.
[[nodiscard]] std::vector<WrongDependence> doubtfulDependences(std::span<const Member> members, std::size_t first = 0);

}  // namespace config
