// SPDX-License-Identifier: MIT
#include "instance/handover/store_link.hpp"

#include <unistd.h>

#include <exception>
#include <utility>
#include <vector>

#include "lib/core/log.hpp"

namespace handover {
namespace {

/// The queue of a datagram socket may be as short as ten messages; its reader empties it immediately.
constexpr core::milliseconds kRetry{2};
/// Of an orderly end.
constexpr int kRetries = 100;
constexpr const char* kLeft = "out of memory: systemd keeps descriptors that nobody needs";

std::string line(std::string_view verb, const std::string& name) {
  return std::string(verb) + "\n" + std::string(core::notify::kDescriptorNameKey) + name + "\n";
}

}  // namespace

void removeFromSystemd(const core::Notifier& notifier, const std::vector<std::string>& names) noexcept try {
  int retries = kRetries;
  for (const auto& name : names)
    while (notifier.send(line(core::notify::kRemoveDescriptor, name)) == core::Notifier::Sent::Later && retries-- > 0)
      ::usleep(static_cast<useconds_t>(core::microseconds(kRetry).count()));
} catch (const std::exception&) {
  logging::error(kLeft);
}

StoreLink::StoreLink(core::EventLoop& loop, core::Notifier notifier, Keeper keeper)
    : notifier_(std::move(notifier)), keeper_(keeper), retry_(loop, [this] { flush(); }) {}

void StoreLink::mark(Names::iterator which) {
  auto& kept = which->second;
  if (kept.change != 0) changes_.erase(kept.change);
  kept.change = 0;
  changes_.emplace(nextChange_, which);
  kept.change = nextChange_++;
}

void StoreLink::keep(std::string name, int fd) noexcept try {
  const auto [which, isNew] = names_.try_emplace(std::move(name));
  // Before an upgrade or a crash this process or its predecessor may have sent another one of this name.
  if (isNew) which->second.known = keeper_ == Keeper::Systemd;
  which->second.fd = fd;
  if (std::exchange(which->second.inherited, false)) return;
  mark(which);
  if (!retry_.armed()) flush();
} catch (const std::exception&) {
  logging::error("out of memory: a descriptor of a program is not kept for a successor after a crash");
}

void StoreLink::drop(const std::string& name) noexcept try {
  const auto which = names_.find(name);
  if (which == names_.end() || which->second.fd < 0) return;
  which->second.fd = -1;
  mark(which);
  if (!retry_.armed()) flush();
} catch (const std::exception&) {
  logging::error("out of memory: {} stays open in the process that keeps it", name);
}

void StoreLink::inherit(const std::vector<std::string>& names) {
  for (const auto& name : names) names_[name] = {-1, 0, true, true};
}

void StoreLink::endInheritance() noexcept try {
  for (auto which = names_.begin(); which != names_.end(); ++which)
    if (std::exchange(which->second.inherited, false)) mark(which);
  if (!retry_.armed()) flush();
} catch (const std::exception&) {
  logging::error("out of memory: descriptors stay open in the process that keeps them");
}

std::vector<std::string> StoreLink::kept() const {
  std::vector<std::string> names;
  for (const auto& [name, kept] : names_)
    if (kept.known && (kept.change == 0 || kept.fd < 0)) names.push_back(name);
  return names;
}

void StoreLink::sendAll() noexcept try {
  for (auto which = names_.begin(); which != names_.end(); ++which) {
    which->second.known = false;
    mark(which);
  }
  all_ = true;
  flush();
} catch (const std::exception&) {
  retry_.armIn(kRetry);
}

core::Notifier::Sent StoreLink::send(Names::value_type& which) const {
  auto& kept = which.second;
  // A manager replaces what has the same name; systemd would have both.
  const bool remove = kept.known && (kept.fd < 0 || keeper_ == Keeper::Systemd);
  if (remove) {
    const auto sent = notifier_.send(line(core::notify::kRemoveDescriptor, which.first));
    if (sent != core::Notifier::Sent::Done) return sent;
    kept.known = false;
  }
  if (kept.fd < 0) return core::Notifier::Sent::Done;
  const auto sent = notifier_.send(line(core::notify::kKeepDescriptor, which.first) + "FDPOLL=0\n", kept.fd);
  if (sent == core::Notifier::Sent::Done) kept.known = true;
  return sent;
}

void StoreLink::removeAll() noexcept try {
  if (keeper_ != Keeper::Systemd) return;
  std::vector<std::string> left;
  for (const auto& [name, kept] : names_)
    if (kept.known) left.push_back(name);
  removeFromSystemd(notifier_, left);
} catch (const std::exception&) {
  logging::error(kLeft);
}

void StoreLink::flush() noexcept try {
  while (!changes_.empty()) {
    const auto which = changes_.begin()->second;
    const auto sent = send(*which);
    if (sent == core::Notifier::Sent::Later) return retry_.armIn(kRetry);
    if (sent == core::Notifier::Sent::Nobody) return;  // until sendAll()
    changes_.erase(changes_.begin());
    which->second.change = 0;
    if (which->second.fd < 0) names_.erase(which);
  }
  if (!all_ || keeper_ == Keeper::Systemd) return;
  const auto sent = notifier_.send(std::string(core::notify::kAllDescriptors) + "\n");
  if (sent == core::Notifier::Sent::Later) return retry_.armIn(kRetry);
  all_ = false;
} catch (const std::exception&) {
  retry_.armIn(kRetry);
}

}  // namespace handover
