// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace process {

/// A directory of this supervisord for what its programs find by a path, such as sockets: in memory where there is such
/// a place, made when it is first needed. Others may enter it, if they know what for, but neither list nor change it.
class PrivateDirectory {
 public:
  PrivateDirectory() = default;
  /// Removes it if it is empty.
  ~PrivateDirectory();
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  /// Its path; it exists from now on.
  [[nodiscard]] core::Expected<std::string> path();
  /// For a successor: continues to use the directory of a predecessor.
  void adopt(std::string_view path);

 private:
  std::string path_;
};

}  // namespace process
