// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/parallel.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "ctl/supervisorctl/session.hpp"
#include "lib/xmlrpc/client.hpp"

namespace ctl {
namespace {

// The server limits its connections, also for other clients, and it executes calls one after the other: more
// connections would not be faster.
constexpr std::size_t kMostConnections = 32;

/// Answers by the index of their call, filled by workers and emptied in order.
class Answers {
 public:
  explicit Answers(std::size_t count) : slots_(count) {}

  std::size_t nextCall() {
    const std::lock_guard lock(mutex_);
    return next_++;
  }
  void put(std::size_t index, Answer<xmlrpc::Value> answer) {
    {
      const std::lock_guard lock(mutex_);
      slots_[index].emplace(std::move(answer));
    }
    arrived_.notify_one();
  }
  Answer<xmlrpc::Value> take(std::size_t index) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return slots_[index].has_value(); });
    return std::move(*slots_[index]);
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::size_t next_ = 0;
  std::vector<std::optional<Answer<xmlrpc::Value>>> slots_;
};

Answer<xmlrpc::Value> callOnce(xmlrpc::Client& client, const Call& call) {
  auto answer = client.call(call.method, call.params);
  if (!answer) return core::Err{toFailure(answer.error())};
  return std::move(answer).value();
}

}  // namespace

Answer<void> callSideBySide(Session& session, const std::vector<Call>& calls,
                            const std::function<Answer<void>(std::size_t, Answer<xmlrpc::Value>)>& report) {
  session.out.flush();
  auto target = session.endpoint();
  if (!target) return core::Err{std::move(target).error()};
  const int limit = session.callLimit();
  Answers answers(calls.size());
  auto work = [&] {
    xmlrpc::Client client(*target, session.credentials());
    client.setTimeout(limit);
    for (std::size_t index = answers.nextCall(); index < calls.size(); index = answers.nextCall())
      answers.put(index, callOnce(client, calls[index]));
  };
  std::vector<std::jthread> workers;
  workers.reserve(std::min(calls.size(), kMostConnections));
  while (workers.size() < std::min(calls.size(), kMostConnections)) workers.emplace_back(work);
  Answer<void> done;
  for (std::size_t index = 0; index < calls.size(); ++index) {
    Answer<xmlrpc::Value> answer = answers.take(index);
    if (!done) continue;
    done = report(index, std::move(answer));
    session.out.flush();
  }
  return done;
}

}  // namespace ctl
