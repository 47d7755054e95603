// SPDX-License-Identifier: MIT
#include "instance/process/context.hpp"

#include <unistd.h>

#include <algorithm>

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"

namespace process {
namespace {

std::vector<std::string> ownEnvironment() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; entry++) out.emplace_back(*entry);
  return out;
}

}  // namespace

Context::Context(core::EventLoop& l, output::Outlets& o, Settings s)
    : loop(l),
      outlets(o),
      settings(std::move(s)),
      deadlines(l),
      environment(ownEnvironment()),
      buffer_(new char[bufferSize]) {}
Context::~Context() = default;

void Context::unsubscribe(Observer& observer) noexcept {
  // The place stays while observers are being called: their loop counts places.
  std::replace(observers_.begin(), observers_.end(), &observer, static_cast<Observer*>(nullptr));
  if (depth_ == 0) std::erase(observers_, nullptr);
}

void Context::changed(Process& program, const StateChange& change) { notices_.emplace_back(Change{&program, change}); }
void Context::removed(std::unique_ptr<Group> group) { notices_.emplace_back(std::move(group)); }
void Context::removed(std::unique_ptr<Process> program) { notices_.emplace_back(std::move(program)); }

void Context::dispatch(const Notice& notice) {
  if (const auto* change = std::get_if<Change>(&notice))
    tell([&](Observer& o) { o.onStateChange(*change->program, change->what); });
  else if (const auto* group = std::get_if<std::unique_ptr<Group>>(&notice))
    tell([&](Observer& o) { o.onGroupRemoved(**group); });
  else if (const auto* program = std::get_if<std::unique_ptr<Process>>(&notice))
    tell([&](Observer& o) { o.onProcessRemoved(**program); });
}

void Context::drain() {
  if (notices_.empty()) return;
  depth_++;  // steps that observers take add to this queue
  while (!notices_.empty()) {
    const Notice notice = std::move(notices_.front());
    notices_.pop_front();
    dispatch(notice);
  }
  depth_--;
  std::erase(observers_, nullptr);
}

}  // namespace process
