// SPDX-License-Identifier: MIT
#include "instance/process/path_watcher.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>

#include "instance/process/watched_place.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

/// Between two bunches of events: what an editor does to save a file is in one of them.
constexpr core::milliseconds kReadPause{20};
/// Between two looks at everything, which follow lost events.
constexpr core::seconds kLookPause{1};
constexpr int kReadsOfABunch = 4;

}  // namespace

struct PathWatcher::Seen {
  int number;
  std::uint32_t mask;
  std::string_view name;
};

PathWatcher::Watch::Watch(std::shared_ptr<WatchedPlace> place, Listener& listener) noexcept
    : place_(std::move(place)), listener_(&listener) {}

PathWatcher::Watch::~Watch() {
  if (place_) place_->remove(*listener_);
}

std::string PathWatcher::Watch::mark() const { return place_->mark(); }
std::string PathWatcher::Watch::content() const { return place_->content(); }

PathWatcher::Use& PathWatcher::Use::operator=(Use&& other) noexcept {
  reset();
  watcher_ = other.watcher_;
  place_ = other.place_;
  ofTree_ = other.ofTree_;
  number_ = std::exchange(other.number_, -1);
  return *this;
}

void PathWatcher::Use::reset() noexcept {
  if (number_ >= 0) watcher_->drop(*place_, std::exchange(number_, -1), ofTree_);
}

PathWatcher::PathWatcher(core::EventLoop& loop)
    : watch_(loop, [this](std::uint32_t) { onReadable(); }),
      resume_(loop,
              [this] {
                if (inotify_) watch_.start(inotify_.get(), core::IoWatch::Read);
              }),
      work_(loop, [this] { work(); }) {}

PathWatcher::~PathWatcher() = default;

core::Status PathWatcher::open() {
  if (inotify_) return {};
  inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify_) {
    const int code = errno;
    return core::Err{core::Error{
        fmt::format("{}{}", ::strerrordesc_np(code),
                    code == EMFILE
                        ? " (the account has as many as fs.inotify.max_user_instances allows, or supervisord "
                          "has no descriptor left)"
                        : ""),
        code}};
  }
  watch_.start(inotify_.get(), core::IoWatch::Read);
  return {};
}

core::Status PathWatcher::watch(const std::string& path, const std::vector<std::string>& ignored, Listener& listener,
                                std::vector<Watch>& out) {
  if (auto opened = open(); !opened) return opened;
  catchUp();  // what happened before is not for the new listener
  auto& known = byKey_[Key(path, ignored)];
  auto place = known.lock();
  if (!place) {
    places_.reserve(places_.size() + 1);
    place = std::make_shared<WatchedPlace>(*this, path, ignored);
    places_.push_back(place.get());
    known = place;
  }
  out.reserve(out.size() + 1);
  place->add(listener);
  out.emplace_back(std::move(place), listener);
  return {};
}

void PathWatcher::forget(const WatchedPlace& place) noexcept {
  std::erase(places_, &place);
  std::erase_if(byKey_, [](const auto& known) { return known.second.expired(); });
  if (!places_.empty()) return;
  watch_.stop();
  resume_.disarm();
  work_.disarm();
  inotify_.reset();
  uses_.clear();
  lost_ = false;
}

core::Result<PathWatcher::Use, int> PathWatcher::add(WatchedPlace& place, const std::string& path, std::uint32_t mask,
                                                     const std::string* directory) {
  // What others ask of the same directory stays.
  const int number = ::inotify_add_watch(inotify_.get(), path.c_str(), mask | IN_MASK_ADD);
  if (number < 0) return core::Err{errno};
  auto& users = uses_[number];
  auto user = std::find_if(users.begin(), users.end(), [&](const User& one) { return one.place == &place; });
  if (user == users.end()) user = users.insert(users.end(), {&place, 0, nullptr});
  if (directory != nullptr && user->directory != nullptr) return core::Err{EEXIST};
  ++user->times;
  if (directory != nullptr) user->directory = directory;
  return Use(*this, place, number, directory != nullptr);
}

void PathWatcher::drop(const WatchedPlace& place, int number, bool ofTree) noexcept {
  const auto at = uses_.find(number);
  if (at == uses_.end()) return;
  auto& users = at->second;
  const auto user = std::find_if(users.begin(), users.end(), [&](const User& one) { return one.place == &place; });
  if (user == users.end()) return;
  if (ofTree) user->directory = nullptr;
  if (--user->times > 0) return;
  users.erase(user);
  if (!users.empty()) return;
  uses_.erase(at);
  if (inotify_) ::inotify_rm_watch(inotify_.get(), number);
}

bool PathWatcher::settled() const noexcept {
  return !lost_ && std::none_of(places_.begin(), places_.end(), [](const auto* place) { return place->busy(); });
}

/// One read; false: there was nothing.
bool PathWatcher::read() {
  alignas(inotify_event) std::array<char, 16384> events;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const auto size = ::read(inotify_.get(), events.data(), events.size());
  for (ssize_t at = 0; at < size;) {
    const auto* const event = reinterpret_cast<const inotify_event*>(events.data() + at);
    deliver({event->wd, event->mask, event->len > 0 ? std::string_view(event->name) : std::string_view()});
    at += static_cast<ssize_t>(sizeof *event + event->len);
  }
  return size > 0;
}

/// Users may leave while one of them hears of the event.
void PathWatcher::deliver(const Seen& seen) {
  if ((seen.mask & IN_Q_OVERFLOW) != 0) return lost();
  for (std::size_t i = 0;; ++i) {
    const auto at = uses_.find(seen.number);
    if (at == uses_.end() || i >= at->second.size()) break;
    const User user = at->second[i];
    user.place->onEvent({seen.number, seen.mask, seen.name, user.directory});
  }
  if ((seen.mask & IN_IGNORED) != 0) uses_.erase(seen.number);  // the kernel has removed it
}

/// Events are lost: anything may have changed.
void PathWatcher::lost() noexcept {
  lost_ = true;
  wake();
}

void PathWatcher::onReadable() {
  watch_.stop();
  resume_.armIn(kReadPause);
  catchUp();
  work();
}

void PathWatcher::catchUp() noexcept try {
  if (!inotify_) return;
  for (int i = 0; i < kReadsOfABunch && read();) ++i;
  for (auto* const place : places_) place->lookIfNeeded();
} catch (const std::exception&) {
  lost();
}

/// A piece of what is to do. The rest follows after what else is due.
void PathWatcher::work() {
  if (places_.empty()) return;
  const auto now = core::Clock::now();
  if (lost_ && now < lookedAgain_ + kLookPause) return work_.arm(lookedAgain_ + kLookPause);
  if (std::exchange(lost_, false)) {
    lookedAgain_ = now;
    for (auto* const place : places_) place->lookAgain();
  }
  WatchedPlace::Budget budget;
  for (auto* const place : places_) {
    try {
      place->work(budget);
    } catch (const std::exception&) {
      lost();
      throw;
    }
  }
  if (!settled()) wake();
}

}  // namespace process
