// SPDX-License-Identifier: MIT
#include "daemon/bus/program_signals.hpp"

namespace bus {

ProgramSignals::ProgramSignals(core::EventLoop& loop, Emit emit, Room room)
    : emit_(std::move(emit)),
      room_(std::move(room)),
      soon_(loop, [this] { send(); }),
      later_(
          // A slack of 5 ms lets the kernel combine this wake-up with others; nobody notices it after a pause of 50 ms.
          loop, [this] { send(); }, core::milliseconds(5)) {}

void ProgramSignals::add(const std::string& instance, const instances::ProgramStatus& program) {
  auto& waiting = waiting_[instance];
  if (waiting.size() >= kMostWaiting && !waiting.count(program.name)) return;
  waiting.insert_or_assign(program.name, program);
  if (!later_.armed()) soon_.schedule();
}

void ProgramSignals::forget(const std::string& instance) {
  waiting_.erase(instance);
  shares_.erase(instance);
}

core::Budget& ProgramSignals::shareOf(const std::string& instance, core::Instant now) {
  return shares_.try_emplace(instance, kShare, kSharePerSecond, now).first->second;
}

bool ProgramSignals::send() {
  if (!waiting_.empty() && room_ && !room_()) {
    later_.armIn(kPause);
    return true;
  }
  // Each instance sends one signal per turn, from the one after the last turn's: an instance with thousands of changes
  // does not delay another's first.
  const auto now = core::Clock::now();
  auto at = waiting_.upper_bound(last_);
  std::size_t sent = 0;
  std::size_t passedOver = 0;  // in a row, since they have used up their share
  while (sent < kMost && passedOver < waiting_.size()) {
    if (at == waiting_.end()) at = waiting_.begin();
    last_ = at->first;
    auto& share = shareOf(last_, now);
    if (share.isEmpty(now)) {
      ++passedOver;
      ++at;
      continue;
    }
    share.spend(1, now);
    passedOver = 0;
    ++sent;
    auto node = at->second.extract(at->second.begin());
    at = at->second.empty() ? waiting_.erase(at) : std::next(at);
    emit_(last_, node.mapped());
  }
  // If nothing was sent and nothing waits, a pause would only cause a wake-up of an idle manager.
  if (sent > 0 || !waiting_.empty()) later_.armIn(kPause);
  return !waiting_.empty();
}

}  // namespace bus
