// SPDX-License-Identifier: MIT
#include "instance/events/event.hpp"

#include <doctest/doctest.h>

using namespace events;

namespace {
const Source kCat{"cat", "pets"};
}

TEST_CASE("payloads of state changes have the keys of their type") {
  CHECK(makeStateEvent({Type::ProcessStateStarting, "STOPPED", 0, 7, true}, kCat)->payload ==
        "processname:cat groupname:pets from_state:STOPPED tries:0");
  CHECK(makeStateEvent({Type::ProcessStateBackoff, "STARTING", 2, 0, true}, kCat)->payload ==
        "processname:cat groupname:pets from_state:STARTING tries:2");
  CHECK(makeStateEvent({Type::ProcessStateRunning, "STARTING", 0, 7, true}, kCat)->payload ==
        "processname:cat groupname:pets from_state:STARTING pid:7");
  CHECK(makeStateEvent({Type::ProcessStateStopping, "RUNNING", 0, 7, true}, kCat)->payload ==
        "processname:cat groupname:pets from_state:RUNNING pid:7");
  CHECK(makeStateEvent({Type::ProcessStateStopped, "BACKOFF", 1, 0, true}, kCat)->payload ==
        "processname:cat groupname:pets from_state:BACKOFF pid:0");
  CHECK(makeStateEvent({Type::ProcessStateExited, "RUNNING", 0, 7, false}, kCat)->payload ==
        "processname:cat groupname:pets from_state:RUNNING expected:0 pid:7");
  CHECK(makeStateEvent({Type::ProcessStateExited, "RUNNING", 0, 7, true}, kCat)->payload ==
        "processname:cat groupname:pets from_state:RUNNING expected:1 pid:7");
  CHECK(makeStateEvent({Type::ProcessStateFatal, "BACKOFF", 4, 7, true}, kCat)->payload ==
        "processname:cat groupname:pets from_state:BACKOFF");
  CHECK(makeStateEvent({Type::ProcessStateUnknown, "STOPPING", 0, 7, true}, kCat)->payload ==
        "processname:cat groupname:pets from_state:STOPPING");
}

TEST_CASE("details follow the payload, for pools that want them, in front of the padding") {
  const EventPtr event = makeStateEvent({Type::ProcessStateExited, "RUNNING", 0, 7, false}, {"k\xC3\xA4tzle", "pets"});
  event->serial = 1;
  event->details = " exitcode:3 reason:Bad%20exit%20code%203";
  const std::string payload = "processname:k\xC3\xA4tzle groupname:pets from_state:RUNNING expected:0 pid:7";
  CHECK(encode(*event, {"s", "p", 0})
            .ends_with("len:" + std::to_string(payload.size() + 5) + "\n" + payload + " pad:\t"));
  CHECK(encode(*event, {"s", "p", 0, true})
            .ends_with("len:" + std::to_string(payload.size() + event->details.size() + 5) + "\n" + payload +
                       event->details + " pad:\t"));
}

TEST_CASE("payloads of types that are not Supervisor's begin with the names, too") {
  const EventPtr event = makeOwnEvent(Type::ProcessRestartLimit, "restarts:2 reason:x", kCat);
  CHECK(event->payload == "processname:cat groupname:pets restarts:2 reason:x");
  CHECK(event->type == Type::ProcessRestartLimit);
}

TEST_CASE("output is carried as it was printed, and escaped where it is not UTF-8") {
  CHECK(makeLogEvent(Channel::Stdout, 7, "hi\n", kCat)->payload ==
        "processname:cat groupname:pets pid:7 channel:stdout\nhi\n");
  CHECK(makeLogEvent(Channel::Stderr, 7, "h\xC3\xA9", kCat)->payload ==
        "processname:cat groupname:pets pid:7 channel:stderr\nh\xC3\xA9");
  CHECK(makeLogEvent(Channel::Stderr, 7, "a\xFF'\n", kCat)->payload ==
        "processname:cat groupname:pets pid:7 channel:stderr\nUndecodable: b\"a\\xff'\\n\"");
  CHECK(makeCommunicationEvent(Channel::Stderr, 7, "x", kCat)->payload == "processname:cat groupname:pets pid:7\nx");
  CHECK(makeLogEvent(Channel::Stdout, 7, "", kCat)->type == Type::ProcessLogStdout);
  CHECK(makeCommunicationEvent(Channel::Stdout, 7, "", kCat)->type == Type::ProcessCommunicationStdout);
  CHECK(makeCommunicationEvent(Channel::Stderr, 7, "", kCat)->type == Type::ProcessCommunicationStderr);
}

TEST_CASE("the other payloads") {
  CHECK(makeRemoteEvent("greeting", "hello\nworld")->payload == "type:greeting\nhello\nworld");
  CHECK(makeTickEvent(Type::Tick60, 1700000040)->payload == "when:1700000040");
  CHECK(makeGroupEvent(Type::ProcessGroupAdded, "pets")->payload == "groupname:pets\n");
  CHECK(makeSupervisorEvent(Type::SupervisorStateChangeStopping)->payload.empty());
}

TEST_CASE("len counts bytes, and the payload is long enough for listeners that count characters") {
  const EventPtr event = makeRemoteEvent("t", "\xC3\xA9\xE2\x82\xAC");
  event->serial = 12;
  CHECK(encode(*event, {"supervisor", "mail", 3}) ==
        "ver:3.0 server:supervisor serial:12 pool:mail poolserial:3 eventname:REMOTE_COMMUNICATION len:12\n"
        "type:t\n\xC3\xA9\xE2\x82\xAC\t\t\t");
  const EventPtr empty = makeSupervisorEvent(Type::SupervisorStateChangeRunning);
  empty->serial = 0;
  CHECK(encode(*empty, {"s", "p", 0}) ==
        "ver:3.0 server:s serial:0 pool:p poolserial:0 eventname:SUPERVISOR_STATE_CHANGE_RUNNING len:0\n");
}

TEST_CASE("the padding for characters is not part of the last value of a line") {
  const auto event = events::makeStateEvent({events::Type::ProcessStateStarting, "STOPPED", 0}, {"\xC3\xA4", "g"});
  event->serial = 0;
  CHECK(encode(*event, {"s", "p", 0}) ==
        "ver:3.0 server:s serial:0 pool:p poolserial:0 eventname:PROCESS_STATE_STARTING len:58\n"
        "processname:\xC3\xA4 groupname:g from_state:STOPPED tries:0 pad:\t");
}
