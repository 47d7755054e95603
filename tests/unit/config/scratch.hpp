// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "instance/config/load.hpp"

/// A directory with configuration files, removed at the end.
class Scratch {
 public:
  Scratch() { REQUIRE(::mkdtemp(path_.data())); }
  ~Scratch() {
    for (auto at = made_.rbegin(); at != made_.rend(); ++at)
      if (::unlink(at->c_str()) != 0) ::rmdir(at->c_str());
    ::rmdir(path_.c_str());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

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
  /// Loads "[supervisord]" and `text`, with these arguments on the command line.
  core::Expected<config::Configuration> load(const std::string& text, std::vector<std::string> arguments = {}) {
    return loadWhole("[supervisord]\nlogfile=%(here)s/d.log\n" + text, std::move(arguments));
  }
  core::Expected<config::Configuration> loadWhole(const std::string& text, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"supervisord", "-c", file("root.conf", text)});
    const auto line = config::parseCommandLine(arguments);
    REQUIRE(line);
    return config::load(*line);
  }
  /// The error, with the directory's name shown as "DIR".
  std::string refusal(const std::string& text) {
    const auto loaded = load(text);
    if (loaded) return "(accepted)";
    std::string out = loaded.error().text;
    for (std::size_t at; (at = out.find(path_)) != std::string::npos;) out.replace(at, path_.size(), "DIR");
    return out;
  }

 private:
  std::string path_ = "/tmp/config-test-XXXXXX";
  std::vector<std::string> made_;
};

inline bool says(const config::Configuration& configuration, const std::string& part) {
  return std::any_of(configuration.messages.begin(), configuration.messages.end(),
                     [&](const auto& message) { return message.text.find(part) != std::string::npos; });
}
