// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "instance/config/command_line.hpp"
#include "instance/config/model.hpp"

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
  std::string version;             ///< that clients are told: Supervisor's
  config::CommandLine commandLine;  ///< wins over the file whenever that is read again
  std::shared_ptr<const config::Configuration> configuration;  ///< as it was last read
  output::RotatingFile* activityLog = nullptr;  ///< nullptr: the activity log is no file
};

}  // namespace api
