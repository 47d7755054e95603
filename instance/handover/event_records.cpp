// SPDX-License-Identifier: MIT
#include "instance/handover/event_records.hpp"

#include "instance/events/service.hpp"
#include "instance/state/state.hpp"
#include "instance/state/text.hpp"
#include "lib/core/fnv.hpp"

namespace handover {
namespace {

std::string headOfRecord(const state::Events& /*events*/) { return "events"; }
template <class Record>
std::string headOfRecord(const Record& record) {
  return state::headOf(record);
}

}  // namespace

template <class Record>
void EventRecords::appendIfNew(std::string& out, const Record& record) {
  const auto before = out.size();
  state::append(out, record);
  auto& hash = last_[headOfRecord(record)];
  core::Fnv1a now;
  now.add(std::string_view(out).substr(before));
  if (hash == now.value()) out.resize(before);
  hash = now.value();
}

void EventRecords::append(std::string& out) {
  if (service_.revision() == revision_) return;
  const auto events = service_.save();
  std::set<std::uint64_t> serials;
  for (const auto& event : events.events) {
    serials.insert(event.serial);
    if (events_.count(event.serial) == 0) state::append(out, event);
  }
  for (const auto& pool : events.pools) appendIfNew(out, pool);
  for (const auto& listener : events.listeners) appendIfNew(out, listener);
  appendIfNew(out, events);
  for (const auto serial : events_)
    if (serials.count(serial) == 0) state::appendGone(out, "event", std::to_string(serial));
  events_ = std::move(serials);
  revision_ = service_.revision();
}

void EventRecords::begin(const state::State& state) {
  events_.clear();
  last_.clear();
  for (const auto& event : state.events.events) events_.insert(event.serial);
  std::string unused;
  for (const auto& pool : state.events.pools) appendIfNew(unused, pool);
  for (const auto& listener : state.events.listeners) appendIfNew(unused, listener);
  appendIfNew(unused, state.events);
  revision_ = service_.revision();
}

}  // namespace handover
