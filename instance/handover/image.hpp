// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace handover {

/// The arguments and the environment of a program that is about to be executed: ours, with changes.
class Image {
 public:
  explicit Image(std::vector<std::string> arguments);
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  /// Adds a variable that our own environment does not have. Before the accessors.
  void set(const std::string& name, const std::string& value) { texts_.push_back(name + "=" + value); }
  /// As execve takes them; valid until this is destroyed or called again.
  [[nodiscard]] char* const* arguments();
  [[nodiscard]] char* const* environment();

 private:
  std::vector<std::string> arguments_, texts_;
  std::vector<char*> argumentPointers_, environmentPointers_;
};

}  // namespace handover
