// SPDX-License-Identifier: MIT
#pragma once

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "lib/core/log_sink.hpp"

/// A directory that goes with the test.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/output-test-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Scratch() {
    for (const auto& name : list()) ::unlink(at(name).c_str());
    ::rmdir(path_.c_str());
  }
  [[nodiscard]] std::string at(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<std::string> list() const {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path_.c_str()), &::closedir);
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr)
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string path_;
};

inline std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The lines 0, 1, 2, ...
inline std::string numbered(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i) + '\n';
  return text;
}

/// Collects the activity log while it lives.
class LogCatcher {
 public:
  LogCatcher() : lines_(std::make_shared<Lines>()) { logging::setSinks({lines_}); }
  ~LogCatcher() { logging::setSinks({}); }
  [[nodiscard]] const std::string& text() const { return lines_->text; }

 private:
  struct Lines final : logging::LineSink {
    void writeLine(logging::Level, std::string_view line) noexcept override { text += line; }
    std::string text;
  };
  std::shared_ptr<Lines> lines_;
};
