// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace process {

/// What supervisord remembers of programs over a reboot, by their full names. Kept in a small file, which is there only
/// while there is something to remember.
class Choices {
 public:
  enum class Mark {
    Disabled,  ///< by a client: supervisord does not start it by itself
    Down,      ///< it has autostart=last, and did not run
  };

  /// Reads `file`; without a name everything is forgotten in the end. What cannot be read is logged, and nothing is
  /// marked.
  explicit Choices(std::string file);

  [[nodiscard]] bool has(Mark mark, std::string_view program) const;
  /// Marks or unmarks programs, and writes the file if that changes anything. Fails, with no change, if it cannot be
  /// written, or could not be read: its content would be lost.
  core::Status set(Mark mark, const std::vector<std::string>& programs, bool on);

 private:
  using Names = std::set<std::string, std::less<>>;
  struct Marks {
    Names disabled;
    Names down;
    [[nodiscard]] Names& of(Mark mark) { return mark == Mark::Disabled ? disabled : down; }
    bool operator==(const Marks&) const = default;
  };
  [[nodiscard]] core::Status read();
  [[nodiscard]] core::Status write(const Marks& marks) const;

  std::string file_;
  Marks marks_;
  bool unread_ = false;  ///< the file is there, and could not be read
};

}  // namespace process
