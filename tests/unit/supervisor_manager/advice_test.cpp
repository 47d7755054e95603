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

TEST_CASE("a refusal by the manager names what is needed, in the manager's own words") {
  for (const char* text : {"Not allowed to stop 'a': requires root", "Stopping 'a' requires root"}) {
    const auto advice = adviseOn({"org.freedesktop.DBus.Error.AccessDenied", text}, "");
    CHECK(advice.code == Denied);
    CHECK(advice.text == text);
  }
}

TEST_CASE("a refusal by the policy of the bus is recognized, of dbus-daemon and of dbus-broker") {
  for (const char* text : {"Rejected send message, 1 matched rules", "Sender is not authorized to send message"}) {
    const auto advice = adviseOn({"org.freedesktop.DBus.Error.AccessDenied", text}, "");
    CHECK(advice.code == Denied);
    CHECK(says(advice, "The D-Bus policy does not allow this account"));
    CHECK(says(advice, text));
  }
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

TEST_CASE("a name that does not exist gets the nearest one, or the list, or the way to the first") {
  CHECK(says(noSuchInstance("tsupw", {"tech1", "tsupv"}), "Did you mean 'tsupv'?"));
  CHECK(says(noSuchInstance("other", {"tech1", "tsupv"}), "Existing instances: tech1, tsupv"));
  std::vector<std::string> fleet;
  for (char c = 'a'; c < 'z'; ++c) fleet.push_back(std::string(8, c));
  CHECK(noSuchInstance("other", fleet).text == "There is no instance 'other'. List all: supervisor-manager list");
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
