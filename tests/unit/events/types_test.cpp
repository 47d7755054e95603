// SPDX-License-Identifier: MIT
#include "instance/events/types.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <string>
#include <vector>

using events::Type;
using Names = std::vector<std::string>;

TEST_CASE("every type can be found by its name") {
  for (std::size_t i = 0; i < events::kTypeCount; ++i) {
    const auto type = static_cast<Type>(i);
    CHECK(events::typeOf(events::toText(type)) == type);
  }
  CHECK(events::toText(Type::SupervisorStateChangeRunning) == "SUPERVISOR_STATE_CHANGE_RUNNING");
  CHECK_FALSE(events::typeOf("PROCESS_STATE_CHANGE").has_value());
  CHECK_FALSE(events::typeOf("tick").has_value());
  CHECK_FALSE(events::typeOf("").has_value());
}

TEST_CASE("a subscription holds a type and all below it, each once") {
  CHECK(events::subscription(Names{"EVENT"}) == (events::TypeSet{1} << events::kSupervisorsTypeCount) - 1);
  CHECK(std::popcount(events::subscription(Names{"PROCESS_STATE"})) == 9);
  CHECK(events::subscription(Names{"TICK"}) ==
        (events::bit(Type::Tick) | events::bit(Type::Tick5) | events::bit(Type::Tick60) | events::bit(Type::Tick3600)));
  CHECK(events::subscription(Names{"TICK", "TICK_5", "TICK"}) == events::subscription(Names{"TICK"}));
  CHECK(events::subscription(Names{"PROCESS_LOG_STDOUT"}) == events::bit(Type::ProcessLogStdout));
  CHECK(events::subscription(Names{"PROCESS_GROUP_ADDED", "REMOTE_COMMUNICATION"}) ==
        (events::bit(Type::ProcessGroupAdded) | events::bit(Type::RemoteCommunication)));
  CHECK(events::subscription(Names{"PROCESS_HEALTH"}) == events::bit(Type::ProcessHealth));
  CHECK(events::subscription(Names{}) == 0);
}

TEST_CASE("types that Supervisor does not have come to those who name them, and not with others") {
  for (std::size_t i = events::kSupervisorsTypeCount; i < events::kTypeCount; ++i) {
    const auto own = static_cast<Type>(i);
    CHECK(events::subscription(Names{std::string(events::toText(own))}) == events::bit(own));
    for (std::size_t other = 0; other < events::kTypeCount; ++other)
      if (other != i) CHECK((events::withChildren(static_cast<Type>(other)) & events::bit(own)) == 0);
  }
}
