// SPDX-License-Identifier: MIT
#include "instance/process/listeners.hpp"

#include <fcntl.h>

#include <cerrno>
#include <exception>
#include <utility>

#include <fmt/core.h>

#include "instance/process/last_close.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

core::UniqueFd copyOf(int fd) noexcept { return core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

}  // namespace

Listeners::Listeners(core::EventLoop& loop) : closeSoon_(loop, [this] { closeUnused(); }) {}

Listeners::~Listeners() {
  for (auto& [url, entry] : entries_) entry.users = 0;
  closeUnused();
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
    letGoAside({old.get()});
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
  discard(std::move(entry.open.fd));
  removeSocketFile(entry.settings, entry.open.file);
  logging::attempt([&] { logging::info("no longer listening on {}", entry.settings.url); });
}

/// Somebody else may have copies for a moment yet, as the manager: nobody listens any more nevertheless.
void Listeners::letGoOfUnused() noexcept try {
  std::vector<int> unused;
  for (const auto& [url, entry] : entries_)
    if (entry.users == 0 && entry.open.fd) unused.push_back(entry.open.fd.get());
  letGoAside(std::move(unused));
} catch (const std::exception&) {
  // Without memory the address is free when the last copy is closed.
}

void Listeners::closeUnused() noexcept {
  letGoOfUnused();
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
