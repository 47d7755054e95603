// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/unique_fd.hpp"

namespace state {

/// Names of descriptors, as sd_notify's FDNAME has them: "p17.in", "p17.out", "p17.err" of program number 17.
[[nodiscard]] inline std::string pipeName(std::uint32_t program, const char* which) {
  return "p" + std::to_string(program) + "." + which;
}

/// Whether `name` is one of pipeName().
[[nodiscard]] inline bool isPipeName(const std::string& name) {
  return name.size() > 1 && name[0] == 'p' && name[1] >= '0' && name[1] <= '9';
}

/// Descriptors that go to a successor: they stay open here, and stay ours.
class Outgoing {
 public:
  /// Returns `name`, or "" if there is no descriptor.
  std::string add(std::string name, int fd) {
    if (fd < 0) return {};
    descriptors_.emplace_back(name, fd);
    return name;
  }
  [[nodiscard]] const std::vector<std::pair<std::string, int>>& all() const noexcept { return descriptors_; }

 private:
  std::vector<std::pair<std::string, int>> descriptors_;
};

/// Descriptors that came from a predecessor. What nobody takes is closed with this object.
class Incoming {
 public:
  void add(std::string name, core::UniqueFd fd) { descriptors_.insert_or_assign(std::move(name), std::move(fd)); }
  /// Invalid if there is none of this name (or the name is empty).
  [[nodiscard]] core::UniqueFd take(const std::string& name) {
    auto found = descriptors_.extract(name);
    return found.empty() ? core::UniqueFd() : std::move(found.mapped());
  }
  /// Of those that nobody has taken.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, fd] : descriptors_) names.push_back(name);
    return names;
  }
  [[nodiscard]] bool has(const std::string& name) const { return descriptors_.count(name) > 0; }

 private:
  std::map<std::string, core::UniqueFd> descriptors_;
};

}  // namespace state
