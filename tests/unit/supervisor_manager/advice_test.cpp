// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/advice.hpp"

#include <doctest/doctest.h>

#include "ctl/supervisor-manager/suggestion.hpp"

using namespace manager;

namespace {

bool says(const Advice& advice, const char* text) { return advice.text.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("the message about a manager that does not run has the command that starts it") {
  const auto advice = adviseOn({"org.freedesktop.DBus.Error.ServiceUnknown", "The name is not provided"}, "");
  CHECK(advice.code == Unreachable);
  CHECK(says(advice, "systemctl start supervisor-manager"));
  CHECK(says(adviseOn({"org.freedesktop.DBus.Error.ServiceUnknown", ""}, "en1"), "on en1"));
}

TEST_CASE("a refusal by the manager keeps its text, which names the required right") {
  const auto advice =
      adviseOn({"org.freedesktop.DBus.Error.AccessDenied", "Not allowed to stop 'a': this takes root"}, "");
  CHECK(advice.code == Denied);
  CHECK(advice.text == "Not allowed to stop 'a': this takes root");
}

TEST_CASE("a refusal by the bus has another text") {
  const auto advice = adviseOn({"org.freedesktop.DBus.Error.AccessDenied", "Rejected send message"}, "");
  CHECK(advice.code == Denied);
  CHECK(says(advice, "The bus does not let this account"));
}

TEST_CASE("exit codes of the manager's own errors") {
  CHECK(adviseOn({"org.supervisormanager1.Error.NoSuchInstance", "m"}, "").code == NoSuchName);
  CHECK(adviseOn({"org.supervisormanager1.Error.NoSuchProgram", "m"}, "").code == NoSuchName);
  CHECK(adviseOn({"org.supervisormanager1.Error.InstanceNotRunning", "m"}, "").code == NotRunning);
  CHECK(adviseOn({"org.supervisormanager1.Error.OperationFailed", "m"}, "").code == Failed);
  CHECK(adviseOn({"org.freedesktop.DBus.Error.InvalidArgs", "m"}, "").code == Failed);
  CHECK(adviseOn({"org.freedesktop.DBus.Error.NoReply", "m"}, "").code == Unreachable);
  CHECK(adviseOn({"org.freedesktop.DBus.Error.NoServer", "m"}, "").code == Unreachable);
  CHECK(adviseOn({"com.example.Other", "its words"}, "").text == "its words");
}

TEST_CASE("for an unknown name the nearest name is suggested, or the list, or how to create the first instance") {
  CHECK(says(noSuchInstance("tsupw", {"tech1", "tsupv"}), "is it 'tsupv'?"));
  CHECK(says(noSuchInstance("other", {"tech1", "tsupv"}), "There are: tech1, tsupv"));
  std::vector<std::string> fleet;
  for (char c = 'a'; c < 'z'; ++c) fleet.push_back(std::string(8, c));
  CHECK(noSuchInstance("other", fleet).text ==
        "There is no instance 'other'; those that there are: supervisor-manager list");
  CHECK(says(noSuchInstance("other", {}), "/etc/supervisor-manager/conf.d"));
  CHECK(noSuchInstance("other", {}).code == NoSuchName);
}

TEST_CASE("a word that begins with the text is suggested before similar ones") {
  const std::vector<std::string_view> verbs{"start", "status", "stop", "restart", "reload", "remove", "start-program"};
  CHECK(suggestion("stat", verbs) == "status");
  CHECK(suggestion("star", verbs) == "start");
  CHECK(suggestion("strat", verbs) == "start");
  CHECK(suggestion("rel", verbs) == "reload");
  CHECK(!suggestion("re", verbs));
  CHECK(!suggestion("x", verbs));
}
