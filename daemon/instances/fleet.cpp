// SPDX-License-Identifier: MIT
#include "daemon/instances/fleet.hpp"

#include <errno.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "lib/core/log.hpp"

namespace instances {
namespace {

/// How far up GetInstanceByPID looks for an ancestor, where no control group tells whose a process is.
constexpr int kMostParents = 64;

}  // namespace

const char* toText(InstanceState state) noexcept {
  constexpr std::array texts{"inactive", "starting", "running", "stopping", "restarting", "failed", "unmanaged"};
  return texts[static_cast<std::size_t>(state)];
}

const char* toText(ErrorCode code) noexcept {
  constexpr std::array texts{"NoSuchInstance",    "InstanceExists",     "InstanceBusy",  "InstanceUnmanaged",
                             "InstanceProtected", "InstanceNotRunning", "NoSuchProgram", "InvalidArgument",
                             "ConfigInvalid",     "OperationFailed",    "Timeout",       "NotSupported",
                             "ShuttingDown"};
  static_assert(texts.size() == static_cast<std::size_t>(ErrorCode::ShuttingDown) + 1);
  return texts[static_cast<std::size_t>(code)];
}

Fleet::Fleet(core::EventLoop& loop, core::Reaper& reaper, ManagerOptions options)
    : options_(std::move(options)),
      context_{loop, reaper, ControlGroups::detect(), {}, {}, {}, {}, options_.privileged, {}, false, {}, {}},
      changes_(loop, [this] { flushChanges(); }) {
  const auto& root = options_.root;
  if (options_.config.empty()) options_.config = root + "/etc/supervisor-manager/supervisor-manager.conf";
  context_.runDirectory = root + "/run/supervisor-manager";
  context_.stateDirectory = root + "/var/lib/supervisor-manager";
  context_.places = {root, context_.stateDirectory + "/links", options_.supervisorctl, ::geteuid()};
  context_.supervisord = options_.supervisord;
  host_ = entries::thisHost(root + "/etc/hosts");
  // What an instance leaves behind becomes our child: then it can be found and reaped.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

Fleet::~Fleet() { alive_.reset(); }

core::Status Fleet::open() {
  const std::pair<std::string, mode_t> directories[] = {{options_.root + "/run", 0755},
                                                        {options_.root + "/var", 0755},
                                                        {options_.root + "/var/lib", 0755},
                                                        {context_.runDirectory, 0755},
                                                        {context_.runDirectory + "/adoption", 0700},
                                                        {context_.runDirectory + "/notify", 0755},
                                                        {context_.stateDirectory, 0755},
                                                        {context_.stateDirectory + "/links", 0755},
                                                        {context_.stateDirectory + "/state", 0700}};
  for (const auto& [path, mode] : directories) {
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return core::sysError(path, errno);
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return core::sysError(path, errno);
    if (!S_ISDIR(info.st_mode) || (info.st_uid != ::geteuid() && info.st_uid != 0))
      return core::Err{core::Error{fmt::format("{} is not a directory of the manager's own", path), EPERM}};
  }
  if (!context_.groups.available()) logging::info("no control groups: {}", context_.groups.obstacle());
  first_ = entries::load(loadOptions());
  takeLoaded(first_);
  applySettings();
  for (auto& entry : first_.entries) add(std::move(entry));
  return {};
}

entries::LoadOptions Fleet::loadOptions() const {
  entries::LoadOptions out;
  out.root = options_.root;
  out.configFile = options_.config;
  out.confDir = options_.config.substr(0, options_.config.rfind('/')) + "/conf.d";
  out.host = host_;
  if (!options_.privileged) out.onlyUid = ::geteuid();
  for (const auto& [name, runner] : runners_) out.deployed.push_back(&runner->entry());
  out.deployedBefore = rememberedPlaces();
  return out;
}

void Fleet::applySettings() {
  context_.rules = {settings_.readyTimeout,    settings_.stopTimeout, settings_.quickExit,    settings_.restartDelay,
                    settings_.restartDelayMax, settings_.startLimit,  context_.rules.killTime};
  context_.supervisord = settings_.supervisord.empty() ? options_.supervisord : settings_.supervisord;
  context_.places.supervisorctl = settings_.supervisorctl.empty() ? options_.supervisorctl : settings_.supervisorctl;
  for (const auto& [name, runner] : runners_) runner->rulesChanged();
}

Runner* Fleet::find(const std::string& name) const {
  const auto found = runners_.find(name);
  return found == runners_.end() ? nullptr : found->second.get();
}

Runner& Fleet::add(entries::Entry entry) {
  auto name = entry.name;
  auto& slot = runners_[name];
  slot.reset(new Runner(context_, *this, std::move(entry)));
  auto& runner = *slot;
  for (auto* observer : observers_) observer->instanceAdded(name);
  return runner;
}

void Fleet::erase(const std::string& name) {
  const auto found = runners_.find(name);
  if (found == runners_.end()) return;
  gone_.push_back(std::move(found->second));
  runners_.erase(found);
  changed_.erase(name);
  changes_.schedule();
  for (auto* observer : observers_) observer->instanceRemoved(name);
}

void Fleet::leave(const std::string& name) {
  erase(name);
  const auto left = leaving_.extract(name);
  if (left && left.mapped().then) left.mapped().then();
}

Runner* Fleet::staying(const std::string& name) const { return leaving_.count(name) ? nullptr : find(name); }

std::vector<std::string> Fleet::names() const {
  std::vector<std::string> out;
  for (const auto& [name, runner] : runners_) out.push_back(name);
  return out;
}

std::vector<InstanceStatus> Fleet::list() const {
  std::vector<InstanceStatus> out;
  for (const auto& [name, runner] : runners_) out.push_back(runner->status());
  return out;
}

std::optional<InstanceStatus> Fleet::get(const std::string& name) const {
  const auto* runner = find(name);
  return runner ? std::optional(runner->status()) : std::nullopt;
}

std::vector<ProgramStatus> Fleet::programs(const std::string& name) const {
  const auto* runner = find(name);
  return runner ? runner->programs().list() : std::vector<ProgramStatus>();
}

Usage Fleet::usage(const std::string& name) const {
  auto* const runner = find(name);
  return runner ? runner->usage() : Usage();
}

std::optional<std::string> Fleet::nameOfPid(pid_t pid) const {
  if (auto name = context_.groups.instanceAt(controlGroupOf(pid)); !name.empty() && find(name)) return name;
  std::map<pid_t, std::string> mains;
  for (const auto& [name, runner] : runners_)
    if (runner->mainPid() > 0) mains.emplace(runner->mainPid(), name);
  // Anybody may ask, and may have made a chain of thousands.
  auto at = lookAt(pid);
  for (int i = 0; i < kMostParents && at && at->pid > 1; ++i, at = lookAt(at->parent))
    if (const auto found = mains.find(at->pid); found != mains.end()) return found->second;
  return std::nullopt;
}

std::set<pid_t> Fleet::mains() const {
  std::set<pid_t> out;
  for (const auto& [name, runner] : runners_)
    if (runner->mainPid() > 0) out.insert(runner->mainPid());
  return out;
}

std::vector<std::string> Fleet::namesOfUid(uid_t uid) const {
  std::vector<std::string> out;
  for (const auto& [name, runner] : runners_)
    if (runner->entry().owner.uid == uid) out.push_back(name);
  return out;
}

bool Fleet::soleOf(uid_t uid) const {
  return std::count_if(runners_.begin(), runners_.end(), [&](const auto& item) {
           return item.second->entry().managed && item.second->entry().owner.uid == uid;
         }) == 1;
}

void Fleet::with(const std::string& name, const Done& done, const std::function<void(Runner&)>& call) {
  if (ending_) return done(core::Err{ManagerError{ErrorCode::ShuttingDown, "The manager is being stopped."}});
  auto* const runner = find(name);
  if (!runner)
    return done(core::Err{ManagerError{ErrorCode::NoSuchInstance, fmt::format("There is no instance '{}'.", name)}});
  call(*runner);
}

void Fleet::withStaying(const std::string& name, const Done& done, const std::function<void(Runner&)>& call) {
  with(name, done, [&](Runner& runner) {
    if (staying(name)) return call(runner);
    done(core::Err{ManagerError{ErrorCode::InstanceBusy, fmt::format("Instance '{}' is being removed.", name)}});
  });
}

void Fleet::start(const std::string& name, Done done) {
  withStaying(name, done, [&](Runner& runner) { runner.then(runner.startIfGood(), done); });
}
void Fleet::stop(const std::string& name, Done done) {
  with(name, done, [&](Runner& runner) { runner.then(runner.stop(), done); });
}
void Fleet::restart(const std::string& name, Done done) {
  withStaying(name, done, [&](Runner& runner) { runner.then(runner.restartIfGood(), done); });
}
void Fleet::forceRestart(const std::string& name, Done done) {
  withStaying(name, done, [&](Runner& runner) { runner.then(runner.restart(), done); });
}
void Fleet::check(const std::string& name, WarningsDone done) {
  const auto refuse = [&](const OperationResult& outcome) { done(core::Err{outcome.error()}); };
  withStaying(name, refuse, [&](Runner& runner) {
    if (!runner.entry().managed) return done(std::vector<std::string>());
    runner.then(runner.check(), [name, finish = done](const CheckResult& result) {
      if (!result.objection) return finish(result.warnings);
      finish(core::Err{ManagerError{ErrorCode::ConfigInvalid,
                                    fmt::format("Instance '{}' would not start: {}", name, *result.objection)}});
    });
  });
}
void Fleet::reload(const std::string& name, Done done) {
  with(name, done, [&](Runner& runner) { runner.then(runner.reload(), done); });
}
void Fleet::kill(const std::string& name, KillWhom whom, int signo, Done done) {
  with(name, done, [&](Runner& runner) { runner.then(runner.kill(whom, signo), done); });
}
void Fleet::controlProgram(const std::string& name, const std::string& program, ProgramVerb verb, Done done) {
  with(name, done, [&](Runner& runner) { runner.then(runner.controlProgram(program, verb), done); });
}

void Fleet::programLog(const std::string& name, const std::string& program, TextDone done) {
  const Done refused = [done](const OperationResult& outcome) { done(core::Err{outcome.error()}); };
  with(name, refused, [&](Runner& runner) { runner.then(runner.programLog(program), done); });
}

void Fleet::reexecute(Done done) {
  if (ending_) return done(core::Err{ManagerError{ErrorCode::ShuttingDown, "The manager is being stopped."}});
  if (!reexecution_)
    return done(core::Err{ManagerError{ErrorCode::NotSupported, "This manager cannot replace itself."}});
  done({});
  reexecution_();
}

void Fleet::letGo() {
  for (const auto& [name, runner] : runners_) runner->letGo();
}

void Fleet::addObserver(Observer* observer) { observers_.push_back(observer); }
void Fleet::removeObserver(Observer* observer) { std::erase(observers_, observer); }

void Fleet::changed(Runner& runner) {
  if (find(runner.entry().name) != &runner) return;  // one that is being planned or is gone
  changed_.insert(runner.entry().name);
  changes_.schedule();
}

void Fleet::programChanged(Runner& runner, const ProgramStatus& program) {
  for (auto* observer : observers_) observer->programChanged(runner.entry().name, program);
}

void Fleet::flushChanges() {
  std::exchange(gone_, {}).clear();  // what ends with them may leave others there
  for (auto& change : std::exchange(soon_, {})) change();
  while (!trial_ && !edits_.empty()) {
    const auto edit = std::move(edits_.front());
    edits_.pop_front();
    edit();
  }
  std::set<std::string> names;
  names.swap(changed_);
  for (const auto& name : names)
    for (auto* observer : observers_) observer->instanceChanged(name);
}

}  // namespace instances
