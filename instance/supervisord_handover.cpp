// SPDX-License-Identifier: MIT
// What supervisord keeps for a successor, and how it continues as one: after an upgrade or after a crash.
#include <unistd.h>

#include <exception>

#include "instance/config/version.hpp"
#include "instance/handover/keeping.hpp"
#include "instance/handover/wreck.hpp"
#include "instance/pid_file.hpp"
#include "instance/process/group.hpp"
#include "instance/process/keeper.hpp"
#include "instance/process/process.hpp"
#include "instance/supervisord.hpp"
#include "lib/core/log.hpp"

/// The configuration as it was last read, the programs and their events.
core::Status Supervisord::restorePrograms(state::State& left, state::Incoming& descriptors) {
  if (left.reread) {
    left.reread->groups = left.configured;
    instance_.apply(std::make_shared<const config::Configuration>(std::move(*left.reread)));
  }
  manager_ = std::make_unique<ManagerLink>(loop_, table_, inheritance_.manager);
  events_.expectRestore();
  if (auto restored = table_.restore(left, descriptors); !restored) return restored;
  return events_.restore(left.events);
}

core::Status Supervisord::takeOver(handover::Wreck& wreck) {
  auto& left = wreck.state;
  const auto kept = wreck.kept();
  std::vector<config::Message> messages;
  if (auto become = becomeUser(messages); !become) return become;
  inheritance_.first = false;
  auto sockets = HttpFrontend::openSockets(*configuration_, {});
  if (!sockets) return core::Err{std::move(sockets).error()};
  if (auto opened = openLog(std::move(messages)); !opened) return opened;
  if (auto restored = restorePrograms(left, wreck.descriptors); !restored) return restored;
  frontend_.serve(std::move(*sockets));
  handleSignals();
  pidFile_ = std::make_unique<PidFile>(configuration_->daemon.pidFile);
  pidFile_->write();
  beginKeeping(std::move(wreck.journal), wreck.descriptors, kept);
  if (table_.keeper() == nullptr) return core::Err{core::Error{"there is no memory to keep the state any longer"}};
  table_.keeper()->repeat(wreck.descriptors);
  keeping_->endInheritance();
  table_.resumed();
  resumed_ = true;
  std::size_t running = 0;
  for (const auto& group : table_.groups())
    for (const auto& program : group->processes()) running += program->pid() != 0 ? 1 : 0;
  logging::info("took over {} programs after a crash{}", running,
                wreck.crash().empty() ? std::string() : " (" + wreck.crash() + ")");
  startUnstarted();
  table_.reviewEnds();
  return {};
}

/// The predecessor may have crashed before it came to the last programs.
void Supervisord::startUnstarted() {
  for (const auto& group : table_.groups())
    for (const auto& program : group->processes())
      if (program->startsAtBoot() && program->state() == lifecycle::ProcessState::Stopped &&
          program->startedAt() == 0 && !program->waits().start)
        program->startAutomatically();
}

/// Without programs there is nothing to keep: a journal takes memory, and the time of the process that has it.
void Supervisord::keepPrograms(const std::vector<std::string>& kept) {
  if (keeping_ || !inheritance_.manager.store || !inheritance_.manager.notifier.active()) return;
  if (!table_.groups().empty()) {
    state::Incoming nothing;
    return beginKeeping(nullptr, nothing, kept);
  }
  if (keepSoon_) return;
  keepSoon_ = std::make_unique<core::Deferred>(loop_, [this] { keepPrograms({}); });
  table_.subscribe(*this);
}

/// In the next turn, when nothing is halfway.
void Supervisord::onGroupAdded(process::Group& /*group*/) {
  if (!keeping_) keepSoon_->schedule();
}

void Supervisord::beginKeeping(std::unique_ptr<state::Journal> journal, state::Incoming& descriptors,
                               const std::vector<std::string>& kept) {
  const auto& manager = inheritance_.manager;
  if (!manager.store || !manager.notifier.active()) return;
  using Keeper = handover::StoreLink::Keeper;
  keeping_ =
      std::make_unique<handover::Keeping>(loop_, manager.notifier, manager.manager ? Keeper::Manager : Keeper::Systemd);
  keeping_->inherit(kept);
  keeping_->begin({loop_,
                   table_,
                   events_,
                   [this](state::Outgoing& names) { return save(names); },
                   {[this] { return instance_.configurationPtr(); }, [this] { return saveDaemon(); }}},
                  std::move(journal), descriptors);
  manager_->onNewManager([this] { keeping_->sendAll(); });
}

core::Status Supervisord::resume(state::State& left, state::Incoming& descriptors) {
  if (auto opened = openLog({}); !opened) return opened;
  if (auto restored = restorePrograms(left, descriptors); !restored) return restored;
  if (auto restored = frontend_.restore(left, descriptors); !restored) return restored;
  handleSignals();
  pidFile_ = std::make_unique<PidFile>(configuration_->daemon.pidFile);
  pidFile_->adopt();
  resumed_ = true;
  return {};
}

void Supervisord::proceed(const state::State& left, state::Incoming& descriptors,
                          const std::optional<std::string>& refused) {
  try {
    frontend_.proceed(left, descriptors, refused);
  } catch (const std::exception& error) {  // the programs matter more than the clients, which can connect again
    logging::error("cannot continue with the clients: {}", error.what());
  }
  if (descriptors.has("state")) {
    auto journal = state::Journal::adopt(descriptors.take("state"));
    beginKeeping(journal ? std::move(*journal) : nullptr, descriptors, left.daemon.kept);
    if (auto* const keeper = table_.keeper()) keeper->commit();
  } else {
    keepPrograms(left.daemon.kept);
  }
  if (keeping_) keeping_->endInheritance();
  table_.resumed();
}

std::string Supervisord::obstacleToUpgrade() const {
  switch (table_.supervisorState()) {
    case process::SupervisorState::Shutdown: return "it shuts down";
    case process::SupervisorState::Restarting: return "it restarts";
    default: return {};
  }
}

state::Daemon Supervisord::saveDaemon() const {
  state::Daemon daemon;
  daemon.version = config::packageVersion;
  daemon.pid = ::getpid();
  daemon.notifySocket = inheritance_.manager.notifier.address();
  daemon.manager = inheritance_.manager.manager;
  daemon.store = inheritance_.manager.store;
  daemon.fileLimit = inheritance_.fileLimit;
  daemon.arguments = inheritance_.arguments;
  return daemon;
}

state::State Supervisord::save(state::Outgoing& descriptors) {
  state::State state;
  state.daemon = saveDaemon();
  state.commandLine = instance_.commandLine;
  state.configuration = *configuration_;
  const auto& lastRead = instance_.configuration();
  if (&lastRead != configuration_.get()) state.reread = lastRead;
  state.configured = lastRead.groups;
  table_.save(state, descriptors);
  state.events = events_.save();
  frontend_.save(state, descriptors);
  return state;
}
