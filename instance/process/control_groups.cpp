// SPDX-License-Identifier: MIT
#include "instance/process/control_groups.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/group_writes.hpp"
#include "instance/process/process.hpp"
#include "lib/core/cgroup.hpp"
#include "lib/core/log.hpp"
#include "lib/core/proc_files.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

namespace cgroup = core::cgroup;

/// Groups of this name that have processes: left by a program that was not to be stopped with all of them.
constexpr int kMostNames = 100;
/// Groups with processes that are remembered, to be removed later.
constexpr std::size_t kMostLeft = 100;
/// How long the first program waits for the manager, in steps. Only once: a manager answers within milliseconds.
constexpr int kManagerSteps = 100;
constexpr useconds_t kManagerStep = 10'000;
/// Pauses between looks for the controllers of a new manager.
constexpr core::milliseconds kFirstLook{50};
constexpr core::seconds kLastLook{30};

core::Err<core::Error> refuseLimit(const char* key, const std::string& why, int code = 0) {
  return core::Err{core::Error{fmt::format("couldn't set {}: {}", key, why), code}};
}

bool hasWord(const std::string& text, std::string_view word) {
  const auto words = core::splitBlanks(text);
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The key that needs a controller; nullptr: none does.
const char* keyFor(const config::ControlGroup& limits, std::string_view controller) {
  for (const auto& write : groupWrites(limits))
    if (write.limits && write.controller == controller) return write.key;
  return nullptr;
}

}  // namespace

ControlGroups::ControlGroups(ProcessContext& context)
    : context_(context), again_(context.loop(), [this] { limitAgain(); }) {}

bool ControlGroups::isOffered(const char* controller) const {
  return hasWord(cgroup::read(base_.descriptor(), "cgroup.controllers"), controller);
}

/// The manager passes controllers on when an instance asks for them. Returns whether it did.
bool ControlGroups::askFor(const char* controller) {
  context_.tell([](Observer& one) { one.onControllersNeeded(); });
  if (!GivenGroup::hasManager()) return isOffered(controller);
  for (int step = 0; step < kManagerSteps && !waited_ && !isOffered(controller); ++step) ::usleep(kManagerStep);
  waited_ = !isOffered(controller);
  return !waited_;
}

core::Status ControlGroups::enable(const char* key, const char* controller) {
  if (std::find(needed_.begin(), needed_.end(), controller) == needed_.end()) needed_.push_back(controller);
  if (hasWord(cgroup::read(base_.descriptor(), "cgroup.subtree_control"), controller)) return {};
  if (!isOffered(controller) && !askFor(controller))
    return refuseLimit(
        key, fmt::format("control group {} has no controller '{}' (it has: {}); {}", base_.path(), controller,
                         core::trim(cgroup::read(base_.descriptor(), "cgroup.controllers")),
                         GivenGroup::hasManager() ? "the log of the manager has the reason" : GivenGroup::kAdvice));
  if (auto divided = base_.divide(); !divided) return refuseLimit(key, divided.error().text, divided.error().code);
  if (const int code = cgroup::write(base_.descriptor(), "cgroup.subtree_control", std::string("+") + controller))
    return refuseLimit(key,
                       fmt::format("control group {} cannot pass the controller '{}' on: {}", base_.path(), controller,
                                   ::strerrordesc_np(code)),
                       code);
  return {};
}

core::Status ControlGroups::enable(const config::ControlGroup& limits) {
  for (const char* const controller : {"memory", "cpu", "pids"}) {
    const char* const key = keyFor(limits, controller);
    if (key == nullptr) continue;
    if (auto found = base_.find(); !found) return refuseLimit(key, found.error().text, found.error().code);
    if (auto enabled = enable(key, controller); !enabled) return enabled;
  }
  return {};
}

/// A group of the same name with processes is left alone: it belongs to what an earlier process has left behind.
core::Expected<ControlGroups::Group> ControlGroups::makeDirectory(const std::string& program) {
  removeLeft();
  const auto first = cgroup::nameFor(program);
  for (int i = 1; i <= kMostNames; ++i) {
    Group group{{}, i == 1 ? first : fmt::format("{}.{}", first, i)};
    const auto make = [&] { return ::mkdirat(base_.descriptor(), group.name.c_str(), 0755) == 0 ? 0 : errno; };
    int code = make();
    if (code == EEXIST) {
      if (const auto old = cgroup::open(base_.descriptor(), group.name.c_str());
          old && cgroup::isPopulated(old.get()) == false)
        cgroup::removeBelow(old.get());
      if (::unlinkat(base_.descriptor(), group.name.c_str(), AT_REMOVEDIR) != 0) continue;
      code = make();
    }
    if (code == 0) group.directory = cgroup::open(base_.descriptor(), group.name.c_str());
    if (group.directory) return group;
    if (code == 0) code = errno;
    return core::Err{core::Error{
        fmt::format("couldn't make the control group {} in {}: {}{}", group.name, base_.path(), ::strerrordesc_np(code),
                    code == EAGAIN ? " (there are as many groups as there may be)" : ""),
        code}};
  }
  return core::Err{
      core::Error{fmt::format("couldn't make a control group for {}: {} earlier ones have processes still; "
                              "end them, see leftovers",
                              program, kMostNames)}};
}

core::Expected<ControlGroups::Group> ControlGroups::make(const std::string& program,
                                                         const config::ControlGroup& limits) {
  if (auto enabled = enable(limits); !enabled) return core::Err{enabled.error()};
  auto group = makeDirectory(program);
  if (!group) return group;
  if (auto applied = apply(group->directory.get(), limits); !applied) {
    remove(group->directory.get(), group->name);
    return core::Err{applied.error()};
  }
  return group;
}

core::Expected<ControlGroups::Group> ControlGroups::makeForFamily(const std::string& program) {
  if (auto found = base_.find(); !found) return core::Err{found.error()};
  if (!base_.isOurs()) return core::Err{core::Error{"control group " + base_.path() + " was not given to supervisord"}};
  return makeDirectory(program);
}

std::string ControlGroups::nameOf(pid_t pid) {
  char buffer[4096];
  if (!base_.find()) return {};
  const auto prefix = "0::" + (base_.path() == "/" ? "" : base_.path()) + "/";
  for (const auto& line : core::split(core::proc::read(pid, "cgroup", buffer, sizeof buffer), '\n')) {
    auto name = line.starts_with(prefix) ? line.substr(prefix.size()) : std::string();
    if (isName(name)) return name;
  }
  return {};
}

bool ControlGroups::isName(std::string_view name) noexcept {
  return name.starts_with("program-") && name.find('/') == std::string_view::npos;
}

core::UniqueFd ControlGroups::open(const std::string& name) noexcept {
  try {
    if (base_.find()) return cgroup::open(base_.descriptor(), name.c_str());
  } catch (const std::exception&) {  // out of memory
  }
  return {};
}

core::Status ControlGroups::apply(int group, const config::ControlGroup& limits) {
  if (auto enabled = enable(limits); !enabled) return enabled;
  for (const auto& write : groupWrites(limits)) {
    const int code = cgroup::write(group, write.file, write.value);
    if (code != 0 && write.limits)
      return refuseLimit(write.key, fmt::format("{} = {}: {}", write.file, write.value, ::strerrordesc_np(code)), code);
  }
  return {};
}

void ControlGroups::remove(int group, const std::string& name) noexcept {
  if (::unlinkat(base_.descriptor(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
  logging::attempt([&] {
    if (cgroup::isPopulated(group) == false) cgroup::removeBelow(group);
    if (::unlinkat(base_.descriptor(), name.c_str(), AT_REMOVEDIR) == 0) return;
    if (left_.size() >= kMostLeft) left_.erase(left_.begin());
    left_.push_back(name);
  });
}

void ControlGroups::removeLeft() noexcept {
  std::erase_if(left_, [&](const std::string& name) {
    return ::unlinkat(base_.descriptor(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT;
  });
}

std::string ControlGroups::needed() const {
  std::string out;
  for (const char* const controller : needed_) out.append(out.empty() ? "" : " ").append(controller);
  return out;
}

void ControlGroups::managerIsNew() noexcept {
  if (needed_.empty()) return;
  waited_ = false;
  pause_ = kFirstLook;
  again_.armIn(pause_);
}

/// The manager may not have passed the controllers on yet, or not have taken them away.
void ControlGroups::limitAgain() {
  const auto offered = cgroup::read(base_.descriptor(), "cgroup.controllers");
  const bool all = std::all_of(needed_.begin(), needed_.end(), [&](const char* one) { return hasWord(offered, one); });
  if (!all) {
    pause_ = std::min<core::Duration>(2 * pause_, kLastLook);
    if (pause_ < kLastLook) return again_.armIn(pause_);
    return logging::error("the manager does not pass on the controllers '{}': programs run without their limits",
                          needed());
  }
  const ProcessContext::Turn turn(context_);
  for (const auto& group : context_.groups())
    for (const auto& program : group->processes()) program->limitAgain();
}

}  // namespace process
