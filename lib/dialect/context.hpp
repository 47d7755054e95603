// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/core/expansion.hpp"
#include "lib/core/files.hpp"
#include "lib/core/ini.hpp"
#include "lib/dialect/program.hpp"
#include "lib/dialect/values.hpp"

namespace config {

/// A number of processes for one program, which counts instead of that of the file.
struct Scale {
  std::string program;  ///< NAME of [program:NAME] or [fcgi-program:NAME]
  int count = 0;
  // What was found. Without a program of that name, `group` stays empty.
  std::string group{};
  std::vector<std::shared_ptr<const ProcessConfig>> processes{};
};

/// The state that the readers of single sections share while one configuration is read.
struct ReadContext {
  const core::IniDocument& document;
  std::string here;               ///< absolute directory of the root file
  std::string startDirectory;     ///< the base of relative paths of the daemon, also after a chdir
  core::Names environment;        ///< ENV_*, with [supervisord] environment once that is read
  Environment daemonEnvironment;  ///< [supervisord] environment
  std::vector<Message>& messages;
  Backpressure backpressure = Backpressure::Block;  ///< [supervisord] log_backpressure
  DirectoryTest isDirectory = core::isDirectory;
  Scale* scale = nullptr;  ///< borrowed; null: none
  bool alone = false;      ///< sections are read without those that they refer to or take values from

  [[nodiscard]] core::Names withHere() const {
    core::Names names(&environment);
    names.set("here", here);
    return names;
  }
  void warn(std::string text) { messages.push_back({logging::Level::Warn, std::move(text)}); }
};

}  // namespace config
