// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

/// A directory for the files of a test, removed at the end.
class ScratchFiles {
 public:
  ScratchFiles() { REQUIRE(::mkdtemp(path_.data())); }
  ~ScratchFiles() {
    for (auto at = made_.rbegin(); at != made_.rend(); ++at)
      if (::unlink(at->c_str()) != 0) ::rmdir(at->c_str());
    ::rmdir(path_.c_str());
  }
  ScratchFiles(const ScratchFiles&) = delete;
  ScratchFiles& operator=(const ScratchFiles&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void directory(const std::string& name) {
    ::mkdir((path_ + "/" + name).c_str(), 0755);
    made_.push_back(path_ + "/" + name);
  }
  std::string file(const std::string& name, const std::string& text) {
    made_.push_back(path_ + "/" + name);
    std::ofstream(made_.back(), std::ios::binary) << text;
    return path_ + "/" + name;
  }
  /// `text` with the name of the directory shown as "DIR".
  [[nodiscard]] std::string withoutPath(std::string text) const {
    for (std::size_t at; (at = text.find(path_)) != std::string::npos;) text.replace(at, path_.size(), "DIR");
    return text;
  }

 private:
  std::string path_ = "/tmp/unit-test-XXXXXX";
  std::vector<std::string> made_;
};
