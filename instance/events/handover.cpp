// SPDX-License-Identifier: MIT
// Events in the hands of a successor: what it gets of the pools, listeners and ticks, and how it continues with that.
#include "instance/events/handover.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/events/listener.hpp"
#include "instance/events/service.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/state/state.hpp"
#include "lib/core/log.hpp"
#include "lib/core/terminal_text.hpp"

namespace events {
namespace {

using Serials = std::set<std::uint64_t>;

/// A name from the state, for a message: the state may be damaged.
std::string named(std::string_view name) { return core::printable(name); }

core::Err<core::Error> unusable(std::string text) {
  return core::Err{core::Error{"the state of the events cannot be used: " + std::move(text), 0}};
}

core::Expected<Serials> checkEvents(const state::Events& saved) {
  Serials serials;
  for (const auto& event : saved.events) {
    if (!typeOf(event.type))
      return unusable(fmt::format("event {} has the unknown type '{}'", event.serial, named(event.type)));
    if (!serials.insert(event.serial).second)
      return unusable(fmt::format("there are two events with the serial {}", event.serial));
  }
  return serials;
}

core::Status checkPool(const state::Pool& pool, const Serials& serials) {
  for (const auto& delivery : pool.queue)
    if (serials.count(delivery.serial) == 0)
      return unusable(
          fmt::format("pool '{}' waits with event {}, which is missing", named(pool.group), delivery.serial));
  if (pool.pause < 0) return unusable(fmt::format("pool '{}' pauses for {} ns", named(pool.group), pool.pause));
  return {};
}

bool isState(int number) {
  constexpr std::array known{ListenerState::Ready, ListenerState::Busy, ListenerState::Acknowledged,
                             ListenerState::Unknown};
  return std::any_of(known.begin(), known.end(), [=](auto one) { return static_cast<int>(one) == number; });
}

/// Whether the bytes that are kept can be those of a conversation in that state.
bool isSound(const state::Listener& listener) {
  constexpr std::size_t readyLength = 6;
  const std::size_t kept = listener.pending.size();
  switch (static_cast<ListenerState>(listener.protocol)) {
    case ListenerState::Acknowledged: return kept < readyLength && !listener.length && !listener.current;
    case ListenerState::Busy:
      if (!listener.length) return kept <= ListenerProtocol::kMaxLine;
      return *listener.length <= ListenerProtocol::kMaxResult && kept <= *listener.length;
    default: return kept == 0 && !listener.length && !listener.current;
  }
}

core::Status checkListener(const state::Listener& listener, const Serials& serials) {
  const auto refuse = [&](const std::string& why) {
    return unusable(fmt::format("listener '{}:{}' {}", named(listener.group), named(listener.name), why));
  };
  if (!isState(listener.protocol)) return refuse(fmt::format("is in the unknown state {}", listener.protocol));
  if (!isSound(listener)) return refuse("has an answer that does not fit its state");
  if (listener.current && serials.count(listener.current->serial) == 0)
    return refuse(fmt::format("works on event {}, which is missing", listener.current->serial));
  if (listener.backOff < 0 || listener.backOff > BackOff::kLongest.count())
    return refuse(fmt::format("waits {} s for its restart", listener.backOff));
  return {};
}

EventPtr fromState(const state::Event& saved) {
  Event event{*typeOf(saved.type), saved.payload, saved.details, std::nullopt, saved.serial};
  if (saved.sourceGroup) event.source = Source{saved.sourceProcess, *saved.sourceGroup};
  return std::make_shared<Event>(std::move(event));
}

}  // namespace

core::Status check(const state::Events& saved) {
  const auto serials = checkEvents(saved);
  if (!serials) return core::Err{serials.error()};
  for (const auto& pool : saved.pools)
    if (auto good = checkPool(pool, *serials); !good) return good;
  for (const auto& listener : saved.listeners)
    if (auto good = checkListener(listener, *serials); !good) return good;
  return {};
}

state::Event toState(const Event& event) {
  state::Event saved{event.serial.value_or(0), std::string(toText(event.type)), event.payload, event.details, {}, {}};
  if (event.source) {
    saved.sourceGroup = event.source->group;
    saved.sourceProcess = event.source->process;
  }
  return saved;
}

void ListenerProtocol::save(state::Listener& saved) const {
  saved.protocol = static_cast<int>(state_);
  saved.pending = pending_;
  saved.length = length_;
}

void ListenerProtocol::restore(const state::Listener& saved) {
  state_ = static_cast<ListenerState>(saved.protocol);
  pending_ = saved.pending;
  length_.reset();
  if (saved.length) length_ = static_cast<std::size_t>(*saved.length);
}

void Pool::Member::save(state::Listener& saved) const {
  protocol_.save(saved);
  if (current_) saved.current = state::Delivery{*current_->event->serial, current_->poolSerial};
  saved.processed = processed_;
}

void Pool::Member::restore(const state::Listener& saved, const EventsBySerial& events) {
  protocol_.restore(saved);
  current_.reset();
  if (saved.current) current_ = Delivery{events.at(saved.current->serial), saved.current->poolSerial};
  processed_ = saved.processed;
}

state::Pool Pool::save() const {
  state::Pool saved;
  saved.group = name_;
  for (const auto& delivery : queue_) saved.queue.push_back({*delivery.event->serial, delivery.poolSerial});
  saved.nextSerial = nextSerial_;
  saved.dropped = dropped_;
  saved.pause = pause_.count();
  saved.pausedUntil = pausedUntil_;
  return saved;
}

void Pool::collect(EventsBySerial& events) const {
  for (const auto& delivery : queue_) events.emplace(*delivery.event->serial, delivery.event);
  for (const auto& member : members_)
    if (member->current_) events.emplace(*member->current_->event->serial, member->current_->event);
}

void Pool::restore(const state::Pool& saved, const EventsBySerial& events) {
  queue_.clear();
  nextSerial_ = saved.nextSerial;
  dropped_ = saved.dropped;
  for (const auto& delivery : saved.queue) {
    makeRoom();
    queue_.push_back({events.at(delivery.serial), delivery.poolSerial});
  }
  pause_ = core::Duration{saved.pause};
  pausedUntil_ = saved.pausedUntil;
}

state::Listener Listener::save() const {
  state::Listener saved;
  saved.group = pool_.name();
  saved.name = program_.name();
  member_.save(saved);
  if (timer_.armed()) saved.restartDue = restartDue_;
  saved.backOff = backOff_.last().count();
  saved.restarting = restarting_;
  return saved;
}

void Listener::restore(const state::Listener& saved, const EventsBySerial& events) {
  member_.restore(saved, events);
  backOff_.restore(core::seconds(saved.backOff));
  restarting_ = saved.restarting;
  if (!saved.restartDue) return;
  restartDue_ = *saved.restartDue;
  timer_.arm(restartDue_);
}

state::Events Service::save() const {
  state::Events saved;
  saved.nextSerial = shared_.nextSerial;
  saved.delivered = shared_.delivered;
  saved.ticks = ticks_.slices();
  EventsBySerial events;
  for (const auto& [group, pool] : pools_) {
    pool->collect(events);
    saved.pools.push_back(pool->save());
    for (const auto& program : group->processes())
      if (const auto* const listener = find(*program)) saved.listeners.push_back(listener->save());
  }
  for (const auto& [serial, event] : events) saved.events.push_back(toState(*event));
  return saved;
}

core::Status Service::restore(const state::Events& saved) {
  if (auto good = check(saved); !good) return good;
  shared_.nextSerial = saved.nextSerial;
  shared_.delivered = saved.delivered;
  EventsBySerial events;
  for (const auto& event : saved.events) events.emplace(event.serial, fromState(event));
  for (const auto& pool : saved.pools) restorePool(pool, events);
  for (const auto& listener : saved.listeners) restoreListener(listener, events);
  ticks_.restore(saved.ticks);
  restoring_ = false;
  poolsChanged();  // a tick that fell meanwhile is due now
  scheduleDispatch();
  return {};
}

void Service::restorePool(const state::Pool& saved, const EventsBySerial& events) {
  const auto found = std::find_if(pools_.begin(), pools_.end(),
                                  [&](const auto& entry) { return entry.second->name() == saved.group; });
  if (found != pools_.end()) return found->second->restore(saved, events);
  logging::error("discarded {} events of pool {}: there is no such group any more", saved.queue.size(),
                 named(saved.group));
}

void Service::restoreListener(const state::Listener& saved, const EventsBySerial& events) {
  const process::Process* const program = table_.find(saved.group, saved.name);
  const auto found = listeners_.find(program);
  if (found != listeners_.end()) return found->second->restore(saved, events);
  logging::error("discarded the conversation with {}:{}: there is no such listener any more", named(saved.group),
                 named(saved.name));
}

}  // namespace events
