// SPDX-License-Identifier: MIT
#include "instance/api/instance.hpp"

#include <utility>

#include "instance/config/load.hpp"
#include "instance/config/version.hpp"
#include "instance/events/service.hpp"
#include "instance/process/group.hpp"
#include "instance/process/table.hpp"
#include "lib/core/log.hpp"

namespace api {

Instance::Instance(core::EventLoop& eventLoop, process::Table& programs, events::Service& listeners,
                   const config::CommandLine& line, std::shared_ptr<const config::Configuration> configuration,
                   std::function<core::Status()> prepareRestart)
    : loop(eventLoop),
      table(programs),
      events(listeners),
      version(config::supervisorVersion),
      commandLine(line),
      configuration_(std::move(configuration)),
      prepareRestart_(std::move(prepareRestart)) {}

Instance::~Instance() = default;

config::Scaling Instance::scaling(config::Scale* asked) const {
  config::Scaling scaling{asked};
  for (const auto& group : table.groups())
    for (const auto& scaled : group->config().scales) scaling.inForce.push_back({group->name(), scaled});
  return scaling;
}

void Instance::adopt(const config::GroupPtr& group) {
  auto changed = std::make_shared<config::Configuration>(*configuration_);
  for (auto& one : changed->groups) {
    if (one->name != group->name) continue;
    one = group;
    break;  // of several with one name the first counts
  }
  configuration_ = std::move(changed);
}

core::Status Instance::reconfigure(config::Scale* asked) {
  auto loaded = config::load(commandLine, config::Unreadable::Refused, scaling(asked));
  if (!loaded) return core::Err{std::move(loaded).error()};
  apply(std::make_shared<const config::Configuration>(std::move(*loaded)));
  for (const config::Message& message : configuration_->messages)
    if (message.level >= logging::Level::Warn) logging::write(message.level, message.text);
  return {};
}

void Instance::apply(std::shared_ptr<const config::Configuration> configuration) {
  configuration_ = std::move(configuration);
  // The other settings of [supervisord], such as its log and its user, take effect at a restart, as in Supervisor.
  const config::Daemon& daemon = configuration_->daemon;
  process::SupervisorSettings settings = table.settings();
  settings.identifier = daemon.identifier;
  settings.childLogDir = daemon.childLogDir;
  settings.stripAnsi = daemon.stripAnsi;
  settings.exitWhenAllExited = daemon.exitWhen == config::ExitWhen::AllExited;
  table.apply(std::move(settings));
  events.setIdentifier(daemon.identifier);
}

}  // namespace api
