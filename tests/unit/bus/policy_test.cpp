// SPDX-License-Identifier: MIT
#include "daemon/bus/policy.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace bus;

namespace {

constexpr uid_t kRoot = 0;
constexpr uid_t kOwner = 1001;
constexpr uid_t kStranger = 1002;

const std::vector<Verb> kOwnersVerbs = {Verb::Start,   Verb::Stop,       Verb::Restart,        Verb::Reload,
                                        Verb::Upgrade, Verb::Kill,       Verb::ControlProgram, Verb::Enable,
                                        Verb::Disable, Verb::ReadFailure};
const std::vector<Verb> kAdministratorsVerbs = {Verb::Create,        Verb::Change,     Verb::Remove,
                                                Verb::ReloadManager, Verb::PlanReload, Verb::Reexecute,
                                                Verb::ReadComplaints};

}  // namespace

TEST_CASE("root may do everything to every instance") {
  for (const auto& verbs : {kOwnersVerbs, kAdministratorsVerbs})
    for (const auto verb : verbs) CHECK(decide(verb, kRoot, 0, kOwner) == Decision::Allow);
}

TEST_CASE("the owner may do everything to its instance but create, redefine or remove it") {
  for (const auto verb : kOwnersVerbs) CHECK(decide(verb, kOwner, 0, kOwner) == Decision::Allow);
  for (const auto verb : kAdministratorsVerbs) CHECK(decide(verb, kOwner, 0, kOwner) == Decision::AskPolkit);
}

TEST_CASE("nobody else may do anything without polkit") {
  for (const auto& verbs : {kOwnersVerbs, kAdministratorsVerbs})
    for (const auto verb : verbs) {
      CHECK(decide(verb, kStranger, 0, kOwner) == Decision::AskPolkit);
      CHECK(decide(verb, kStranger, 0, std::nullopt) == Decision::AskPolkit);
    }
}

TEST_CASE("an instance of root's is not everybody's") {
  for (const auto verb : kOwnersVerbs) CHECK(decide(verb, kOwner, 0, kRoot) == Decision::AskPolkit);
}

TEST_CASE("a manager that runs as an account obeys that account") {
  for (const auto verb : kAdministratorsVerbs) {
    CHECK(decide(verb, kOwner, kOwner, std::nullopt) == Decision::Allow);
    CHECK(decide(verb, kStranger, kOwner, std::nullopt) == Decision::AskPolkit);
  }
}

TEST_CASE("each verb has a word and one of the installed actions") {
  for (const auto& verbs : {kOwnersVerbs, kAdministratorsVerbs})
    for (const auto verb : verbs) {
      CHECK_FALSE(ruleOf(verb).word.empty());
      CHECK(ruleOf(verb).action.starts_with("org.supervisormanager1."));
    }
  CHECK(ruleOf(Verb::Create).word == "create");
  CHECK(ruleOf(Verb::ReadComplaints).word == "read-complaints");
  CHECK(ruleOf(Verb::Disable).action == "org.supervisormanager1.manage-boot");
}
