// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace ctl {

/// The history of the shell: plain lines, the format of readline, which Supervisor's client uses. Each line is written
/// when it is entered. Failures to read or write it are ignored.
class HistoryFile {
 public:
  /// With an empty path nothing is stored.
  explicit HistoryFile(std::string path) : path_(std::move(path)) {}
  /// The last lines, oldest first. Removes the other lines from a file that has become too long.
  [[nodiscard]] std::vector<std::string> load() const;
  void append(const std::string& line) const;

 private:
  std::string path_;
};

}  // namespace ctl
