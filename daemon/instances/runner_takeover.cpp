// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include <utility>

#include "daemon/instances/launch.hpp"
#include "daemon/instances/runner.hpp"
#include "lib/core/log.hpp"

/// How the programs of an instance outlive a crash of its supervisord: the next copy gets what the manager keeps.
namespace instances {
namespace {

core::UniqueFd copyOf(int fd) { return core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

int find(const DescriptorStore::Borrowed& kept, std::string_view name) {
  for (const auto& [known, fd] : kept)
    if (known == name) return fd;
  return -1;
}

}  // namespace

/// Another user's programs cannot be those of the entry, and a journal has to be there.
bool Runner::canBeTakenOver() {
  return entry_.managed && runsAs_ == uid() && context_.stores.find(entry_.name) && store().has(kJournalName);
}

DescriptorStore::Borrowed Runner::keptForTakeover() {
  auto kept = store().list();
  std::erase_if(kept, [](const auto& one) { return one.first == kOwnExitsName; });
  return kept;
}

/// Before any of the programs is reaped, which are our children from now on.
void Runner::afterCrash() {
  crashed_ = programs_.groups();
  openExits();
  log().warn("instance '{}' {}; {} of its programs keep running and are to be taken over", entry_.name,
             machine_.explanation(), crashed_->size());
}

/// One link serves all copies: a message that the last one did not read is for the next.
void Runner::openExits() {
  if (exits_) return;
  auto ends = ExitLink::makeEnds();
  if (!ends) {
    log().error("instance '{}': {}; the exit status of what is taken over will be unknown", entry_.name,
                ends.error().text);
    return;
  }
  // Kept with the pipes, so that they outlive the manager's own program, too.
  (void)store().keep(kExitsName, std::move(ends->theirs), DescriptorKind::Pipe);
  (void)store().keep(kOwnExitsName, copyOf(ends->ours.get()), DescriptorKind::Pipe);
  exits_ = std::make_unique<ExitLink>(context_.loop, std::move(ends->ours));
  context_.exits.emplace(runsAs_, exits_.get());
}

/// The link of an earlier manager, of which its descriptors are left. An owner cannot have put them there.
void Runner::resumeExits() {
  if (exits_ || !context_.stores.find(entry_.name)) return;
  const auto kept = store().list();
  const int ours = find(kept, kOwnExitsName), theirs = find(kept, kExitsName);
  if (!ExitLink::isEnd(ours) || !ExitLink::isEnd(theirs)) return;
  exits_ = std::make_unique<ExitLink>(context_.loop, copyOf(ours));
  context_.exits.emplace(runsAs_, exits_.get());
  // Confirmed: the instance does not send them.
  for (const auto& [name, fd] : {std::pair(kOwnExitsName, ours), std::pair(kExitsName, theirs)})
    (void)store().keep(name, copyOf(fd), DescriptorKind::Pipe);
}

void Runner::closeExits() {
  std::erase_if(context_.exits, [this](const auto& one) { return one.second == exits_.get(); });
  exits_.reset();
}

void Runner::dropKept() {
  crashed_.reset();
  closeExits();
  context_.stores.drop(entry_.name);
}

/// The first whole table of a copy that took over shows how many kept their process.
void Runner::onTable(const Notice& notice) {
  if (!notice.wholeTable || !crashed_ || machine_.phase() != Machine::Phase::Running) return;
  std::size_t kept = 0;
  for (const auto pid : programs_.groups()) kept += crashed_->count(pid);
  crashed_.reset();
  machine_.tookOver(kept);
  log().info("instance '{}' {}", entry_.name, machine_.reason());
}

}  // namespace instances
