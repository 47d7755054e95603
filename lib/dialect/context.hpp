// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/core/expansion.hpp"
#include "lib/core/files.hpp"
#include "lib/core/ini.hpp"
#include "lib/dialect/program.hpp"
#include "lib/dialect/scale.hpp"
#include "lib/dialect/values.hpp"

namespace config {

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
  const Scaling* scaling = nullptr;           ///< borrowed; null: the files count
  std::vector<ScaledProgram> scaled{};        ///< what has counted in place of the files, since it was taken
  std::set<const core::IniEntry*> misfits{};  ///< defaults that do not count for some program, of which was warned
  bool alone = false;  ///< sections are read without those that they refer to or take values from

  [[nodiscard]] core::Names withHere() const {
    core::Names names(&environment);
    names.set("here", here);
    return names;
  }
  void warn(std::string text) { messages.push_back({logging::Level::Warn, std::move(text)}); }
};

}  // namespace config
