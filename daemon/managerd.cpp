// SPDX-License-Identifier: MIT
#include "daemon/managerd.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "daemon/bus/service.hpp"
#include "daemon/instances/process_details.hpp"
#include "daemon/instances/process_table.hpp"
#include "lib/core/log.hpp"
#include "lib/core/program.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/users.hpp"

namespace {

/// Time for the answer to a re-execution to leave before the program is replaced.
constexpr auto kAnswerTime = core::milliseconds(100);
/// For a helper to find out whether the D-Bus daemon answers.
constexpr auto kBusTime = core::seconds(5);
constexpr int kLockTries = 10;  // ten a second
/// Changes within this time are one message to systemd: a boot starts many instances.
constexpr auto kStatusDelay = core::milliseconds(250);

/// The notifier takes the address out of the environment, but the manager that replaces this one needs it there.
/// Children get an environment of their own.
core::Notifier keepNotifier() {
  const char* const address = ::getenv("NOTIFY_SOCKET");
  const std::string kept = address ? address : "";
  auto notifier = core::Notifier::fromEnvironment();
  if (!kept.empty()) ::setenv("NOTIFY_SOCKET", kept.c_str(), 1);
  return notifier;
}

logging::Level levelFrom(const std::string& word) {
  if (word == "critical") return logging::Level::Critical;
  if (word == "error") return logging::Level::Error;
  if (word == "warn") return logging::Level::Warn;
  return word == "debug" ? logging::Level::Debug : logging::Level::Info;
}

/// In a helper: the processes that have `path` open, in words.
std::string describeHolders(const std::string& path) {
  std::string text;
  for (const auto pid : instances::holdersOf(path)) {
    const auto process = instances::lookAt(pid);
    const auto account = process ? core::findAccount(process->uid) : std::nullopt;
    text += fmt::format("{}process {} ({}, user {})", text.empty() ? "" : ", ", pid,
                        core::printable(instances::nameOf(pid)),
                        account ? account->name : std::to_string(process ? process->uid : 0));
  }
  return text;
}

/// What a reload refuses or cannot do is logged where that is found.
core::Task<> ignoreResult(core::Task<instances::Answer<instances::ReloadReport>> reload) { (void)co_await reload; }

}  // namespace

Managerd::Managerd(ManagerdOptions options, char** argv)
    : options_(std::move(options)),
      argv_(argv),
      executable_(core::ownExecutable()),
      notifier_(keepNotifier()),
      reaper_(loop_, {.onSignal = {},
                      .beforeEach = {},
                      .onUnwatched = {},
                      .onOrphan = [this](pid_t pid, int status, uid_t uid) { fleet_.orphanEnded(pid, status, uid); }}),
      terminate_(loop_, SIGTERM, [this] { stop(); }),
      interrupt_(loop_, SIGINT, [this] { stop(); }),
      hangup_(loop_, SIGHUP,
              [this] {
                reloadWanted_ = true;
                if (begun_) reload();
              }),
      replace_(loop_, [this] { replaceProgram(); }),
      status_(
          loop_, [this] { settle(); }, kStatusDelay),
      fleet_(loop_, reaper_, options_.manager) {
  fleet_.setReexecution([this] { replace_.armIn(kAnswerTime); });
  fleet_.addObserver(this);
}

Managerd::~Managerd() { fleet_.removeObserver(this); }

int Managerd::run() {
  if (!open()) return otherHasLock_ ? loop_.run() : 1;
  if (options_.endInstances && !lock_) return 0;  // a manager runs, and ends its instances itself
  loop_.enableWatchdog(notifier_);
  tasks_.run(lookAndBegin());
  return loop_.run();
}

core::Task<> Managerd::lookAndBegin() {
  co_await fleet_.lookForInstances();
  begin();
}

/// Nobody can ask for anything before it is known what runs.
void Managerd::begin() {
  if (options_.endInstances) {
    begun_ = true;
    fleet_.takeOver();
    return stop();
  }
  if (!openBus()) return loop_.exit(1);
  begun_ = true;
  fleet_.begin();
  if (stopWanted_) return stop();
  tell("READY=1");
  settle();
  if (reloadWanted_) reload();
}

bool Managerd::open() {
  fleet_.takeKept(notifier_);
  if (const auto ready = fleet_.open(); !ready) {
    logging::critical("cannot start: {}", ready.error().text);
    return false;
  }
  logging::setLevel(levelFrom(fleet_.settings().logLevel));
  return lock();
}

/// Two managers of one root would start every instance twice.
bool Managerd::lock() {
  const auto path = options_.manager.root + "/run/supervisor-manager/lock";
  lock_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  // A helper of a manager that was just killed holds the lock until it has closed its inherited descriptors.
  for (int i = 0; lock_; ++i) {
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK || i == (options_.endInstances ? 2 : kLockTries)) break;
    ::usleep(100'000);
  }
  if (errno == EWOULDBLOCK && options_.endInstances) {
    lock_.reset();
    return true;
  }
  if (errno == EWOULDBLOCK) {
    otherHasLock_ = true;
    lock_.reset();
    tasks_.run(nameLockHolder(path));
  } else {
    logging::critical("{} cannot be locked: {}", path, ::strerrordesc_np(errno));
  }
  return false;
}

/// Logs who has the lock, and ends the loop. Looking for that may block, so a helper does it.
core::Task<> Managerd::nameLockHolder(std::string path) {
  layout::OwnerTask::Work describe = [path] { return describeHolders(path); };
  const auto holders = co_await layout::runAsOwner(loop_, reaper_, std::nullopt, std::move(describe), core::seconds(5));
  logging::critical(
      "{} is locked by {}. If that is a supervisor-managerd, one runs already; otherwise end that process, and start "
      "this one again",
      path, holders && !holders->empty() ? *holders : "a process that cannot be seen from here");
  loop_.exit(1);
}

bool Managerd::openBus(std::string replaced) {
  if (!options_.bus) return true;
  bus::ServiceOptions how;
  how.address = options_.manager.busAddress;
  how.version = SUPERVISOR_VERSION;
  how.lost = [this](const std::string& why) {
    logging::critical("lost the D-Bus connection ({}); instances keep running", why);
    endWithoutBus();
  };
  how.blocked = [this] {
    if (!std::exchange(busAgain_, true)) tasks_.run(openBusAgain());
  };
  how.replaced = std::move(replaced);
  auto service = bus::Service::open(loop_, fleet_, std::move(how));
  if (!service) {
    logging::critical("cannot connect to D-Bus: {}", service.error().text);
    return false;
  }
  bus_ = std::move(*service);
  if (const auto named = bus_->takeName(); !named) {
    logging::critical("cannot serve on D-Bus: {}", named.error().text);
    return false;
  }
  return true;
}

/// Whoever does not read what the manager sends has by now as much as the D-Bus daemon holds for one program, and gets
/// nothing more: the new connection is not blocked by that. A daemon that answers nobody is left alone: to wait for it
/// would block the manager. So a helper connects first.
core::Task<> Managerd::openBusAgain() {
  layout::OwnerTask::Work tryIt = [address = options_.manager.busAddress]() -> std::string {
    return bus::Service::answers(address) ? "answers" : "";
  };
  const auto tried = co_await layout::runAsOwner(loop_, reaper_, std::nullopt, std::move(tryIt), kBusTime);
  busAgain_ = false;
  if (!tried || tried->empty()) co_return logging::error("D-Bus does not answer; trying again");
  logging::error(
      "D-Bus reads no messages of the manager any more: it holds too many for programs that listen to the manager or "
      "call it, and do not read. The manager connects again; calls that wait for an answer fail and can be repeated");
  const auto name = bus_->connectionName();
  bus_.reset();
  if (!openBus(name)) endWithoutBus();
}

/// The next manager adopts the instances.
void Managerd::endWithoutBus() {
  fleet_.letGo();
  loop_.exit(1);
}

void Managerd::stop() {
  stopWanted_ = true;
  if (stopping_ || !begun_) return;
  stopping_ = true;
  replace_.disarm();  // a replaced program would not know of the stop
  logging::info("stopping all instances");
  tell("STOPPING=1\nSTATUS=Stopping all instances");
  tasks_.run(stopAndExit());
}

core::Task<> Managerd::stopAndExit() {
  int status = 0;
  try {
    co_await fleet_.stopAll();
  } catch (const std::exception& error) {
    // Without an exit systemd would wait for its limit. supervisor-manager-end.service stops what still runs.
    logging::critical("cannot stop all instances: {}", error.what());
    status = 1;
  }
  loop_.exit(status);
}

void Managerd::reload() {
  reloadWanted_ = false;
  tasks_.run(ignoreResult(fleet_.reloadAll(false)));
}

void Managerd::replaceProgram() {
  logging::info("replacing the program of the manager");
  fleet_.letGo();
  auto path = executable_;
  if (const auto end = path.rfind(" (deleted)"); end != std::string::npos) path.resize(end);
  tell("RELOADING=1");
  const auto handed = fleet_.handOver();
  ::execv(path.c_str(), argv_);
  logging::error("{} cannot be executed: {}; this manager keeps running", path, ::strerrordesc_np(errno));
  fleet_.keepOn();
  tell("READY=1");
}

void Managerd::tell(const std::string& message) const { (void)notifier_.send(message); }

/// What changed has come to rest. A start or a stop needs memory for a moment (plans, tasks, texts): it goes back to
/// the system.
void Managerd::settle() {
  if (stopping_) return;
  std::size_t running = 0, failed = 0;
  const auto all = fleet_.list();
  for (const auto& instance : all) {
    running += instance.state == instances::InstanceState::Running;
    failed += instance.state == instances::InstanceState::Failed;
  }
  auto text = fmt::format("STATUS={} of {} instances run", running, all.size());
  if (failed > 0) text += fmt::format(", {} failed", failed);
  if (!fleet_.refused().empty()) text += fmt::format(", {} complaints about entries", fleet_.refused().size());
  tell(text);
  if (const auto before = std::exchange(settled_, text); before != text) ::malloc_trim(0);
}

void Managerd::instanceAdded(const std::string&) { status_.armIn(kStatusDelay); }
void Managerd::instanceRemoved(const std::string&) { status_.armIn(kStatusDelay); }
void Managerd::instanceChanged(const std::string&) { status_.armIn(kStatusDelay); }
void Managerd::programChanged(const std::string&, const instances::ProgramStatus&) {}
void Managerd::reloading(bool active) {
  if (!active) return tell("READY=1");
  const auto now = std::chrono::duration_cast<core::microseconds>(core::Clock::now().time_since_epoch()).count();
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now));
}
