// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace ctl {

/// The history of the shell: plain lines, as readline keeps them, so that Supervisor's client reads it too. Lines are
/// written as they are entered; what cannot be read or written is no failure.
class HistoryFile {
 public:
  /// An empty path keeps nothing.
  explicit HistoryFile(std::string path) : path_(std::move(path)) {}
  /// The last lines, oldest first. A file that has grown long is cut to them.
  [[nodiscard]] std::vector<std::string> load() const;
  void append(const std::string& line) const;

 private:
  std::string path_;
};

}  // namespace ctl
