// SPDX-License-Identifier: MIT
#include "daemon/bus/bulk.hpp"

#include <fmt/format.h>

#include <utility>

namespace bus {

Bulk::Bulk(core::TaskScope& calls, Authorizer& authorizer, instances::Manager& manager, Operation operation,
           Request pattern, std::vector<std::string> names, std::shared_ptr<Reply<OutcomeList>> reply)
    : calls_(calls),
      authorizer_(authorizer),
      manager_(manager),
      operation_(operation),
      pattern_(std::move(pattern)),
      reply_(std::move(reply)) {
  outcomes_.reserve(names.size());
  for (auto& name : names) outcomes_.emplace_back(std::move(name), std::string(), std::string());
}

/// What ends at once calls this from within: the outer round goes on with the next name, so that the stack stays flat.
void Bulk::pump() {
  if (std::exchange(pumping_, true)) return;
  const auto keep = shared_from_this();
  while (next_ < outcomes_.size() && running_ < kSideBySide && !authorising_) begin(next_++);
  pumping_ = false;
  if (ended_ < outcomes_.size() || !reply_) return;
  std::exchange(reply_, nullptr)->send(outcomes_);
}

void Bulk::begin(std::size_t at) {
  const std::string& name = std::get<0>(outcomes_[at]);
  ++running_;
  const auto status = manager_.get(name);
  if (!status)
    return end(at, toCallError({instances::ErrorCode::NoSuchInstance, fmt::format("There is no instance '{}'", name)}));
  Request request = pattern_;
  request.instance = name;
  request.user = status->user;
  request.owner = status->uid;
  authorising_ = true;
  authorizer_.check(
      std::move(request),
      [this, self = shared_from_this(), at](std::shared_ptr<CallLimits::Ticket> ticket) {
        authorising_ = false;
        if (!std::exchange(holds_, true)) reply_->hold(std::move(ticket));  // one call, one place among those that wait
        calls_.run(work(self, at));
        pump();
      },
      [this, self = shared_from_this(), at](const CallError& error) {
        authorising_ = false;
        end(at, error);
      });
}

core::Task<> Bulk::work(std::shared_ptr<Bulk> self, std::size_t at) {
  const auto outcome = co_await (self->manager_.*self->operation_)(std::get<0>(self->outcomes_[at]));
  self->end(at, outcome ? CallError{} : toCallError(outcome.error()));
}

void Bulk::end(std::size_t at, const CallError& error) {
  std::get<1>(outcomes_[at]) = error.name;
  std::get<2>(outcomes_[at]) = error.message;
  --running_;
  ++ended_;
  pump();
}

}  // namespace bus
