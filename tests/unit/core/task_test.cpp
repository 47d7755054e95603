// SPDX-License-Identifier: MIT
#include "lib/core/task.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

template <>
struct core::WhenDropped<int> {
  static int value() { return -1; }
};

namespace {

using core::Completion;
using core::Task;

/// Keeps the completion; the test completes it later.
struct Operation {
  Completion<int> done;
  [[nodiscard]] auto wait() {
    return core::completes<int>([this](Completion<int> given) { done = std::move(given); });
  }
};

Task<int> plusOne(Operation* operation) { co_return co_await operation->wait() + 1; }

Task<> record(Operation* operation, std::vector<std::string>* log, std::string name) {
  try {
    const int value = co_await plusOne(operation);
    log->push_back(name + "=" + std::to_string(value));
  } catch (const core::Dropped&) {
    log->push_back(name + " dropped");
    throw;
  }
}

struct Noted {
  std::vector<std::string>* log;
  ~Noted() { log->push_back("ended"); }
};

Task<> holdNoted(Operation* operation, std::vector<std::string>* log) {
  const Noted noted{log};
  co_await operation->wait();
  log->push_back("never");
}

Task<> joinTwo(Operation* first, Operation* second, std::vector<std::string>* log) {
  core::Join join;
  join.run(record(first, log, "first"));
  join.run(record(second, log, "second"));
  co_await join;
  log->push_back("both");
}

Task<> failing() {
  throw std::runtime_error("no");
  co_return;
}

}  // namespace

TEST_SUITE("completion") {
  TEST_CASE("is called once, with the value") {
    int got = 0;
    Completion<int> done([&](int value) { got += value; });
    CHECK(done);
    done(3);
    CHECK_FALSE(done);
    CHECK(got == 3);
  }

  TEST_CASE("that is dropped answers with an error") {
    core::Expected<int> got = 1;
    {
      const Completion<core::Expected<int>> done([&](core::Expected<int> value) { got = std::move(value); });
    }
    REQUIRE_FALSE(got);
    CHECK(got.error().text == "The operation was given up before it ended.");
  }

  TEST_CASE("that another one replaces is dropped, a moved one is not") {
    int calls = 0;
    const auto count = [&](const core::Status& status) { calls += status ? 100 : 1; };
    Completion<core::Status> one(count), two(std::move(one));
    CHECK(calls == 0);
    two = Completion<core::Status>();
    CHECK(calls == 1);
  }

  TEST_CASE("lets no exception out of a destructor") {
    const Completion<core::Status> done([](const core::Status&) { throw std::runtime_error("no"); });
  }

  TEST_CASE("may destroy who calls it") {
    struct Owner {
      Completion<int> done;
    };
    auto owner = std::make_unique<Owner>();
    owner->done = Completion<int>([&](int) { owner.reset(); });
    owner->done(1);
    CHECK_FALSE(owner);
  }
}

TEST_SUITE("task") {
  TEST_CASE("waits for a completion and returns through its callers") {
    Operation operation;
    std::vector<std::string> log;
    core::TaskScope scope;
    scope.run(record(&operation, &log, "a"));
    CHECK(log.empty());
    CHECK_FALSE(scope.empty());
    operation.done(41);
    CHECK(log == std::vector<std::string>{"a=42"});
    CHECK(scope.empty());
  }

  TEST_CASE("continues where the completion was called before the wait began") {
    int got = 0;
    core::TaskScope scope;
    const auto body = [](int* out) -> Task<> {
      *out = co_await core::completes<int>([](Completion<int> done) { done(7); });
    };
    scope.run(body(&got));
    CHECK(got == 7);
    CHECK(scope.empty());
  }

  TEST_CASE("ends where it waits for what nobody completes any more") {
    std::vector<std::string> log;
    core::TaskScope scope;
    {
      Operation operation;
      scope.run(record(&operation, &log, "a"));
    }
    CHECK(log == std::vector<std::string>{"a dropped"});
    CHECK(scope.empty());
  }

  TEST_CASE("is destroyed with its scope, and a completion that comes later reaches nobody") {
    Operation operation;
    std::vector<std::string> log;
    {
      core::TaskScope scope;
      scope.run(holdNoted(&operation, &log));
    }
    CHECK(log == std::vector<std::string>{"ended"});
    operation.done(1);
    CHECK(log.size() == 1);
  }

  TEST_CASE("that a scope owns ends with the scope, not with who awaits it") {
    Operation operation;
    std::vector<std::string> log;
    const auto ask = [](core::TaskScope* owner, Operation* waited, std::vector<std::string>* out) -> Task<> {
      try {
        out->push_back(std::to_string(co_await owner->own(plusOne(waited))));
      } catch (const core::Dropped&) {
        out->push_back("dropped");
      }
    };
    core::TaskScope callers;
    {
      core::TaskScope owner;
      callers.run(ask(&owner, &operation, &log));
      operation.done(1);
      callers.run(ask(&owner, &operation, &log));
    }
    CHECK(log == std::vector<std::string>{"2", "dropped"});
    CHECK(callers.empty());

    core::TaskScope owner;
    {
      core::TaskScope others;
      others.run(ask(&owner, &operation, &log));
    }
    CHECK_FALSE(owner.empty());
    operation.done(1);
    CHECK(owner.empty());
    CHECK(log.size() == 2);
  }

  TEST_CASE("that was never awaited never began") {
    bool began = false;
    const auto body = [](bool* out) -> Task<> {
      *out = true;
      co_return;
    };
    { const auto task = body(&began); }
    CHECK_FALSE(began);
  }

  TEST_CASE("a loop over tasks that end without a wait keeps the stack flat") {
    int sum = 0;
    const auto one = [](int value) -> Task<int> { co_return value; };
    const auto body = [](Task<int> (*next)(int), int* out) -> Task<> {
      for (int i = 0; i < 1000000; ++i) *out += co_await next(1);
    };
    core::TaskScope scope;
    scope.run(body(one, &sum));
    CHECK(sum == 1000000);
  }

  TEST_CASE("may be destroyed by what it does before its first wait") {
    std::vector<std::string> log;
    auto scope = std::make_unique<core::TaskScope>();
    const auto inner = [](std::unique_ptr<core::TaskScope>* owner, std::vector<std::string>* out) -> Task<> {
      const Noted noted{out};
      co_await core::completes<int>([owner](Completion<int>) { owner->reset(); });
      out->push_back("never");
    };
    const auto outer = [](Task<> task, std::vector<std::string>* out) -> Task<> {
      co_await task;
      out->push_back("never");
    };
    scope->run(outer(inner(&scope, &log), &log));
    CHECK(log == std::vector<std::string>{"ended"});
  }

  TEST_CASE("that ends with an exception harms no other") {
    Operation operation;
    std::vector<std::string> log;
    core::TaskScope scope;
    scope.run(record(&operation, &log, "a"));
    scope.run(failing());
    operation.done(1);
    CHECK(log == std::vector<std::string>{"a=2"});
  }
}

TEST_SUITE("join") {
  TEST_CASE("continues when the last of its tasks has ended, in any order") {
    for (const bool firstFirst : {true, false}) {
      Operation first, second;
      std::vector<std::string> log;
      core::TaskScope scope;
      scope.run(joinTwo(&first, &second, &log));
      (firstFirst ? first : second).done(1);
      CHECK(log.size() == 1);
      (firstFirst ? second : first).done(1);
      CHECK(log.size() == 3);
      CHECK(log.back() == "both");
      CHECK(scope.empty());
    }
  }

  TEST_CASE("of nothing does not wait") {
    bool ended = false;
    const auto body = [](bool* out) -> Task<> {
      core::Join join;
      co_await join;
      *out = true;
    };
    core::TaskScope scope;
    scope.run(body(&ended));
    CHECK(ended);
  }

  TEST_CASE("throws what ended one of its tasks, when all have ended") {
    Operation operation;
    std::vector<std::string> log;
    const auto body = [](Operation* waited, std::vector<std::string>* out) -> Task<> {
      core::Join join;
      join.run(failing());
      join.run(record(waited, out, "other"));
      try {
        co_await join;
      } catch (const std::runtime_error& error) {
        out->push_back(error.what());
      }
    };
    core::TaskScope scope;
    scope.run(body(&operation, &log));
    CHECK(log.empty());
    operation.done(1);
    CHECK(log == std::vector<std::string>{"other=2", "no"});
  }

  TEST_CASE("a thousand tasks that end together keep the stack flat") {
    std::vector<Operation> operations(1000);
    std::vector<std::string> log;
    core::TaskScope scope;
    const auto body = [](std::vector<Operation>* all, std::vector<std::string>* out) -> Task<> {
      core::Join join;
      for (auto& one : *all) join.run(record(&one, out, "x"));
      co_await join;
      out->push_back("all");
    };
    scope.run(body(&operations, &log));
    for (auto& one : operations) one.done(1);
    CHECK(log.size() == 1001);
  }
}
