// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "instance/api/dispatcher.hpp"
#include "instance/api/system_methods.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/xmlrpc/message.hpp"
#include "lib/xmlrpc/reader.hpp"

using xmlrpc::Array;
using xmlrpc::Value;

namespace {

const xmlrpc::Fault kGivenUpFault{30, "FAILED: supervisord gave the call up before it ended, see its activity log"};

Value text(const char* value) { return Value{std::string(value)}; }

struct Fixture {
  core::EventLoop loop;
  std::vector<std::string> order;
  /// The answers that have come: a status, a fault "[n] text", or a value.
  std::vector<api::Answer> answers;
  api::MethodTable table;
  api::Dispatcher dispatcher{table};
  std::vector<core::Completion<api::MethodResult>> waiting;

  Fixture() {
    api::addSystemMethods(table, loop);
    table.add({"t.echo", {"string", "string", "string"}, 1, "Echoes.", api::immediately([this](const Array& params) {
                 order.push_back(*params[0].string());
                 return api::textValue(*params[0].string());
               })});
    table.add({"t.later", {"string"}, 0, "Waits.", [this](const Array&, core::Completion<api::MethodResult> done) {
                 order.emplace_back("later");
                 waiting.push_back(std::move(done));
               }});
    table.add({"t.large", {"string"}, 0, "Has much to say.", api::immediately([this](const Array&) {
                 order.emplace_back("large");
                 return api::textValue(std::string(1'000'000, 'x'));
               })});
    table.add({"t.slow", {"string"}, 0, "Takes its time.", api::immediately([this](const Array&) {
                 order.emplace_back("slow");
                 const auto until = core::Clock::now() + core::milliseconds(20);
                 while (core::Clock::now() < until) continue;
                 return api::textValue("");
               })});
    table.add({"t.throw", {"string"}, 0, "Breaks.", [](const Array&, const core::Completion<api::MethodResult>&) {
                 throw std::runtime_error("broken");
               }});
    table.add({"t.drop",
               {"string"},
               0,
               "Forgets its caller.",
               [this](const Array&, const core::Completion<api::MethodResult>&) { order.emplace_back("drop"); }});
  }

  void run(const std::string& method, const Array& params) {
    dispatcher.run(xmlrpc::composeRequest(method, params), [this](api::Answer answer) { answers.push_back(answer); });
  }
  void runToEnd(const std::string& method, const Array& params) {
    const std::size_t before = answers.size();
    run(method, params);
    untilAnswers(before + 1);
  }
  void untilAnswers(std::size_t count) {
    for (int i = 0; i < 10000 && answers.size() < count; ++i) loop.step(core::milliseconds(1));
    REQUIRE(answers.size() >= count);
  }
  xmlrpc::Fault fault(const std::string& method, const Array& params = {}) {
    runToEnd(method, params);
    return std::get<xmlrpc::Fault>(*xmlrpc::readResponse(answers.back().xml, {}));
  }
  Value value(const std::string& method, const Array& params = {}) {
    runToEnd(method, params);
    return last();
  }
  Value last() { return std::get<Value>(*xmlrpc::readResponse(answers.back().xml, {})); }

  static Value call(const char* method, Array params = {}) {
    return Value{xmlrpc::Struct{{"methodName", text(method)}, {"params", Value{std::move(params)}}}};
  }
};

}  // namespace

TEST_CASE("unknown names and wrong numbers of parameters") {
  Fixture f;
  for (const char* name : {"t.none", "echo", "t.echo.x", "t._echo", ".", "system"})
    CHECK(f.fault(name) == xmlrpc::Fault{1, "UNKNOWN_METHOD"});
  CHECK(f.fault("t.echo") == xmlrpc::Fault{2, "INCORRECT_PARAMETERS"});
  CHECK(f.fault("t.echo", {text("1"), text("2"), text("3")}) == xmlrpc::Fault{2, "INCORRECT_PARAMETERS"});
  CHECK(*f.value("t.echo", {text("1")}).string() == "1");
  CHECK(*f.value("t.echo", {text("1"), text("2")}).string() == "1");
}

TEST_CASE("a text that is not XML-RPC has status 400, a method that throws 500") {
  Fixture f;
  for (const char* xml : {"", "<x/>", "<methodCall/>", "<methodCall><methodName/></methodCall>"}) {
    f.dispatcher.run(xml, [&f](api::Answer answer) { f.answers.push_back(answer); });
    CHECK(f.answers.back().status == 400);
  }
  f.run("t.throw", {});
  CHECK(f.answers.back().status == 500);
}

TEST_CASE("an answer may come later") {
  Fixture f;
  f.run("t.later", {});
  CHECK(f.answers.empty());
  f.waiting.back()(api::textValue("now"));
  REQUIRE(f.answers.size() == 1);
  CHECK(*f.last().string() == "now");
}

TEST_CASE("a call whose completion is dropped is answered with a fault, now or later") {
  Fixture f;
  CHECK(f.fault("t.drop") == kGivenUpFault);
  f.run("t.later", {});
  REQUIRE(f.answers.size() == 1);
  f.waiting.clear();
  REQUIRE(f.answers.size() == 2);
  CHECK(std::get<xmlrpc::Fault>(*xmlrpc::readResponse(f.answers.back().xml, {})) == kGivenUpFault);
}

TEST_CASE("in a multicall a dropped call is one fault among the results") {
  Fixture f;
  f.run("system.multicall",
        {Value{Array{Fixture::call("t.drop"), Fixture::call("t.later"), Fixture::call("t.echo", {text("a")})}}});
  f.waiting.clear();
  f.untilAnswers(1);
  const Value results = f.last();
  REQUIRE(results.array()->size() == 3);
  for (const std::size_t i : {0, 1})
    CHECK(*(*results.array())[i].member("faultString")->string() == kGivenUpFault.text);
  CHECK(*(*results.array())[2].string() == "a");
}

TEST_CASE("introspection") {
  Fixture f;
  const Value names = f.value("system.listMethods");
  REQUIRE(names.array()->size() == 10);
  CHECK(*names.array()->front().string() == "system.listMethods");
  CHECK(*names.array()->back().string() == "t.throw");
  CHECK(*f.value("system.methodHelp", {text("t.echo")}).string() == "Echoes.");
  CHECK(f.value("system.methodSignature", {text("t.echo")}).array()->size() == 3);
  CHECK(f.fault("system.methodHelp", {text("t.none")}) == xmlrpc::Fault{4, "SIGNATURE_UNSUPPORTED"});
  CHECK(f.fault("system.methodSignature", {text("t.none")}) == xmlrpc::Fault{4, "SIGNATURE_UNSUPPORTED"});
}

TEST_CASE("multicall gives bare values and faults as structs") {
  Fixture f;
  const Value results = f.value(
      "system.multicall",
      {Value{Array{Fixture::call("t.echo", {text("a")}), Fixture::call("t.none"), Fixture::call("system.multicall"),
                   Value{xmlrpc::Struct{}}, text("no struct"), Fixture::call("t.throw")}}});
  REQUIRE(results.array()->size() == 6);
  const auto faultText = [&](std::size_t i) { return *(*results.array())[i].member("faultString")->string(); };
  CHECK(*(*results.array())[0].string() == "a");
  CHECK(faultText(1) == "UNKNOWN_METHOD");
  CHECK(faultText(2) == "INCORRECT_PARAMETERS: Recursive system.multicall forbidden");
  CHECK(faultText(3) == "INCORRECT_PARAMETERS: No methodName");
  CHECK(faultText(4) == "INCORRECT_PARAMETERS: No methodName");
  CHECK(faultText(5) == "FAILED: broken");
  CHECK(f.fault("system.multicall", {text("x")}).code == 2);
}

TEST_CASE("in a multicall the next call begins when the previous one is answered") {
  Fixture f;
  f.run("system.multicall", {Value{Array{Fixture::call("t.echo", {text("a")}), Fixture::call("t.later"),
                                         Fixture::call("t.echo", {text("b")})}}});
  CHECK(f.order == std::vector<std::string>{"a", "later"});
  CHECK(f.answers.empty());
  f.waiting.back()(api::textValue("done"));
  CHECK(f.order == std::vector<std::string>{"a", "later", "b"});
  REQUIRE(f.answers.size() == 1);
  CHECK(f.last().array()->size() == 3);
}

TEST_CASE("a long multicall lets other work run in between") {
  Fixture f;
  f.run("system.multicall", {Value{Array(5, Fixture::call("t.slow"))}});
  CHECK(f.order.size() == 1);
  CHECK(f.answers.empty());
  f.run("t.echo", {text("between")});
  REQUIRE(f.answers.size() == 1);
  for (int i = 0; i < 100 && f.answers.size() < 2; ++i) f.loop.step(core::milliseconds(1));
  REQUIRE(f.answers.size() == 2);
  CHECK(f.last().array()->size() == 5);
  CHECK(f.order[1] == "between");
}

TEST_CASE("a multicall whose answer grows too large is a fault, and its other calls are not made") {
  Fixture f;
  const auto fault = f.fault("system.multicall", {Value{Array(60, Fixture::call("t.large"))}});
  CHECK(fault == xmlrpc::Fault{30, "FAILED: the answer is larger than 32 MB; make fewer calls in one request"});
  CHECK(f.order.size() < 40);
}

TEST_CASE("a multicall that is unfinished when the methods are destroyed is dropped") {
  auto f = std::make_unique<Fixture>();
  f->run("system.multicall", {Value{Array{Fixture::call("t.later"), Fixture::call("t.slow")}}});
  auto waiting = std::move(f->waiting.back());
  f->run("system.multicall", {Value{Array(5, Fixture::call("t.slow"))}});
  f.reset();
  waiting(api::textValue("late"));
}

TEST_CASE("a multicall of very many calls needs no deep stack") {
  Fixture f;
  Array calls;
  for (int i = 0; i < 4000; ++i) calls.push_back(Fixture::call("t.echo", {text("x")}));
  CHECK(f.value("system.multicall", {Value{std::move(calls)}}).array()->size() == 4000);
}
