// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <utility>

#include "instance/config/model.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

/// The listening socket that the members of an fcgi-program inherit as standard input. Open while a member lives.
class FcgiListener {
 public:
  /// `owner` is who gets a Unix socket if the configuration names nobody.
  FcgiListener(const config::FcgiSocket& config, std::optional<std::pair<uid_t, gid_t>> owner)
      : config_(config), owner_(owner) {}

  /// Binds and closes again: whether the configuration works.
  core::Status probe();
  /// One more member: opens the socket if it is the first. Returns the descriptor, which stays ours.
  core::Expected<int> acquire();
  /// One member less; the last one closes.
  void release();

 private:
  core::Expected<core::UniqueFd> open() const;
  core::Expected<core::UniqueFd> openUnix() const;
  core::Expected<core::UniqueFd> openTcp() const;

  const config::FcgiSocket& config_;
  std::optional<std::pair<uid_t, gid_t>> owner_;
  core::UniqueFd fd_;
  int users_ = 0;
};

}  // namespace process
