// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "instance/config/load.hpp"
#include "tests/support/scratch_files.hpp"

/// A directory with configuration files, removed at the end.
class Scratch : public ScratchFiles {
 public:
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
    return withoutPath(loaded.error().text);
  }
};

inline bool says(const config::Configuration& configuration, const std::string& part) {
  return std::any_of(configuration.messages.begin(), configuration.messages.end(),
                     [&](const auto& message) { return message.text.find(part) != std::string::npos; });
}
