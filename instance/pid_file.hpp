// SPDX-License-Identifier: MIT
#pragma once

#include <string>

/// The file with our pid. Removed with this object, if it was written by it.
class PidFile {
 public:
  explicit PidFile(std::string path) : path_(std::move(path)) {}
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  /// A failure is logged; supervisord runs without the file, as Supervisor does.
  void write();
  /// For a program that took over in the same process: the file is this object's if it has our pid.
  void adopt();

 private:
  std::string path_;
  bool written_ = false;
};
