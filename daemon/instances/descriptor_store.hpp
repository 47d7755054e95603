// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/instances/slow_closer.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/reaper.hpp"
#include "lib/core/unique_fd.hpp"

namespace instances {

/// What an owner may let the manager keep, and `Refused` for everything else.
enum class DescriptorKind { Pipe, Memory, Refused };
/// Looks at `fd` without asking a file system: one of an owner's may never answer. A pipe is one that pipe() makes, and
/// in its place a socket that listens for connections, or one for datagrams of UDP; memory is a memfd that can neither
/// grow nor shrink, of at most 64 MiB.
[[nodiscard]] DescriptorKind kindOf(int fd) noexcept;
/// 1 to 200 printable characters of ASCII without ':', as systemd has the names of descriptors.
[[nodiscard]] bool isDescriptorName(std::string_view name) noexcept;

/// How much may be kept. An instance has three pipes for each of 4,096 programs, and some for itself. Once half of the
/// total is used, each instance can only have an equal part of the other half: none can use up what others need.
struct DescriptorLimits {
  std::size_t pipes = 3 * 4096 + 16;  ///< of one instance
  std::size_t memory = 4;             ///< memfds of one instance, and as many that are to be closed
  std::size_t total = 65'536;         ///< of all instances; also those that are still to be closed count
};

/// Descriptors that the manager keeps for one instance, so that they outlive its supervisord: its ends of the pipes of
/// its programs, and the memfd "state" of its journal. They are never read or written here. One that is replaced or
/// dropped is closed by a helper, since the close can be slow.
class DescriptorStore {
 public:
  enum class Kept { Yes, Full };
  using Borrowed = std::vector<std::pair<std::string, int>>;

  /// Keeps `fd`, in the place of an earlier one of that name. Full: it is closed.
  Kept keep(std::string_view name, core::UniqueFd fd, DescriptorKind kind);
  /// Drops one; false if there is none of that name.
  bool remove(std::string_view name);
  /// Drops all: of an instance that ended in an orderly way, or whose programs start again.
  void drop();
  /// Until confirmed(), those that are not kept again count as old: for the first message of all that an instance sends
  /// to a new manager.
  void expectAll() noexcept;
  /// All have been sent: drops those that are still old.
  void confirmed();
  /// Closes in a helper what came from the owner and is not kept.
  void close(core::UniqueFd fd, DescriptorKind kind);
  /// Whether so many wait to be closed that no others may be received: what holds up the helper makes them pile up.
  [[nodiscard]] bool isJammed() const noexcept;

  [[nodiscard]] bool has(std::string_view name) const { return kept_.find(name) != kept_.end(); }
  /// -1 if there is none of that name. It stays the store's.
  [[nodiscard]] int find(std::string_view name) const;
  /// All, by name; the descriptors stay the store's, and are valid until it changes.
  [[nodiscard]] Borrowed list() const;
  [[nodiscard]] std::size_t size() const noexcept { return kept_.size(); }

 private:
  friend class DescriptorStores;
  struct Item {
    core::UniqueFd fd;
    DescriptorKind kind = DescriptorKind::Pipe;
    bool old = false;
  };
  using Items = std::map<std::string, Item, std::less<>>;

  DescriptorStore(class DescriptorStores& all, std::string instance);
  [[nodiscard]] bool hasRoom(DescriptorKind kind) const noexcept;
  [[nodiscard]] std::size_t waiting() const noexcept { return pipes_.waiting() + memories_.waiting(); }
  void letGo();
  Items::iterator take(Items::iterator at);

  DescriptorStores& all_;
  std::string instance_;
  Items kept_;
  std::size_t memory_ = 0;  ///< memfds among them
  SlowCloser pipes_;
  SlowCloser memories_;  ///< apart: what holds up a pipe must not make memory pile up
};

/// The stores of all instances. Outlives the runners; an instance that never kept anything uses no memory.
class DescriptorStores final : private OtherHolder {
 public:
  /// Hears of each descriptor, right after it is kept and right before it is dropped. What is dropped is closed here
  /// after the listener's copy.
  class Listener : public OtherHolder {
   public:
    virtual void kept(const std::string& instance, const std::string& name) = 0;
    virtual void dropped(const std::string& instance, const std::string& name) = 0;
  };

  DescriptorStores(core::EventLoop& loop, core::Reaper& reaper) : loop_(loop), reaper_(reaper) {}
  /// Closes everything, without telling the listener.
  ~DescriptorStores() override;
  void setLimits(const DescriptorLimits& limits) noexcept { limits_ = limits; }
  void setListener(Listener* listener) noexcept { listener_ = listener; }

  /// The store of an instance, made when it is first asked for; valid as long as this.
  [[nodiscard]] DescriptorStore& of(const std::string& instance);
  /// Null if it was never asked for.
  [[nodiscard]] const DescriptorStore* find(const std::string& instance) const;
  /// Adds the descriptors that are still to be closed: an exec would close them (see holdOverExec).
  void addDoomed(std::vector<int>& fds) const;
  /// Drops what is kept for an instance, if anything is: nothing of it runs any more. Its sockets are given up first.
  void drop(const std::string& instance);
  /// Those that keep something.
  [[nodiscard]] std::vector<std::string> instances() const;
  /// Descriptors of all of them, with those that are still to be closed.
  [[nodiscard]] std::size_t total() const noexcept { return held_; }

 private:
  friend class DescriptorStore;
  bool pass(int until) override;

  core::EventLoop& loop_;
  core::Reaper& reaper_;
  DescriptorLimits limits_;
  Listener* listener_ = nullptr;
  std::size_t held_ = 0;
  std::map<std::string, std::unique_ptr<DescriptorStore>> stores_;
};

}  // namespace instances
