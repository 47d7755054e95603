// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "instance/output/outlet.hpp"
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
  std::function<void()> then_;
  core::Deferred done_;
  core::Timer limit_;
};

}  // namespace output
