// SPDX-License-Identifier: MIT
#include "instance/supervisord.hpp"

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "instance/config/load.hpp"
#include "instance/handover/keeping.hpp"
#include "instance/handover/upgrade.hpp"
#include "instance/output/auto_log.hpp"
#include "instance/output/rotating_file.hpp"
#include "instance/pid_file.hpp"
#include "instance/privileges.hpp"
#include "instance/process/group.hpp"
#include "instance/process/keeper.hpp"
#include "lib/core/log_sink.hpp"

namespace {

/// When the last program has ended, the readers of output get this long to take what is left.
constexpr core::seconds kLastWords{5};

/// After SIGRTMIN: systemd's own number for "execute yourself again".
constexpr int kUpgradeSignal = 25;

process::SupervisorSettings settingsOf(const config::Configuration& configuration,
                                       const std::optional<rlimit>& fileLimit) {
  const auto& daemon = configuration.daemon;
  return {daemon.identifier, daemon.childLogDir, config::fallbackServerUrl(configuration.servers), daemon.stripAnsi,
          fileLimit,         daemon.keptIn(),    daemon.exitWhen == config::ExitWhen::AllExited};
}

core::Expected<std::shared_ptr<output::ActivityLog>> openedLog(output::Outlets& outlets, const config::Daemon& daemon) {
  auto log = std::make_shared<output::ActivityLog>(outlets, daemon.logFile, daemon.logMaxBytes, daemon.logBackups);
  if (auto opened = log->open(); !opened)
    return core::Err{core::Error{"could not open the log file " + opened.error().text, 0}};
  return log;
}

/// That of the start. Its groups count only as long as nothing was read since.
config::Configuration configurationOf(const state::State& left) {
  auto configuration = left.configuration;
  if (!left.reread) configuration.groups = left.configured;
  return configuration;
}

}  // namespace

Supervisord::Supervisord(const config::CommandLine& line, config::Configuration configuration, Inheritance& inheritance)
    : inheritance_(inheritance),
      configuration_(std::make_shared<const config::Configuration>(std::move(configuration))),
      outlets_(loop_),
      table_(loop_, outlets_, settingsOf(*configuration_, inheritance.fileLimit)),
      events_(loop_, table_, configuration_->daemon.identifier, inheritance.eventSerial),
      instance_(loop_, table_, events_, line, configuration_, [this] { return prepareRestart(); }),
      frontend_(instance_) {
  upgrade_ = std::make_unique<handover::Upgrade>(loop_, table_.reaper(),
                                                 handover::Upgrade::Host{[this] { return obstacleToUpgrade(); },
                                                                         [this](state::Outgoing& descriptors) {
                                                                           table_.settle();
                                                                           if (auto* const keeper = table_.keeper())
                                                                             keeper->handOver(descriptors);
                                                                           auto state = save(descriptors);
                                                                           if (keeping_)
                                                                             state.daemon.kept = keeping_->kept();
                                                                           return state;
                                                                         }});
  instance_.setUpgrade([this](bool untilServing, core::Completion<core::Status> done) {
    using Answer = handover::Upgrade::Answer;
    upgrade_->begin(untilServing ? Answer::WhenServing : Answer::WhenTested, std::move(done));
  });
}

Supervisord::Supervisord(const state::State& left, Inheritance& inheritance)
    : Supervisord(left.commandLine, configurationOf(left), inheritance) {}

Supervisord::LogEnd::~LogEnd() { logging::setSinks({}); }
Supervisord::~Supervisord() = default;

/// Takes the user and, in the first life of the process, the limits of the configuration.
core::Status Supervisord::becomeUser(std::vector<config::Message>& messages) {
  if (auto dropped = dropPrivileges(configuration_->daemon, messages); !dropped) return dropped;
  if (inheritance_.first) {
    if (auto raised = raiseLimits(configuration_->daemon, messages); !raised) return raised;
    inheritance_.fileLimit = liftFileLimit();
    table_.apply(settingsOf(*configuration_, inheritance_.fileLimit));
  }
  return {};
}

core::Status Supervisord::setUp() {
  auto messages = configuration_->messages;
  if (auto become = becomeUser(messages); !become) return become;
  // Before any file is changed: a second supervisord with the same configuration fails here, and must not have
  // truncated or removed the logs of the first.
  auto sockets = HttpFrontend::openSockets(*configuration_, std::move(inheritance_.sockets));
  if (!sockets) return core::Err{std::move(sockets).error()};
  if (auto opened = openLog(messages); !opened) return opened;
  if (!configuration_->daemon.noCleanup)
    output::removeAutoLogs(configuration_->daemon.childLogDir, configuration_->daemon.identifier);
  manager_ = std::make_unique<ManagerLink>(loop_, table_, inheritance_.manager);
  table_.inheritListeners(std::exchange(inheritance_.listeners, nullptr));
  for (const auto& group : configuration_->groups) {
    if (table_.find(group->name) != nullptr) continue;  // Supervisor keeps the first of groups with one name, too
    if (auto added = table_.add(group); !added) return core::Err{std::move(added).error()};
  }
  frontend_.serve(std::move(*sockets));
  handleSignals();
  if (inheritance_.background.pending()) inheritance_.background.detach(configuration_->daemon);
  pidFile_ = std::make_unique<PidFile>(configuration_->daemon.pidFile);
  pidFile_->write();
  if (inheritance_.background.pending()) inheritance_.background.release();
  inheritance_.first = false;
  keepPrograms({});
  return {};
}

/// Opens the activity log and writes the messages that had to wait for it, the most severe first.
core::Status Supervisord::openLog(std::vector<config::Message> messages) {
  const auto& daemon = configuration_->daemon;
  auto opened = openedLog(outlets_, daemon);
  if (!opened) return core::Err{std::move(opened).error()};
  log_ = std::move(*opened);
  instance_.setActivityLog(log_->file());
  std::vector<std::shared_ptr<logging::LineSink>> sinks{log_};
  if (daemon.noDaemon && !daemon.silent) sinks.push_back(std::make_shared<output::StdoutEcho>(outlets_));
  logging::setSinks(std::move(sinks));
  logging::setLevel(daemon.logLevel);
  std::stable_sort(messages.begin(), messages.end(), [](const auto& a, const auto& b) { return a.level > b.level; });
  for (const auto& message : messages) logging::write(message.level, message.text);
  return {};
}

void Supervisord::handleSignals() {
  const auto watch = [this](int signo, auto handler) { signals_.emplace_back(loop_, signo, std::move(handler)); };
  watch(SIGTERM, [this] { onExitSignal("SIGTERM"); });
  watch(SIGINT, [this] { onExitSignal("SIGINT"); });
  watch(SIGQUIT, [this] { onExitSignal("SIGQUIT"); });
  watch(SIGHUP, [this] { onHangup(); });
  watch(SIGUSR2, [this] { reopenLogs(); });
  watch(SIGRTMIN + kUpgradeSignal, [this] {
    logging::info("received SIGRTMIN+{} indicating upgrade request", kUpgradeSignal);
    upgrade_->begin(handover::Upgrade::Answer::WhenServing, [](const core::Status&) {});  // it logs
  });
  table_.onDown([this] {
    outlets_.settle(kLastWords, [this] {
      for (auto& socket : frontend_.release()) ahead_.push_back(std::move(socket));  // while the loop still works
      inheritance_.sockets = std::move(ahead_);
      if (table_.supervisorState() == process::SupervisorState::Restarting)
        inheritance_.listeners = table_.takeListeners();
      loop_.exit(exitStatus());
    });
  });
}

void Supervisord::onExitSignal(const char* name) {
  logging::warn("received {} indicating exit request", name);
  table_.leave(process::SupervisorState::Shutdown);
}

void Supervisord::onHangup() {
  if (table_.supervisorState() == process::SupervisorState::Shutdown)
    return logging::warn("ignored SIGHUP indicating restart request (shutdown in progress)");
  logging::warn("received SIGHUP indicating restart request");
  if (prepareRestart()) table_.leave(process::SupervisorState::Restarting);
}

/// Checks the new configuration before anything is stopped. Supervisor stops everything first, and exits if the new
/// configuration has an error.
core::Status Supervisord::prepareRestart() {
  if (table_.supervisorState() == process::SupervisorState::Restarting)
    return {};  // it has begun, and what it needs is open
  const auto next = config::load(instance_.commandLine);
  auto ready = next ? openAhead(*next) : core::Status(core::Err{next.error()});
  if (!ready) logging::error("cannot restart, the old configuration stays: {}", ready.error().text);
  return ready;
}

/// Opens what the next life needs besides what is open now. Not for another account, whose permissions differ.
core::Status Supervisord::openAhead(const config::Configuration& next) {
  ahead_.clear();
  if (auto permitted = mayBecome(next.daemon); !permitted) return permitted;
  if (next.daemon.uid && *next.daemon.uid != ::geteuid()) return {};
  if (next.daemon.logFile != configuration_->daemon.logFile)
    if (auto opened = openedLog(outlets_, next.daemon); !opened) return core::Err{std::move(opened).error()};
  auto sockets = HttpFrontend::openAhead(next, *configuration_);
  if (!sockets) return core::Err{std::move(sockets).error()};
  ahead_ = std::move(*sockets);
  ahead_.reserve(ahead_.size() + configuration_->servers.size());  // those of now join them when memory may be short
  return {};
}

void Supervisord::reopenLogs() {
  logging::info("received SIGUSR2 indicating log reopen request");
  logging::info("supervisord logreopen");
  if (auto* const file = log_->file()) file->reopen();
  table_.reopenLogs();
}

process::SupervisorState Supervisord::run() {
  if (!resumed_) table_.begin();
  if (auto* const keeper = table_.keeper()) keeper->served();
  manager_->ready();
  loop_.enableWatchdog(inheritance_.manager.notifier);
  ::malloc_trim(0);  // returns the memory that reading the configuration needed
  loop_.run();
  inheritance_.eventSerial = events_.nextSerial();
  return table_.supervisorState();
}
