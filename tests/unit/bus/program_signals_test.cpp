// SPDX-License-Identifier: MIT
#include "daemon/bus/program_signals.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace {

struct SignalsFixture {
  core::EventLoop loop;
  std::vector<std::string> sent;
  bus::ProgramSignals signals{loop, [this](const std::string& instance, const instances::ProgramStatus& program) {
                                sent.push_back(instance + '/' + program.name + ' ' + program.state);
                              }};
};

}  // namespace

TEST_CASE("of several changes of a program in one turn only the last is sent") {
  SignalsFixture f;
  f.signals.add("a", {"p", "STARTING", 1});
  f.signals.add("a", {"q", "STARTING", 2});
  f.signals.add("a", {"p", "RUNNING", 1});
  f.loop.step(core::seconds(5));
  CHECK(f.sent == std::vector<std::string>{"a/p RUNNING", "a/q STARTING"});
  f.sent.clear();
  CHECK_FALSE(f.signals.send());
  CHECK(f.sent.empty());
}

TEST_CASE("a flood of one instance is sent in parts, with the changes of others in between") {
  SignalsFixture f;
  for (int i = 0; i < 5000; ++i) f.signals.add("flood", {"p" + std::to_string(i), "RUNNING", 1});
  f.signals.add("quiet", {"p", "FATAL", 0});
  CHECK(f.signals.send());
  CHECK(f.sent.size() == bus::ProgramSignals::kMost);
  CHECK(f.sent[1] == "quiet/p FATAL");
  for (int i = 0; i < 5000; ++i) f.signals.add("flood", {"p" + std::to_string(i), "EXITED", 0});
  std::size_t rounds = 1;
  while (f.signals.send()) ++rounds;
  CHECK(rounds < 22);  // what was replaced was not sent twice
}

TEST_CASE("what is left after a part is sent by itself") {
  SignalsFixture f;
  for (int i = 0; i < 300; ++i) f.signals.add("a", {"p" + std::to_string(i), "RUNNING", 1});
  while (f.sent.size() < 300) f.loop.step(core::seconds(5));
  CHECK(f.sent.size() == 300);
}

TEST_CASE("nothing is sent of an instance that is gone") {
  SignalsFixture f;
  f.signals.add("a", {"p", "RUNNING", 1});
  f.signals.forget("a");
  CHECK_FALSE(f.signals.send());
  CHECK(f.sent.empty());
}

TEST_CASE("an owner that keeps inventing names has a limited number waiting, and their last states are sent") {
  SignalsFixture f;
  constexpr auto most = bus::ProgramSignals::kMostWaiting;
  for (std::size_t i = 0; i < most + 1000; ++i) f.signals.add("a", {"p" + std::to_string(i), "RUNNING", 1});
  f.signals.add("a", {"p0", "FATAL", 0});
  f.signals.add("b", {"p", "RUNNING", 1});
  while (f.signals.send()) {
  }
  CHECK(f.sent.size() == most + 1);
  CHECK(f.sent[0] == "a/p0 FATAL");
}

TEST_CASE("an instance that has used up its share waits, and delays no other") {
  SignalsFixture f;
  std::uint64_t flooded = 0;
  while (flooded < bus::ProgramSignals::kShare) {
    for (int i = 0; i < 16384; ++i) f.signals.add("flood", {"p" + std::to_string(i), "RUNNING", 1});
    while (f.sent.size() < 16384 && f.signals.send()) {
    }
    flooded += f.sent.size();
    f.sent.clear();
  }
  for (int i = 0; i < 1000; ++i) f.signals.add("flood", {"p" + std::to_string(i), "FATAL", 0});
  for (int i = 0; i < 300; ++i) f.signals.add("quiet", {"q" + std::to_string(i), "FATAL", 0});
  CHECK(f.signals.send());
  const auto quiet = std::count_if(f.sent.begin(), f.sent.end(), [](auto& text) { return text.starts_with("quiet"); });
  CHECK(quiet > static_cast<std::ptrdiff_t>(f.sent.size()) / 2);  // without shares they would take turns
  while (f.sent.size() < 400) f.loop.step(core::seconds(5));      // the flood continues by itself, slowly
}

TEST_CASE("while the bus takes nothing, the last change of each program waits, and is sent by itself afterwards") {
  core::EventLoop loop;
  std::vector<std::string> sent;
  int refusals = 3;
  bus::ProgramSignals signals(
      loop, [&](const auto& instance, const auto& program) { sent.push_back(instance + '/' + program.state); },
      [&] { return refusals-- <= 0; });
  signals.add("a", {"p", "STARTING", 1});
  CHECK(signals.send());
  CHECK(sent.empty());
  signals.add("a", {"p", "RUNNING", 1});
  while (sent.empty()) loop.step(core::seconds(5));
  CHECK(sent == std::vector<std::string>{"a/RUNNING"});
  CHECK_FALSE(signals.send());
}
