// SPDX-License-Identifier: MIT
#include "instance/process/listeners.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <exception>
#include <utility>

#include <fmt/core.h>

#include "instance/process/last_close.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

core::UniqueFd copyOf(int fd) noexcept { return core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

/// The address can be bound once more while copies of a socket that does not listen are open. A program may have
/// forbidden that.
void letReplace(int fd) noexcept {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

}  // namespace

Listeners::Listeners(core::EventLoop& loop) : closeSoon_(loop, [this] { closeUnused(); }) {}

Listeners::~Listeners() {
  for (auto& [url, entry] : entries_) close(entry);
  closeAside(std::move(discarded_));
}

OpenListeners Listeners::takeAll() noexcept { return {std::exchange(entries_, {})}; }

void Listeners::inherit(OpenListeners listeners) noexcept {
  entries_ = std::move(listeners.all);
  for (auto& [url, entry] : entries_) entry.users = 0;
  closeSoon_.schedule();
}

core::Expected<core::UniqueFd> Listeners::acquire(const config::ListenSocket& socket) {
  const auto failed = [&](const std::string& why) {
    return core::Err{core::Error{fmt::format("cannot listen on {}: {}", socket.url, why), 0}};
  };
  auto found = entries_.find(socket.url);
  if (found != entries_.end() && !isListening(found->second.open.fd.get(), socket)) {
    logging::warn("a program has ended that {} listens: it is opened again", socket.url);
    auto& old = found->second.open.fd;
    letReplace(old.get());
    auto opened = openListenSocket(socket);
    if (!opened) return failed(opened.error().text);
    discard(std::move(old));
    found->second.open = std::move(*opened);
  }
  if (found == entries_.end()) {
    auto opened = openListenSocket(socket);
    if (!opened) return failed(opened.error().text);
    logging::info("listening on {}", socket.url);
    found = entries_.emplace(socket.url, OpenListener{socket, std::move(*opened), 0}).first;
    closeSoon_.schedule();  // until it has a user
  } else if (!(found->second.settings == socket)) {
    auto& entry = found->second;
    if (auto dressed = dressListenSocket(entry.open.fd.get(), entry.open.file, socket); !dressed)
      return failed(dressed.error().text);
    entry.settings = socket;
  }
  auto copy = copyOf(found->second.open.fd.get());
  if (!copy) return failed(::strerrordesc_np(errno));
  ++found->second.users;
  return copy;
}

void Listeners::adopt(const config::ListenSocket& socket, int fd, const SocketFile& file) {
  auto found = entries_.find(socket.url);
  if (found == entries_.end()) {
    auto copy = copyOf(fd);
    if (!copy) logging::error("{}: too many open files to share it", socket.url);
    found = entries_
                .emplace(socket.url,
                         OpenListener{socket, {std::move(copy), file.inode != 0 ? file : socketFileOf(socket)}, 0})
                .first;
  }
  ++found->second.users;
}

void Listeners::discard(core::UniqueFd fd) noexcept {
  if (!fd) return;
  try {
    discarded_.push_back(std::move(fd));
    closeSoon_.schedule();
  } catch (const std::exception&) {
    // Without memory `fd` was not moved from, and is closed here.
  }
}

void Listeners::release(const std::string& url, core::UniqueFd fd) noexcept {
  discard(std::move(fd));
  const auto found = entries_.find(url);
  if (found != entries_.end() && --found->second.users == 0) closeSoon_.schedule();
}

SocketFile Listeners::fileOf(const std::string& url) const noexcept {
  const auto found = entries_.find(url);
  return found == entries_.end() ? SocketFile{} : found->second.open.file;
}

void Listeners::close(OpenListener& entry) noexcept {
  // Somebody else may have copies for a moment yet, as the manager: nobody listens any more nevertheless.
  if (entry.settings.kind != config::ListenSocket::Kind::Udp) {
    letReplace(entry.open.fd.get());
    ::shutdown(entry.open.fd.get(), SHUT_RD);
  }
  discard(std::move(entry.open.fd));
  removeSocketFile(entry.settings, entry.open.file);
  logging::attempt([&] { logging::info("no longer listening on {}", entry.settings.url); });
}

void Listeners::closeUnused() noexcept {
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (at->second.users > 0) {
      ++at;
      continue;
    }
    close(at->second);
    at = entries_.erase(at);
  }
  closeAside(std::exchange(discarded_, {}));
}

}  // namespace process
