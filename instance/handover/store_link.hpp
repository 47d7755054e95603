// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "instance/process/descriptor_store.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/notify.hpp"

namespace handover {

/// systemd's store forgets these. Waits while its queue is full, for at most a fraction of a second. Without memory
/// some of them stay, which is logged.
void removeFromSystemd(const core::Notifier& notifier, const std::vector<std::string>& names) noexcept;

/// Hands descriptors to the process that started us, over sd_notify's protocol, one message each. What does not fit
/// into its queue is sent a little later, in the order of the changes; a change that another one has made void is not
/// sent.
class StoreLink final : public process::DescriptorStore {
 public:
  enum class Keeper { Manager, Systemd };
  /// Nothing is sent without memory or without a receiver; a receiver that is gone gets everything with sendAll(), when
  /// another one is there.
  StoreLink(core::EventLoop& loop, core::Notifier notifier, Keeper keeper);

  void keep(std::string name, int fd) noexcept override;
  void drop(const std::string& name) noexcept override;
  /// The keeper has these from a predecessor. Until endInheritance(), the first keep() of each is about the same
  /// descriptor, which is not sent again: what is new then has the queue for itself.
  void inherit(const std::vector<std::string>& names);
  /// What was not kept again is dropped.
  void endInheritance() noexcept;
  /// For inherit() in a successor: what the keeper has, less what it is to get again.
  [[nodiscard]] std::vector<std::string> kept() const;
  /// The keeper is a new process, which may have nothing.
  void sendAll() noexcept;
  /// An orderly end: systemd removes everything, which it would otherwise hand to the copy that a restart of the unit
  /// starts; a manager does so by itself. Nothing may be kept afterwards.
  void removeAll() noexcept;
  /// What has not been sent yet.
  [[nodiscard]] bool behind() const noexcept { return !changes_.empty(); }

 private:
  struct Kept {
    int fd = -1;               ///< -1: to be removed
    std::uint64_t change = 0;  ///< its place in changes_; 0: it was sent
    bool known = false;        ///< the keeper has, or may have, one of this name
    bool inherited = false;    ///< from a predecessor, and not kept again yet
  };
  using Names = std::map<std::string, Kept, std::less<>>;
  void mark(Names::iterator which);
  void flush() noexcept;
  [[nodiscard]] core::Notifier::Sent send(Names::value_type& which) const;

  core::Notifier notifier_;
  Keeper keeper_;
  Names names_;
  std::map<std::uint64_t, Names::iterator> changes_;  ///< what is not sent yet, in order
  std::uint64_t nextChange_ = 1;
  bool all_ = false;  ///< when that is done the keeper may forget what else it has
  core::Timer retry_;
};

}  // namespace handover
