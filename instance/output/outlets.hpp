// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "instance/output/outlet.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "lib/core/event_loop.hpp"

namespace output {

struct Target;

/// The slow targets of one supervisord, each of which exists once, however many logs lead there. Must outlive them.
class Outlets {
 public:
  explicit Outlets(core::EventLoop& loop, std::string syslogSocket = "/dev/log");
  ~Outlets();
  Outlets(const Outlets&) = delete;
  Outlets& operator=(const Outlets&) = delete;

  [[nodiscard]] core::EventLoop& loop() const noexcept { return loop_; }
  /// The outlet of a pipe, terminal, socket, device or shared file.
  [[nodiscard]] std::shared_ptr<Outlet> stream(Target target);
  /// The outlet of the system log.
  [[nodiscard]] std::shared_ptr<Outlet> systemLog();

  /// For a successor: what the targets have not taken. Lanes in `owned` are saved by their owners. FIFOs go to
  /// `outgoing`, since the kernel forgets what is in one that nobody has open.
  void save(std::vector<state::Unsent>& unsent, state::Outgoing& outgoing, Lanes owned) const;
  /// Queues what a predecessor could not send, before anything else is written: the first call does, later ones have
  /// no effect. What can no longer be sent is logged with its size. The FIFOs of the predecessor have to stay open
  /// until the logs that lead there are.
  void restore(const std::vector<state::Unsent>& unsent);

  /// Calls `then` from the loop when everything that is queued was written. After `limit` the rest is discarded, which
  /// is logged with its size.
  void settle(core::Duration limit, std::function<void()> then);
  /// For the outlets: one has become idle.
  void settled() noexcept;

 private:
  using Identity = std::pair<dev_t, ino_t>;
  [[nodiscard]] bool idle() const noexcept;
  std::size_t giveUp() noexcept;

  core::EventLoop& loop_;
  std::string syslogSocket_;
  std::map<Identity, std::weak_ptr<Outlet>> streams_;
  std::weak_ptr<Outlet> systemLog_;
  bool restored_ = false;
  std::function<void()> then_;
  core::Deferred done_;
  core::Timer limit_;
};

}  // namespace output
