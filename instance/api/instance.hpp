// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "instance/config/command_line.hpp"
#include "instance/config/model.hpp"
#include "lib/core/result.hpp"

namespace core {
class EventLoop;
}
namespace events {
class Service;
}
namespace output {
class RotatingFile;
}
namespace process {
class Table;
}

namespace api {

/// The running supervisord, as the methods see it. Owned by main, for as long as methods can be called.
struct Instance {
  core::EventLoop& loop;
  process::Table& table;
  events::Service& events;
  std::string version;                                         ///< that clients are told: Supervisor's
  config::CommandLine commandLine;                             ///< wins over the file whenever that is read again
  std::shared_ptr<const config::Configuration> configuration;  ///< as it was last read
  output::RotatingFile* activityLog = nullptr;                 ///< nullptr: the activity log is no file
  /// Whether a restart would succeed, as far as that can be known; a refusal is in the log.
  std::function<core::Status()> prepareRestart;
};

}  // namespace api
