// SPDX-License-Identifier: MIT
#include "daemon/instances/descriptor_store.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "daemon/instances/helper_child.hpp"
#include "lib/core/let_go.hpp"

namespace instances {
namespace {

constexpr off_t kMemoryLimit = 64 * 1024 * 1024;
constexpr std::size_t kNameLimit = 200;
/// Descriptors of an instance that may wait to be closed. Those of 1,000 programs that end together do not show a
/// descriptor that holds up the rest.
constexpr std::size_t kMostDoomed = 4096;

/// The device of a descriptor; 0: none.
dev_t deviceOf(int fd) noexcept {
  struct stat info {};
  return fd >= 0 && ::fstat(fd, &info) == 0 ? info.st_dev : 0;
}

dev_t pipeDevice() noexcept {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return 0;
  const core::UniqueFd first(ends[0]), second(ends[1]);
  return deviceOf(first.get());
}

dev_t memoryDevice() noexcept {
  const core::UniqueFd own(::memfd_create("own", MFD_CLOEXEC));
  return deviceOf(own.get());
}

/// The kernel writes the name of a pipe without asking a file system, and that of a file is a path.
bool isNamedPipeOnly(int fd) noexcept {
  std::array<char, 32> path{};
  std::array<char, 6> name{};
  (void)::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fd);
  const auto size = ::readlink(path.data(), name.data(), name.size());
  return size == static_cast<ssize_t>(name.size()) && std::string_view(name.data(), name.size()) == "pipe:[";
}

bool isMemory(int fd) noexcept {
  const int seals = ::fcntl(fd, F_GET_SEALS);  // other files have none, and are not asked
  if (seals < 0 || (seals & F_SEAL_GROW) == 0 || (seals & F_SEAL_SHRINK) == 0) return false;
  static dev_t own = 0;  // of all memfds; without descriptors it is not known, and asked for again
  if (own == 0) own = memoryDevice();
  struct stat info {};
  return ::fstat(fd, &info) == 0 && own != 0 && info.st_dev == own && info.st_size <= kMemoryLimit;
}

bool isPipe(int fd) noexcept {
  if (!isNamedPipeOnly(fd)) return false;
  static dev_t own = 0;
  if (own == 0) own = pipeDevice();
  return own != 0 && deviceOf(fd) == own;
}

/// It takes less than a millisecond, unless the owner holds it up.
constexpr unsigned kLetGoSeconds = 10;

int optionOf(int fd, int option) noexcept {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

/// A socket of a program that is started when somebody connects. No file system is asked.
bool isOpenToClients(int fd) noexcept {
  const int family = optionOf(fd, SO_DOMAIN), type = optionOf(fd, SO_TYPE);
  const bool inet = family == AF_INET || family == AF_INET6;
  if (type == SOCK_DGRAM) return inet;
  return type == SOCK_STREAM && (inet || family == AF_UNIX) && optionOf(fd, SO_ACCEPTCONN) > 0;
}

}  // namespace

DescriptorKind kindOf(int fd) noexcept {
  if (isPipe(fd) || isOpenToClients(fd)) return DescriptorKind::Pipe;
  return isMemory(fd) ? DescriptorKind::Memory : DescriptorKind::Refused;
}

bool isDescriptorName(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kNameLimit &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~' && c != ':'; });
}

DescriptorStore::DescriptorStore(DescriptorStores& all, std::string instance)
    : all_(all),
      instance_(std::move(instance)),
      pipes_(all.loop_, all.reaper_, all.held_, &all),
      memories_(all.loop_, all.reaper_, all.held_, &all) {}

/// One that waits to be closed still has its place: an owner whose pipes cannot be closed gets no others.
bool DescriptorStore::hasRoom(DescriptorKind kind) const noexcept {
  const auto half = all_.limits_.total / 2;
  if (all_.held_ >= all_.limits_.total) return false;
  if (all_.held_ >= half && kept_.size() + waiting() >= half / all_.stores_.size()) return false;
  if (kind == DescriptorKind::Memory)
    return memory_ < all_.limits_.memory && memories_.waiting() <= all_.limits_.memory;
  return kept_.size() - memory_ + pipes_.waiting() < all_.limits_.pipes;
}

bool DescriptorStore::isJammed() const noexcept {
  const auto half = all_.limits_.total / 2;
  const auto part = all_.held_ < half ? kMostDoomed : std::min(kMostDoomed, half / all_.stores_.size());
  return waiting() > part;
}

void DescriptorStore::close(core::UniqueFd fd, DescriptorKind kind) {
  (kind == DescriptorKind::Memory ? memories_ : pipes_).close(std::move(fd));
}

DescriptorStore::Kept DescriptorStore::keep(std::string_view name, core::UniqueFd fd, DescriptorKind kind) {
  if (const auto before = kept_.find(name); before != kept_.end()) take(before);
  if (!hasRoom(kind)) {
    close(std::move(fd), kind);
    return Kept::Full;
  }
  const auto at = kept_.emplace(name, Item{std::move(fd), kind, false}).first;
  memory_ += kind == DescriptorKind::Memory ? 1 : 0;
  ++all_.held_;
  if (all_.listener_) all_.listener_->kept(instance_, at->first);
  return Kept::Yes;
}

/// Takes one out and has it closed; returns the next.
DescriptorStore::Items::iterator DescriptorStore::take(Items::iterator at) {
  if (all_.listener_) all_.listener_->dropped(instance_, at->first);
  close(std::move(at->second.fd), at->second.kind);
  memory_ -= at->second.kind == DescriptorKind::Memory ? 1 : 0;
  --all_.held_;
  return kept_.erase(at);
}

bool DescriptorStore::remove(std::string_view name) {
  const auto at = kept_.find(name);
  if (at == kept_.end()) return false;
  take(at);
  return true;
}

/// A supervisord that was killed did not give its addresses up, and our copies would hold them. In a helper: each call
/// waits while the owner is in the middle of one with the same socket.
void DescriptorStore::letGo() {
  std::vector<int> sockets;
  for (const auto& [name, item] : kept_)
    if (isOpenToClients(item.fd.get())) sockets.push_back(item.fd.get());
  if (sockets.empty()) return;
  const pid_t pid = forkHelper(sockets, kLetGoSeconds, [&sockets] {
    for (const int fd : sockets) core::letGo(fd);
  });
  if (pid > 0) all_.reaper_.watch(pid, [](int) {});
}

void DescriptorStore::drop() {
  for (auto at = kept_.begin(); at != kept_.end();) at = take(at);
}

void DescriptorStore::expectAll() noexcept {
  for (auto& [name, item] : kept_) item.old = true;
}

void DescriptorStore::confirmed() {
  for (auto at = kept_.begin(); at != kept_.end();) at = at->second.old ? take(at) : std::next(at);
}

int DescriptorStore::find(std::string_view name) const {
  const auto found = kept_.find(name);
  return found == kept_.end() ? -1 : found->second.fd.get();
}

DescriptorStore::Borrowed DescriptorStore::list() const {
  Borrowed out;
  out.reserve(kept_.size());
  for (const auto& [name, item] : kept_) out.emplace_back(name, item.fd.get());
  return out;
}

DescriptorStores::~DescriptorStores() {
  listener_ = nullptr;
  for (const auto& [name, store] : stores_) store->drop();
}

bool DescriptorStores::pass(int until) { return !listener_ || listener_->pass(until); }

DescriptorStore& DescriptorStores::of(const std::string& instance) {
  auto& store = stores_[instance];
  if (!store) store.reset(new DescriptorStore(*this, instance));
  return *store;
}

const DescriptorStore* DescriptorStores::find(const std::string& instance) const {
  const auto found = stores_.find(instance);
  return found == stores_.end() ? nullptr : found->second.get();
}

void DescriptorStores::addDoomed(std::vector<int>& fds) const {
  for (const auto& [name, store] : stores_) {
    store->pipes_.addTo(fds);
    store->memories_.addTo(fds);
  }
}

void DescriptorStores::drop(const std::string& instance) {
  const auto found = stores_.find(instance);
  if (found == stores_.end()) return;
  found->second->letGo();
  found->second->drop();
}

std::vector<std::string> DescriptorStores::instances() const {
  std::vector<std::string> out;
  for (const auto& [name, store] : stores_)
    if (store->size() > 0) out.push_back(name);
  return out;
}

}  // namespace instances
