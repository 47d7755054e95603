// SPDX-License-Identifier: MIT
#include "daemon/bus/policy.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace bus;

namespace {

constexpr uid_t root = 0;
constexpr uid_t owner = 1001;
constexpr uid_t stranger = 1002;

const std::vector<Verb> ownersVerbs = {Verb::Start, Verb::Stop,           Verb::Restart, Verb::Reload,
                                       Verb::Kill,  Verb::ControlProgram, Verb::Enable,  Verb::Disable,
                                       Verb::ReadFailure};
const std::vector<Verb> administratorsVerbs = {Verb::Create,     Verb::Change,    Verb::Remove, Verb::ReloadManager,
                                               Verb::PlanReload, Verb::Reexecute, Verb::ReadComplaints};

}  // namespace

TEST_CASE("root may do everything to every instance") {
  for (const auto& verbs : {ownersVerbs, administratorsVerbs})
    for (const auto verb : verbs) CHECK(decide(verb, root, 0, owner) == Decision::Allow);
}

TEST_CASE("the owner may do everything to its instance but create, redefine or remove it") {
  for (const auto verb : ownersVerbs) CHECK(decide(verb, owner, 0, owner) == Decision::Allow);
  for (const auto verb : administratorsVerbs) CHECK(decide(verb, owner, 0, owner) == Decision::AskPolkit);
}

TEST_CASE("nobody else may do anything without polkit") {
  for (const auto& verbs : {ownersVerbs, administratorsVerbs})
    for (const auto verb : verbs) {
      CHECK(decide(verb, stranger, 0, owner) == Decision::AskPolkit);
      CHECK(decide(verb, stranger, 0, std::nullopt) == Decision::AskPolkit);
    }
}

TEST_CASE("an instance of root's is not everybody's") {
  for (const auto verb : ownersVerbs) CHECK(decide(verb, owner, 0, root) == Decision::AskPolkit);
}

TEST_CASE("a manager that runs as an account obeys that account") {
  for (const auto verb : administratorsVerbs) {
    CHECK(decide(verb, owner, owner, std::nullopt) == Decision::Allow);
    CHECK(decide(verb, stranger, owner, std::nullopt) == Decision::AskPolkit);
  }
}

TEST_CASE("each verb has a word and one of the installed actions") {
  for (const auto& verbs : {ownersVerbs, administratorsVerbs})
    for (const auto verb : verbs) {
      CHECK_FALSE(ruleOf(verb).word.empty());
      CHECK(ruleOf(verb).action.starts_with("org.supervisormanager1."));
    }
  CHECK(ruleOf(Verb::Create).word == "create");
  CHECK(ruleOf(Verb::ReadComplaints).word == "read-complaints");
  CHECK(ruleOf(Verb::Disable).action == "org.supervisormanager1.manage-boot");
}
