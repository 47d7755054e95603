// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace config {
struct FcgiSocket;
}

namespace process {

/// The listening socket that the processes of an fcgi-program inherit as standard input. Open while one of them lives.
class FcgiListener {
 public:
  /// `config` must outlive this, or the next useEqual().
  explicit FcgiListener(const config::FcgiSocket& config) : config_(&config) {}
  /// From now on reads `config`, which is equal to the one that it had.
  void useEqual(const config::FcgiSocket& config) noexcept { config_ = &config; }

  /// Binds and closes again: whether the configuration works.
  core::Status probe();
  /// One more member: opens the socket if it is not open. Returns the descriptor, which stays ours.
  core::Expected<int> acquire();
  /// One more member that has the socket already.
  void addUser() noexcept { ++users_; }
  /// One member less; the last one closes.
  void release();

  /// For a successor: the socket (-1: it is closed), and how many use it.
  [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }
  [[nodiscard]] int users() const noexcept { return users_; }
  /// Takes over a predecessor's socket with its users.
  void restore(core::UniqueFd socket, int users) noexcept {
    fd_ = std::move(socket);
    users_ = users;
  }
  /// After a crash: the processes have the socket, and we do not.
  [[nodiscard]] bool lost() const noexcept { return !fd_ && users_ > 0; }
  /// Takes the socket from process `pid`, which has it as standard input. The error is for people.
  [[nodiscard]] core::Status takeFrom(pid_t pid);
  /// What it means that no process gives it back, for people.
  [[nodiscard]] std::string consequence() const;

 private:
  [[nodiscard]] bool isOurs(int socket) const noexcept;
  core::Expected<core::UniqueFd> open() const;
  core::Expected<core::UniqueFd> openUnix() const;
  core::Expected<core::UniqueFd> openTcp() const;

  const config::FcgiSocket* config_;
  core::UniqueFd fd_;
  int users_ = 0;
};

}  // namespace process
