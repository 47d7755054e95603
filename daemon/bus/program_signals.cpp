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

void ProgramSignals::forget(const std::string& instance) { waiting_.erase(instance); }

bool ProgramSignals::send() {
  if (!waiting_.empty() && room_ && !room_()) {
    later_.armIn(kPause);
    return true;
  }
  // Each instance sends one signal per turn, from the one after the last turn's: an instance with thousands of changes
  // does not delay another's first.
  auto at = waiting_.upper_bound(last_);
  std::size_t sent = 0;
  for (; sent < kMost && !waiting_.empty(); ++sent) {
    if (at == waiting_.end()) at = waiting_.begin();
    last_ = at->first;
    auto node = at->second.extract(at->second.begin());
    at = at->second.empty() ? waiting_.erase(at) : std::next(at);
    emit_(last_, node.mapped());
  }
  // If nothing was sent, a pause would only cause a wake-up of an idle manager.
  if (sent > 0) later_.armIn(kPause);
  return !waiting_.empty();
}

}  // namespace bus
