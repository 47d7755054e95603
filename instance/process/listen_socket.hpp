// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace config {
struct ListenSocket;
}

namespace process {

/// Which file a Unix socket has: a path may get another one.
struct SocketFile {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;  ///< 0: there is none
};

/// A socket that was opened for programs.
struct OpenedSocket {
  core::UniqueFd fd;
  SocketFile file;
};

/// Binds a socket, and listens. A file that an earlier process left at the path of a Unix socket is replaced, one of a
/// process that still listens is not. Never looks up a name. The error is the reason, without the address.
[[nodiscard]] core::Expected<OpenedSocket> openListenSocket(const config::ListenSocket& socket);
/// Gives an open socket the backlog, and its file the owner and the mode, of `socket`. Does nothing to a file that is
/// not `file` any more: another account may be able to write in its directory.
[[nodiscard]] core::Status dressListenSocket(int fd, const SocketFile& file, const config::ListenSocket& socket);
/// Whether `fd` is bound and, if it is to listen, does: a program may have ended that.
[[nodiscard]] bool isListening(int fd, const config::ListenSocket& socket) noexcept;
/// The file that the path of a Unix socket has now; of others none.
[[nodiscard]] SocketFile socketFileOf(const config::ListenSocket& socket) noexcept;
/// Removes the file of a Unix socket, if it still is `file`.
void removeSocketFile(const config::ListenSocket& socket, const SocketFile& file) noexcept;
/// After a crash of a predecessor: takes the socket from process `pid`, which has it as descriptor `number`. Invalid if
/// it has not, or has another one by now.
[[nodiscard]] core::UniqueFd takeListenSocket(pid_t pid, int number, const config::ListenSocket& socket);

}  // namespace process
