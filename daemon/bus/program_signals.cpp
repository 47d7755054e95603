// SPDX-License-Identifier: MIT
#include "daemon/bus/program_signals.hpp"

namespace bus {

ProgramSignals::ProgramSignals(core::EventLoop& loop, Emit emit)
    : emit_(std::move(emit)),
      soon_(loop, [this] { send(); }),
      later_(
          loop, [this] { send(); }, core::milliseconds(5)) {}

void ProgramSignals::add(const std::string& instance, const instances::ProgramStatus& program) {
  auto& waiting = waiting_[instance];
  if (waiting.size() >= kMostWaiting && !waiting.count(program.name)) return;
  waiting.insert_or_assign(program.name, program);
  if (!later_.armed()) soon_.schedule();
}

void ProgramSignals::forget(const std::string& instance) { waiting_.erase(instance); }

bool ProgramSignals::send() {
  // One signal an instance and turn, beginning behind the one whose turn was the last.
  auto at = waiting_.upper_bound(last_);
  std::size_t sent = 0;
  for (; sent < kMost && !waiting_.empty(); ++sent) {
    if (at == waiting_.end()) at = waiting_.begin();
    last_ = at->first;
    auto node = at->second.extract(at->second.begin());
    at = at->second.empty() ? waiting_.erase(at) : std::next(at);
    emit_(last_, node.mapped());
  }
  // With nothing sent there is no rate to keep, and nobody to wake for.
  if (sent > 0) later_.armIn(kPause);
  return !waiting_.empty();
}

}  // namespace bus
