// SPDX-License-Identifier: MIT
#include "daemon/bus/call_limits.hpp"

#include <doctest/doctest.h>

#include <vector>

using bus::CallLimits;

TEST_CASE("an account has a number of calls at the same time, and an ended call makes room for another") {
  const auto limits = std::make_shared<CallLimits>();
  std::vector<std::shared_ptr<CallLimits::Ticket>> tickets;
  for (std::size_t i = 0; i < CallLimits::kPerAccount; ++i) {
    tickets.push_back(CallLimits::enter(limits, 1001));
    REQUIRE(tickets.back());
  }
  CHECK_FALSE(CallLimits::enter(limits, 1001));
  CHECK(limits->waiting(1001) == CallLimits::kPerAccount);

  SUBCASE("another account is not held up") { CHECK(CallLimits::enter(limits, 1002)); }
  SUBCASE("root has more") { CHECK(CallLimits::enter(limits, 0)); }
  SUBCASE("an ended call makes room") {
    tickets.pop_back();
    CHECK(CallLimits::enter(limits, 1001));
  }
  tickets.clear();
  CHECK(limits->waiting(1001) == 0);
}

TEST_CASE("a call may outlive the counter") {
  auto limits = std::make_shared<CallLimits>();
  auto ticket = CallLimits::enter(limits, 1);
  limits.reset();
  ticket.reset();  // must not use the destroyed object: the sanitizers would report that
  CHECK_FALSE(ticket);
}
