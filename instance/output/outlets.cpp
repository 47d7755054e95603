// SPDX-License-Identifier: MIT
#include "instance/output/outlets.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "instance/output/open_target.hpp"
#include "instance/output/stream_outlet.hpp"
#include "instance/output/syslog.hpp"
#include "lib/core/log.hpp"

namespace output {

Outlets::Outlets(core::EventLoop& loop, std::string syslogSocket)
    : loop_(loop),
      syslogSocket_(std::move(syslogSocket)),
      done_(loop,
            [this] {
              limit_.disarm();
              if (!then_) return;
              then_();  // if it fails, the loop comes back
              then_ = nullptr;
            }),
      limit_(loop, [this] {
        if (const auto bytes = giveUp(); bytes > 0)
          logging::error("discarded {} bytes of output: their readers did not take them in time", bytes);
        done_.schedule();
      }) {}

/// Full outlets hold a reference to themselves, which giveUp() drops.
Outlets::~Outlets() { giveUp(); }

std::shared_ptr<Outlet> Outlets::stream(Target target) {
  auto& known = streams_[{target.facts.st_dev, target.facts.st_ino}];
  auto outlet = known.lock();
  if (outlet) return outlet;
  known = outlet = std::make_shared<StreamOutlet>(*this, std::move(target));
  std::erase_if(streams_, [](const auto& stream) { return stream.second.expired(); });
  return outlet;
}

std::shared_ptr<Outlet> Outlets::systemLog() {
  auto outlet = systemLog_.lock();
  if (!outlet) systemLog_ = outlet = std::make_shared<Syslog>(*this, "supervisord", syslogSocket_);
  return outlet;
}

void Outlets::save(std::vector<state::Unsent>& unsent, state::Outgoing& outgoing, Lanes owned) const {
  std::sort(owned.begin(), owned.end(), std::less<>());
  if (const auto outlet = systemLog_.lock()) outlet->save(unsent, owned);
  int fifos = 0;
  for (const auto& [identity, weak] : streams_) {
    const auto outlet = weak.lock();
    if (!outlet) continue;
    outlet->save(unsent, owned);
    if (outlet->keeper() >= 0) outgoing.add("fifo." + std::to_string(fifos++), outlet->keeper());
  }
}

void Outlets::restore(const std::vector<state::Unsent>& unsent) {
  if (std::exchange(restored_, true)) return;
  for (const auto& what : unsent) {
    if (what.path.empty()) {
      systemLog()->restore(what);
      continue;
    }
    auto target = openTarget(what.path);
    if (target)
      stream(std::move(*target))->restore(what);
    else
      logging::error("{}: {} bytes were lost: {}", what.name, what.bytes.size(), target.error().text);
  }
}

bool Outlets::idle() const noexcept {
  const auto busy = [](const std::weak_ptr<Outlet>& weak) {
    const auto outlet = weak.lock();
    return outlet && !outlet->idle();
  };
  return !busy(systemLog_) &&
         std::none_of(streams_.begin(), streams_.end(), [&](const auto& stream) { return busy(stream.second); });
}

void Outlets::settle(core::Duration limit, std::function<void()> then) {
  then_ = std::move(then);
  limit_.armIn(limit);
  settled();
}

void Outlets::settled() noexcept {
  if (then_ && idle()) done_.schedule();
}

std::size_t Outlets::giveUp() noexcept {
  std::size_t bytes = 0;
  if (const auto outlet = systemLog_.lock()) bytes += outlet->giveUp();
  // By the key: what is written meanwhile may reopen a log, and add a stream or remove some.
  for (auto stream = streams_.begin(); stream != streams_.end();) {
    const auto identity = stream->first;
    if (const auto outlet = stream->second.lock()) bytes += outlet->giveUp();
    stream = streams_.upper_bound(identity);
  }
  return bytes;
}

}  // namespace output
