// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace process {

/// Keeps descriptors beyond our end, for a successor: in the manager, or in systemd.
class DescriptorStore {
 public:
  virtual ~DescriptorStore() = default;
  /// Keeps a duplicate of `fd`, instead of what had this name. `fd` stays open until drop(), or until the name is kept
  /// again.
  virtual void keep(std::string name, int fd) noexcept = 0;
  /// Forgets it. To be called before it is closed here.
  virtual void drop(const std::string& name) noexcept = 0;
};

}  // namespace process
