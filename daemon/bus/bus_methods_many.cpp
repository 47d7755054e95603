// SPDX-License-Identifier: MIT
// The methods for several instances in one call.
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <unordered_set>

#include "daemon/bus/bus_methods.hpp"

namespace bus {

namespace {

/// Repeated names count, so that this bounds the sorting and the reply about unknown ones.
constexpr std::size_t kMostNames = 10000;
/// Operations at the same time: a call for thousands of instances must not start thousands of processes together.
constexpr std::size_t kSideBySide = 32;

CallError tooMany(std::size_t names) {
  return {kLimitsExceeded, fmt::format("{} names are more than the {} that one call may have", names, kMostNames)};
}

/// The free places for operations of one call.
class SideBySide {
 public:
  /// Waits until a place is free and takes it. One waiter at a time.
  core::Task<> enter() {
    if (free_ == 0)
      co_await core::completes<bool>([this](core::Completion<bool> freed) { waiting_ = std::move(freed); });
    --free_;
  }
  /// Resumes the waiter, if there is one, before it returns.
  void leave() {
    ++free_;
    if (waiting_) waiting_(true);
  }

 private:
  std::size_t free_ = kSideBySide;
  core::Completion<bool> waiting_;
};

void set(OutcomeList::value_type& row, const CallError& error) {
  std::get<1>(row) = error.name;
  std::get<2>(row) = error.message;
}

/// One operation of many, from its start to its row in the reply. Whatever happens, its place becomes free.
core::Task<> runOne(core::Task<CallResult<>> operation, OutcomeList::value_type* row, SideBySide* places) {
  std::exception_ptr failure;
  try {
    auto guarded = withoutExceptions(std::move(operation));
    const auto outcome = co_await guarded;
    if (!outcome) set(*row, outcome.error());
  } catch (...) {
    failure = std::current_exception();
  }
  places->leave();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

/// The names are authorized one after the other, so that a user has at most one question of polkit to answer at a time;
/// what is already authorized runs meanwhile.
core::Task<CallResult<OutcomeList>> BusMethods::runMany(Caller caller, Verb verb, Operation operation,
                                                        std::vector<std::string> names) {
  if (names.size() > kMostNames) co_return core::Err{tooMany(names.size())};
  OutcomeList outcomes;
  std::unordered_set<std::string> taken;
  for (const auto& name : names)
    if (taken.insert(name).second) outcomes.emplace_back(name, std::string(), std::string());
  Place place;
  SideBySide places;
  core::Join running;
  std::exception_ptr failure;
  try {
    for (auto& row : outcomes) {
      co_await places.enter();
      const std::string name = std::get<0>(row);
      auto authorising = authorise(caller, verb, name, place);
      const auto allowed = co_await authorising;
      if (allowed) {
        place = *allowed;
        running.run(runOne(operate(operation, name), &row, &places));
      } else {
        set(row, allowed.error());
        places.leave();
      }
    }
  } catch (...) {
    failure = std::current_exception();
  }
  // Also after a failure: the operations write to the rows, and one of them may be the one that resumed this loop.
  co_await running;
  if (failure) std::rethrow_exception(failure);
  co_return outcomes;
}

/// All names are authorized before the first instance is changed.
core::Task<CallResult<std::vector<std::string>>> BusMethods::enableMany(Caller caller, std::vector<std::string> names,
                                                                        bool enabled) {
  if (names.size() > kMostNames) co_return core::Err{tooMany(names.size())};
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  // An unknown name is reported before polkit asks anybody about the others.
  for (const auto& name : names)
    if (!manager_.get(name)) co_return core::Err{noSuchInstance(name)};
  Place place;
  for (const auto& name : names) {
    auto authorising = authorise(caller, enabled ? Verb::Enable : Verb::Disable, name, place);
    const auto allowed = co_await authorising;
    if (!allowed) co_return core::Err{allowed.error()};
    place = *allowed;
  }
  std::vector<std::string> changed;
  for (const auto& name : names) {
    const auto outcome = manager_.setEnabled(name, enabled);
    if (!outcome) co_return core::Err{toCallError(outcome.error())};
    if (*outcome) changed.push_back(name);
  }
  co_return changed;
}

}  // namespace bus
