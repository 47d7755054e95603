// SPDX-License-Identifier: MIT
#include "daemon/instances/fleet.hpp"

#include <errno.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/instances/entry_editor.hpp"
#include "daemon/instances/handed_on.hpp"
#include "daemon/instances/keyed_file.hpp"
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

Fleet::Fleet(core::EventLoop& loop, core::Reaper& reaper, ManagerOptions options)
    : options_(std::move(options)),
      context_{loop, reaper, ControlGroups::detect(), {}, {}, {}, {}, options_.privileged, {}, false, {}},
      turns_(loop),
      editor_(std::make_unique<EntryEditor>(*this, loop)),
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

Fleet::~Fleet() = default;

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
  take(first_);
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

std::map<std::string, entries::Places> Fleet::rememberedPlaces() const {
  std::map<std::string, entries::Places> out;
  for (const auto& name : filesIn(context_.stateDirectory + "/state")) {
    if (find(name)) continue;
    PersistentState memory(context_.statePath(name));
    memory.load();
    out.emplace(name, std::move(memory.places));
  }
  return out;
}

void Fleet::take(const entries::Loaded& loaded) {
  takeComplaints(loaded);
  settings_ = loaded.settings;
  applySettings();
  for (const auto& complaint : refused_) logging::error("refused: {}", complaint.text());
  for (const auto& complaint : warnings_) logging::warn("{}", complaint.text());
}

void Fleet::takeComplaints(const entries::Loaded& loaded) {
  refused_ = loaded.refused;
  warnings_ = loaded.warnings;
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

Runner* Fleet::staying(const std::string& name) const { return turns_.isLeaving(name) ? nullptr : find(name); }

Seen Fleet::see(const Runner* runner) {
  if (!runner) return {};
  const auto& deployed = runner->memory().deployed;
  return {.entry = &runner->entry(),
          .fresh = deployed.empty(),
          .deployed = Fingerprint::fromText(deployed),
          .up = runner->machine().wanted(),
          .runs = runner->mainPid() > 0};
}

std::map<int, std::vector<std::string>> Fleet::byPriority(const std::vector<std::string>& names) const {
  std::map<int, std::vector<std::string>> out;
  for (const auto& name : names)
    if (const auto* const runner = find(name)) out[runner->entry().priority].push_back(name);
  return out;
}

Fleet::Trial::Trial(Fleet& fleet, entries::Entry entry) : fleet_(fleet) {
  std::unique_ptr<Runner> runner(new Runner(fleet_.context_, fleet_, std::move(entry)));
  runner_ = fleet_.trials_.insert(fleet_.trials_.end(), std::move(runner));
}

Fleet::Trial::~Trial() {
  fleet_.gone_.splice(fleet_.gone_.end(), fleet_.trials_, runner_);
  fleet_.changes_.schedule();
}

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

std::vector<std::string> Fleet::namesOfUid(uid_t uid) const {
  std::vector<std::string> out;
  for (const auto& [name, runner] : runners_)
    if (runner->entry().owner.uid == uid) out.push_back(name);
  return out;
}

bool Fleet::soleOf(uid_t uid) const {
  int count = 0;
  for (auto at = runners_.begin(); at != runners_.end() && count < 2; ++at)
    count += at->second->entry().managed && at->second->entry().owner.uid == uid;
  return count == 1;
}

void Fleet::orphanEnded(pid_t pid, int status, uid_t uid) {
  const auto [first, last] = context_.exits.equal_range(uid);
  for (auto at = first; at != last; ++at) at->second->ended(pid, status);
}

void Fleet::letGo() {
  for (const auto& [name, runner] : runners_) runner->letGo();
}

void Fleet::takeKept(const core::Notifier& service) {
  auto handed = takeHandedOn(context_.stores);
  context_.fileLimit = makeRoom(context_.stores, handed.fileLimit);
  service_.emplace(context_.loop, context_.stores, service);
  service_->setKnown(std::move(handed.atService));
}

Fleet::HandedOver Fleet::handOver() {
  HandedOver out;
  // What may be slow to close is not closed by the exec itself.
  std::vector<int> slow;
  context_.stores.addDoomed(slow);
  for (const auto& [name, runner] : runners_) runner->addWaiting(slow);
  if (!slow.empty()) out.holders.push_back(holdOverExec(std::move(slow)));
  if (service_ && !out.holders.empty()) (void)service_->pass(out.holders.front().get());
  auto list = handOn(context_.stores, {context_.fileLimit, service_ ? service_->known() : std::set<std::string>()});
  if (list) {
    out.list = std::move(*list);
    return out;
  }
  logging::error("what is kept for the instances is lost with this program of the manager: {}", list.error().text);
  std::vector<int> kept;
  for (const auto& instance : context_.stores.instances())
    for (const auto& [name, fd] : context_.stores.find(instance)->list()) kept.push_back(fd);
  if (!kept.empty()) out.holders.push_back(holdOverExec(std::move(kept)));
  return out;
}

void Fleet::keepOn() { takeBack(context_.stores); }

void Fleet::addObserver(Observer* observer) { observers_.push_back(observer); }
void Fleet::removeObserver(Observer* observer) { std::erase(observers_, observer); }

void Fleet::changed(Runner& runner) {
  if (find(runner.entry().name) != &runner) return;  // one that is being planned or is gone
  changed_.insert(runner.entry().name);
  changes_.schedule();
}

void Fleet::tellReloading(bool active) {
  for (auto* observer : observers_) observer->reloading(active);
}

void Fleet::programChanged(Runner& runner, const ProgramStatus& program) {
  for (auto* observer : observers_) observer->programChanged(runner.entry().name, program);
}

void Fleet::flushChanges() {
  std::exchange(gone_, {}).clear();  // what ends with them may leave others there
  std::set<std::string> names;
  names.swap(changed_);
  for (const auto& name : names)
    for (auto* observer : observers_) observer->instanceChanged(name);
}

}  // namespace instances
