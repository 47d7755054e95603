// SPDX-License-Identifier: MIT
// The bus part of the manager over a pretended manager: instances are lines in memory. Tests of D-Bus and of
// authorization run it with accounts and instances of their choice, without any supervisord.
//
//   bus-harness ADDRESS NAME:UID:USER[:GID[:LOGFILE]]...
//
// The start of an instance's name selects its behaviour:
//
//   slow      operations wait until StartProgram is called with the program "release"; StatusText is the number of
//             operations that wait
//   sick      has seven FATAL programs of nine while it runs
//   evil      its texts contain escape sequences for terminals
//   broken    operations throw an exception
//   dropping  operations wait for a completion that is dropped
//   swarm     exists without being declared or listed, owned by root: for calls with thousands of names
//
// The program "latin1" has a name that is not UTF-8.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <map>
#include <stdexcept>

#include "daemon/bus/service.hpp"
#include "lib/core/log_sink.hpp"
#include "lib/core/program.hpp"
#include "lib/core/text.hpp"

namespace {

using namespace instances;

/// ESC, BEL, a line end, C1 as UTF-8 and an override of the writing direction.
constexpr const char* kEvil =
    "ev\033[2Jil\a\nx\xC2\x9B"
    "31m\xE2\x80\xAE";

bool isEvil(const std::string& name) { return name.starts_with("evil"); }
bool isSick(const std::string& name) { return name.starts_with("sick"); }

class PretendedManager final : public Manager {
 public:
  void add(const std::string& name, uid_t uid, const std::string& user, gid_t gid = 0,
           const std::string& logFile = "") {
    InstanceStatus status;
    status.name = name;
    status.uid = uid;
    status.user = user;
    status.confFile = "/etc/supervisord_" + name + ".conf";
    status.desired = "started";
    status.gid = gid;
    status.logFile = logFile;
    if (isEvil(name)) status.details = status.reason = status.subState = status.endpoint = kEvil;
    instances_[name] = status;
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, status] : instances_) all.push_back(name);
    return all;
  }
  std::vector<InstanceStatus> list() const override {
    std::vector<InstanceStatus> all;
    for (const auto& [name, status] : instances_) all.push_back(status);
    return all;
  }
  std::optional<InstanceStatus> get(const std::string& name) const override {
    if (const auto at = instances_.find(name); at != instances_.end()) return at->second;
    if (!name.starts_with("swarm")) return std::nullopt;
    InstanceStatus status;
    status.name = name;
    return status;
  }
  Usage usage(const std::string&) const override { return {}; }
  std::vector<ProgramStatus> programs(const std::string& name) const override {
    if (isEvil(name)) return {{kEvil, kEvil, 4242, kEvil}};
    if (!isSick(name)) return {{"program1", "RUNNING", 4242}};
    std::vector<ProgramStatus> all{{"fine", "RUNNING", 4242}, {"idle", "STOPPED", 0, "Not started"}};
    for (int i = 1; i < 8; ++i) all.push_back({"p" + std::to_string(i), "FATAL", 0, "couldn't chdir to /x: ENOENT"});
    return all;
  }
  std::optional<std::string> nameOfPid(pid_t pid) const override {
    for (const auto& [name, status] : instances_)
      if (status.mainPid == pid) return name;
    return std::nullopt;
  }
  std::vector<std::string> namesOfUid(uid_t uid) const override {
    std::vector<std::string> all;
    for (const auto& [name, status] : instances_)
      if (status.uid == uid) all.push_back(name);
    return all;
  }
  const std::vector<entries::Complaint>& refused() const override { return refused_; }
  const std::vector<entries::Complaint>& warnings() const override { return warnings_; }

  core::Task<OperationResult> start(std::string name) override { return become(name, InstanceState::Running, 77); }
  core::Task<OperationResult> stop(std::string name) override { return become(name, InstanceState::Inactive, 0); }
  core::Task<OperationResult> restart(std::string name) override { return become(name, InstanceState::Running, 78); }
  core::Task<OperationResult> forceRestart(std::string name) override {
    return become(name, InstanceState::Running, 79);
  }
  core::Task<Answer<std::vector<std::string>>> check(std::string name) override {
    co_return isEvil(name) ? std::vector<std::string>{kEvil} : std::vector<std::string>();
  }
  core::Task<OperationResult> reload(std::string name) override {
    co_return failed(ErrorCode::OperationFailed, isEvil(name) ? kEvil : "It does not parse");
  }
  [[nodiscard]] bool upgradesInstances() const override { return true; }
  core::Task<OperationResult> upgrade(std::string name) override {
    co_return name == "tsupv" ? OperationResult() : failed(ErrorCode::OperationFailed, "It is too old");
  }
  core::Task<OperationResult> kill(std::string, KillWhom, int) override { co_return OperationResult(); }
  core::Task<OperationResult> controlProgram(std::string name, std::string program, ProgramVerb verb) override {
    if (program == "release") {
      auto held = std::exchange(held_, {});
      for (auto& one : held) one({});
      instances_[name].reason.clear();
    } else if (program == "latin1") {
      instances_[name].reason = "caf\xe9";
      instances_[name].details = "secret caf\xe9\nsecond line\n";
      tell(name);
      for (auto* observer : observers_) observer->programChanged(name, {"caf\xe9", "RUNNING", 1});
      co_return OperationResult();
    } else if (program == "latin1 error") {
      co_return failed(ErrorCode::OperationFailed, "caf\xe9");
    } else if (program != "program1") {
      co_return failed(ErrorCode::NoSuchProgram, "There is no program '" + program + "'");
    }
    for (auto* observer : observers_)
      observer->programChanged(
          name, {isEvil(name) ? kEvil : program, verb == ProgramVerb::Stop ? "STOPPED" : "RUNNING", 4243});
    co_return OperationResult();
  }
  core::Task<Answer<std::string>> programLog(std::string name, std::string program) override {
    if (!isSick(name)) co_return failed(ErrorCode::NoSuchProgram, "There is no program");
    co_return "before\nlast of " + program + "\x1b[2J caf\xe9\n";
  }
  Answer<bool> setEnabled(const std::string& name, bool enabled) override {
    const bool was = std::exchange(instances_[name].enabled, enabled);
    if (was != enabled) tell(name);
    return was != enabled;
  }
  core::Task<OperationResult> create(std::string name, Properties properties) override {
    if (instances_.count(name)) co_return failed(ErrorCode::InstanceExists, name + " exists");
    add(name, 0, "root");
    for (const auto& [key, value] : properties)
      if (key == "logs_dir") instances_[name].logsDir = value.value_or("default");
    for (auto* observer : observers_) observer->instanceAdded(name);
    co_return OperationResult();
  }
  core::Task<OperationResult> setProperties(std::string name, Properties properties) override {
    for (const auto& [key, value] : properties) {
      if (key != "logs_dir") co_return failed(ErrorCode::ConfigInvalid, "There is no key '" + key + "'");
      instances_[name].logsDir = value.value_or("default");
    }
    tell(name);
    co_return OperationResult();
  }
  core::Task<OperationResult> remove(std::string name, bool) override {
    instances_.erase(name);
    for (auto* observer : observers_) observer->instanceRemoved(name);
    co_return OperationResult();
  }
  core::Task<Answer<ReloadReport>> reloadAll(bool dryRun) override {
    ReloadReport report;
    report.changes.push_back(
        {.name = "tsupv", .deed = Deed::Change, .keys = {{"umask", "022", dryRun ? "027" : "077"}}});
    co_return report;
  }
  core::Task<OperationResult> reexecute() override { co_return OperationResult(); }
  void addObserver(Observer* observer) override { observers_.push_back(observer); }
  void removeObserver(Observer* observer) override { std::erase(observers_, observer); }

 private:
  static core::Err<ManagerError> failed(ErrorCode code, std::string message) {
    return core::Err{ManagerError{code, std::move(message)}};
  }
  core::Task<OperationResult> become(std::string name, InstanceState state, pid_t pid) {
    if (name.starts_with("broken")) throw std::runtime_error("pretended failure");
    if (name.starts_with("swarm")) co_return OperationResult();
    if (name.starts_with("dropping"))
      co_return co_await core::completes<OperationResult>([](core::Completion<OperationResult>) {});
    instances_[name].state = state;
    instances_[name].mainPid = pid;
    instances_[name].programsTold = state == InstanceState::Running && isSick(name);
    instances_[name].programCounts.clear();
    if (instances_[name].programsTold)
      for (const auto& program : programs(name)) instances_[name].programCounts[program.state]++;
    tell(name);
    tell(name);
    if (!name.starts_with("slow")) co_return OperationResult();
    co_return co_await core::completes<OperationResult>([&](core::Completion<OperationResult> done) {
      held_.push_back(std::move(done));
      instances_[name].reason = std::to_string(held_.size());
    });
  }
  void tell(const std::string& name) {
    for (auto* observer : observers_) observer->instanceChanged(name);
  }

  std::map<std::string, InstanceStatus> instances_;
  std::vector<core::Completion<OperationResult>> held_;
  std::vector<entries::Complaint> refused_ = {{"/etc/x.conf", 3, "supervisor:bad", "user", "unknown"}};
  std::vector<entries::Complaint> warnings_;
  std::vector<Observer*> observers_;
};

int serve(int argc, char** argv) {
  logging::setSinks({logging::stderrSink()});
  core::EventLoop loop;
  const core::SignalWatch ended(loop, SIGTERM, [&loop] { loop.exit(0); });
  PretendedManager manager;
  for (int i = 2; i < argc; ++i) {
    const auto fields = core::split(argv[i], ':');
    const auto number = [&fields](std::size_t at) {
      return at < fields.size() ? static_cast<uid_t>(core::parseInteger(fields[at]).value()) : 0U;
    };
    manager.add(fields[0], number(1), fields[2], number(3), fields.size() > 4 ? fields[4] : "");
  }
  bus::ServiceOptions options;
  options.address = argv[1];
  options.version = "1.2.3";
  options.lost = [&loop](const std::string& why) {
    std::fprintf(stderr, "lost: %s\n", why.c_str());
    loop.exit(69);
  };
  options.blocked = [&loop] {
    std::fprintf(stderr, "blocked\n");
    loop.exit(70);
  };
  auto service = bus::Service::open(loop, manager, std::move(options));
  if (!service) {
    std::fprintf(stderr, "%s\n", service.error().text.c_str());
    return 1;
  }
  if (const auto taken = (*service)->takeName(); !taken) {
    std::fprintf(stderr, "%s\n", taken.error().text.c_str());
    return 2;
  }
  std::puts("ready");
  std::fflush(stdout);
  return loop.run();
}

}  // namespace

int main(int argc, char** argv) {
  return core::runProgram("bus-harness", [&] { return serve(argc, argv); });
}
