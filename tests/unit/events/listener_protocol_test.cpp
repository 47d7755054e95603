// SPDX-License-Identifier: MIT
#include "instance/events/listener_protocol.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace events;
using Kind = ListenerProtocol::Action::Kind;

namespace {

/// Runs a conversation and writes what came of it as one word each.
struct Conversation {
  ListenerProtocol protocol;
  ListenerResult verdict = ListenerResult::Accepted;
  std::vector<std::string> results;

  std::string on(std::string_view bytes) {
    std::string text;
    const auto actions = protocol.on(bytes, [this](std::string& result) {
      results.push_back(result);
      return verdict;
    });
    for (const auto& action : actions) {
      if (!text.empty()) text += ' ';
      switch (action.kind) {
        case Kind::Changed: text += std::string(toText(action.from)) + ">" + std::string(toText(action.to)); break;
        case Kind::Accepted: text += "accepted"; break;
        case Kind::Rejected: text += "rejected"; break;
        case Kind::Failed: text += "failed"; break;
        case Kind::BadResult: text += "bad(" + action.line + ")"; break;
      }
    }
    return text;
  }
  void busy() {
    REQUIRE(on("READY\n") == "ACKNOWLEDGED>READY");
    protocol.sent();
  }
};

}  // namespace

TEST_CASE("a listener becomes ready, works and acknowledges") {
  Conversation c;
  CHECK(c.protocol.state() == ListenerState::Acknowledged);
  c.busy();
  CHECK(c.protocol.state() == ListenerState::Busy);
  CHECK(c.on("RESULT 2\nOK") == "accepted BUSY>ACKNOWLEDGED");
  CHECK(c.results == std::vector<std::string>{"OK"});
  CHECK(c.on("READY\n") == "ACKNOWLEDGED>READY");
}

TEST_CASE("it does not matter how the bytes are cut") {
  const std::string script = "RESULT 4\nFAILREADY\n";
  for (std::size_t cut = 0; cut <= script.size(); ++cut) {
    Conversation c;
    c.verdict = ListenerResult::Rejected;
    c.busy();
    const std::string first = c.on(script.substr(0, cut));
    const std::string second = c.on(script.substr(cut));
    CHECK(first + (first.empty() || second.empty() ? "" : " ") + second ==
          "rejected BUSY>ACKNOWLEDGED ACKNOWLEDGED>READY");
    CHECK(c.results == std::vector<std::string>{"FAIL"});
  }
}

TEST_CASE("acknowledged: six bytes decide") {
  Conversation c;
  CHECK(c.on("hello").empty());
  CHECK(c.protocol.state() == ListenerState::Acknowledged);
  CHECK(c.on("!") == "ACKNOWLEDGED>UNKNOWN");
  CHECK(c.on("READY\n").empty());
  c.protocol.restart();
  CHECK(c.on("READY\n") == "ACKNOWLEDGED>READY");
}

TEST_CASE("acknowledged: tabs before READY are padding that the listener returned") {
  for (std::size_t cut = 0; cut <= 9; ++cut) {
    Conversation c;
    const std::string script = "\t\t\tREADY\n";
    const std::string first = c.on(script.substr(0, cut)), second = c.on(script.substr(cut));
    CHECK(first + second == "ACKNOWLEDGED>READY");
  }
  Conversation c;
  CHECK(c.on("\tREA\tDY") == "ACKNOWLEDGED>UNKNOWN");
}

TEST_CASE("ready: any byte is a violation") {
  Conversation c;
  CHECK(c.on("READY\nREADY\n") == "ACKNOWLEDGED>READY READY>UNKNOWN");
  Conversation d;
  CHECK(d.on("READY\n") == "ACKNOWLEDGED>READY");
  CHECK(d.on(".") == "READY>UNKNOWN");
}

TEST_CASE("busy: a line without a length ends the conversation") {
  for (const std::string line : {"RESULT two", "OK", "", "RESULT ", "RESULT -1", "RESULT 1 2", "RESULT 1__0",
                                 "RESULT _1", "RESULT 1_", "RESULT 0x2", "RESULT 99999999999999999999", "\xFF\xFE"}) {
    Conversation c;
    c.busy();
    CHECK(c.on(line + "\nOKREADY\n") == "bad(" + line + ") BUSY>UNKNOWN");
    CHECK(c.results.empty());
  }
}

TEST_CASE("lengths are read as Python reads them, after any seven bytes") {
  CHECK(resultLength("RESULT 2") == 2);
  CHECK(resultLength("RESULT  2\r") == 2);
  CHECK(resultLength("RESULT +1_0") == 10);
  CHECK(resultLength("RESULT 007") == 7);
  CHECK(resultLength("RESULT -0") == 0);
  CHECK(resultLength("whatevr3") == 3);
  CHECK(resultLength(std::to_string(ListenerProtocol::kMaxResult).insert(0, "RESULT ")) ==
        ListenerProtocol::kMaxResult);
  CHECK_FALSE(resultLength(std::to_string(ListenerProtocol::kMaxResult + 1).insert(0, "RESULT ")).has_value());
}

TEST_CASE("an empty result needs no further byte") {
  Conversation c;
  c.verdict = ListenerResult::Rejected;
  c.busy();
  CHECK(c.on("RESULT 0\n") == "rejected BUSY>ACKNOWLEDGED");
  CHECK(c.results == std::vector<std::string>{""});
}

TEST_CASE("a handler that fails makes the listener unknown") {
  Conversation c;
  c.verdict = ListenerResult::Failed;
  c.busy();
  CHECK(c.on("RESULT 2\nOKREADY\n") == "failed BUSY>UNKNOWN");
}

TEST_CASE("an endless line is cut") {
  Conversation c;
  c.busy();
  const std::string chunk(4096, 'x');
  std::string answer;
  std::size_t fed = 0;
  for (; answer.empty() && fed < 2 * ListenerProtocol::kMaxLine; fed += chunk.size()) answer = c.on(chunk);
  CHECK(answer.starts_with("bad("));
  CHECK(fed <= ListenerProtocol::kMaxLine + chunk.size());
  CHECK(c.protocol.state() == ListenerState::Unknown);
}
