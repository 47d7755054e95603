// SPDX-License-Identifier: MIT
#include "daemon/instances/turns.hpp"

#include <utility>

namespace instances {

Turns::Change::Change(Turns& turns, std::string name) : turns_(turns), name_(std::move(name)) {
  turns_.lines_[name_].change = this;
}

Turns::Change::~Change() {
  if (over_) return;
  turns_.lines_.find(name_)->second.change = nullptr;
  turns_.release(name_);
}

Turns::Removal::Removal(Turns& turns, std::string name) : turns_(turns), name_(std::move(name)) {
  turns_.lines_[name_].removal = this;
}

Turns::Removal::~Removal() {
  turns_.lines_.find(name_)->second.removal = nullptr;
  turns_.release(name_);
}

core::Task<std::unique_ptr<Turns::Change>> Turns::enter(std::string name) {
  const auto found = lines_.find(name);
  if (found != lines_.end()) {
    const auto& line = found->second;
    if (line.removal || (line.change && !line.change->checking_)) {
      const bool mine = co_await core::completes<bool>([this, &name](Call done) {
        auto& next = lines_[name].next;
        if (next) dismissed_.push_back(std::move(next));
        next = std::move(done);
        if (!dismissed_.empty()) wake_.schedule();
      });
      if (!mine) co_return nullptr;
    }
  }
  supersede(name);
  co_return std::make_unique<Change>(*this, std::move(name));
}

core::Task<std::unique_ptr<Turns::Removal>> Turns::enterRemoval(std::string name) {
  supersede(name);
  if (isLeaving(name)) {
    (void)co_await core::completes<bool>([this, &name](Call done) { lines_[name].removed.push_back(std::move(done)); });
    co_return nullptr;
  }
  co_return std::make_unique<Removal>(*this, std::move(name));
}

void Turns::supersede(const std::string& name) {
  const auto found = lines_.find(name);
  if (found == lines_.end()) return;
  auto& line = found->second;
  if (line.next) {
    dismissed_.push_back(std::move(line.next));
    wake_.schedule();
  }
  if (auto* const change = std::exchange(line.change, nullptr)) change->over_ = true;
  if (!line.removal) release(name);
}

bool Turns::isLeaving(const std::string& name) const {
  const auto found = lines_.find(name);
  return found != lines_.end() && found->second.removal;
}

/// Nothing is under way. Who waits is called from the loop: this may be a destructor, or deep in a runner's call.
void Turns::release(const std::string& name) noexcept {
  const auto found = lines_.find(name);
  if (found->second.next || !found->second.removed.empty())
    wake_.schedule();
  else
    lines_.erase(found);
}

void Turns::wake() {
  auto dismissed = std::exchange(dismissed_, {});
  std::vector<Call> ready;
  for (auto at = lines_.begin(); at != lines_.end();) {
    auto& [name, line] = *at;
    const bool free = !line.change && !line.removal;
    if (free) {
      for (auto& call : line.removed) ready.push_back(std::move(call));
      if (line.next) ready.push_back(std::move(line.next));
    }
    at = free ? lines_.erase(at) : std::next(at);
  }
  // Now everything is in order: whoever is called may begin anything.
  for (auto& call : dismissed) call(false);
  for (auto& call : ready) call(true);
}

}  // namespace instances
