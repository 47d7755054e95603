// SPDX-License-Identifier: MIT
#include "daemon/instances/service_store.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "lib/core/log.hpp"

namespace instances {
namespace {

constexpr char kSeparator = '/';
/// The longest name that systemd takes.
constexpr std::size_t kNameLimit = 255;
/// systemd reads a few messages in a turn of its loop.
constexpr auto kRetry = core::milliseconds(5);
/// At the end of the manager.
constexpr auto kSettleTime = core::seconds(5);

std::string line(std::string_view verb, const std::string& name) {
  return std::string(verb) + "\n" + std::string(core::notify::kDescriptorNameKey) + name + "\n";
}

}  // namespace

std::string serviceName(const std::string& instance, std::string_view name) {
  return instance + kSeparator + std::string(name);
}

std::pair<std::string, std::string> fromServiceName(std::string_view name) {
  const auto at = name.find(kSeparator);  // the name of an instance has none
  if (at == std::string_view::npos || at == 0 || !isDescriptorName(name.substr(at + 1))) return {};
  return {std::string(name.substr(0, at)), std::string(name.substr(at + 1))};
}

ServiceStore::ServiceStore(core::EventLoop& loop, DescriptorStores& stores, core::Notifier notifier,
                           const ServiceLimits& limits)
    : stores_(stores),
      notifier_(std::move(notifier)),
      limits_(limits),
      comparisons_(limits.comparisons, limits.perSecond, core::Clock::now()),
      flush_(loop, [this] { flush(); }) {
  if (notifier_.active()) stores_.setListener(this);
}

ServiceStore::~ServiceStore() {
  if (!notifier_.active()) return;
  stores_.setListener(nullptr);
  if (removed_) settle();
}

void ServiceStore::setKnown(std::set<std::string> names) {
  known_ = std::move(names);
  for (const auto& name : known_)
    if (find(name) < 0) changed(name);
}

int ServiceStore::find(const std::string& name) const {
  const auto [instance, descriptor] = fromServiceName(name);
  const auto* const store = stores_.find(instance);
  return store ? store->find(descriptor) : -1;
}

void ServiceStore::kept(const std::string& instance, const std::string& name) { changed(serviceName(instance, name)); }

void ServiceStore::dropped(const std::string& instance, const std::string& name) {
  changed(serviceName(instance, name));
}

void ServiceStore::changed(std::string name) {
  if (name.size() > kNameLimit) return;
  if (known_.count(name) > 0) stale_.insert(name);
  changed_.insert(std::move(name));
  flush_.armIn(core::Duration::zero());
}

/// False: not all of them now.
bool ServiceStore::sendRemovals() {
  while (!stale_.empty()) {
    const auto& name = *stale_.begin();
    if (notifier_.send(line(core::notify::kRemoveDescriptor, name)) == core::Notifier::Sent::Later) return false;
    known_.erase(name);
    removed_ = true;
    stale_.erase(stale_.begin());
  }
  return true;
}

core::Notifier::Sent ServiceStore::store(const std::string& name) {
  using Sent = core::Notifier::Sent;
  const int fd = find(name);
  if (fd < 0) return Sent::Done;
  if (known_.size() >= limits_.most) {
    if (!std::exchange(told_, true))
      logging::warn(
          "systemd keeps {} descriptors of programs; those of the others would be lost if the manager and an instance "
          "crashed at the same time",
          limits_.most);
    return Sent::Done;
  }
  const auto sent = notifier_.send(line(core::notify::kKeepDescriptor, name) + "FDPOLL=0\n", fd);
  if (sent != Sent::Done) return sent;
  known_.insert(name);
  comparisons_.spend(known_.size(), core::Clock::now());
  return sent;
}

/// sd_notify_barrier(3): systemd closes the descriptor when it has read what came before.
bool ServiceStore::pass(int until) {
  return sendRemovals() && notifier_.send(core::notify::kBarrier, until) != core::Notifier::Sent::Later;
}

/// What it has at the end of this process it would close last, and with a pipe that an owner holds up it would hang.
void ServiceStore::settle() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  const core::UniqueFd closed(ends[0]);
  core::UniqueFd until(ends[1]);
  const auto end = core::Clock::now() + kSettleTime;
  while (core::Clock::now() < end) {
    if (until && pass(until.get())) until.reset();
    pollfd state{closed.get(), POLLIN, 0};
    if (::poll(&state, 1, 5) == 1) return;
  }
  logging::warn("systemd did not close in time what the manager no longer keeps");
}

/// First the earlier descriptors: systemd would keep both. Then in turn, so that no instance waits behind another one
/// that changes its own all the time.
void ServiceStore::flush() {
  if (!sendRemovals()) return flush_.armIn(kRetry);
  while (!changed_.empty()) {
    const auto now = core::Clock::now();
    if (comparisons_.isEmpty(now)) return flush_.armIn(comparisons_.wait(now));
    auto next = changed_.upper_bound(last_);
    if (next == changed_.end()) next = changed_.begin();
    if (store(*next) == core::Notifier::Sent::Later) return flush_.armIn(kRetry);
    last_ = *next;
    changed_.erase(next);
  }
}

}  // namespace instances
