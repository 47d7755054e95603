// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace http {

/// Where to listen.
struct Address {
  bool unixSocket = false;
  std::string path;  ///< unix: absolute
  mode_t mode = 0700;
  std::optional<std::pair<uid_t, gid_t>> owner;  ///< -1: leave
  std::string host;                              ///< inet: name or address, empty is every IPv4 address
  int port = 0;
  std::string place;  ///< for messages: " in section 'S' (file: 'F', line N)"

  /// Whether it is the same socket; `place` does not count.
  bool operator==(const Address& other) const;
};

/// A listening socket. A Unix socket's file is removed with it, if it is still the same file.
class ListenSocket {
 public:
  using File = std::pair<dev_t, ino_t>;

  ListenSocket(Address address, core::UniqueFd fd);
  /// One that another program opened and handed over; `file` as its file() was.
  ListenSocket(Address address, core::UniqueFd fd, std::optional<File> file)
      : address_(std::move(address)), fd_(std::move(fd)), file_(file) {}
  ListenSocket(ListenSocket&&) noexcept = default;
  ListenSocket& operator=(ListenSocket&&) noexcept;
  ~ListenSocket();

  [[nodiscard]] const Address& address() const noexcept { return address_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// The file of a Unix socket, which is removed with it; nullopt: there is none, or it is not ours any more.
  [[nodiscard]] const std::optional<File>& file() const noexcept { return file_; }
  /// The port that the system chose, for an address with port 0.
  [[nodiscard]] int port() const noexcept;
  /// Does not remove the file of a Unix socket: another process has taken the socket over.
  void abandonFile() noexcept { file_.reset(); }

 private:
  void removeFile() noexcept;

  Address address_;
  core::UniqueFd fd_;
  std::optional<File> file_;
};

/// Opens one. supervisord prints the text of the error after "Error: ". Notices go to standard error.
[[nodiscard]] core::Expected<ListenSocket> openListenSocket(const Address& address);

/// Sockets for all `addresses`, in their order. Those of `kept` with an unchanged address are taken over as they are,
/// so that a restart never stops listening; the others of `kept` are closed first.
[[nodiscard]] core::Expected<std::vector<ListenSocket>> openListenSockets(std::span<const Address> addresses,
                                                                          std::vector<ListenSocket> kept);

/// Opens, while sockets at `held` listen, what openListenSockets() would have to open for `addresses`: an error shows
/// now what would fail after the shutdown. Skips those that one of `held` blocks until it is closed.
[[nodiscard]] core::Expected<std::vector<ListenSocket>> openAhead(std::span<const Address> addresses,
                                                                  std::span<const Address> held);

}  // namespace http
