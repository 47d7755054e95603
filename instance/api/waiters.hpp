// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "instance/process/observer.hpp"
#include "lib/core/completion.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"
#include "lib/xmlrpc/fault.hpp"

namespace process {
class Table;
}

namespace api {

/// Clients that wait for a program to be started or stopped. A change of its state answers them: nothing is polled.
class Waiters final : private process::Observer {
 public:
  using WaitResult = core::Result<void, xmlrpc::Fault>;

  Waiters(core::EventLoop& loop, process::Table& table);
  ~Waiters() override;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  /// Success when it is RUNNING, SPAWN_ERROR when this start failed, ABNORMAL_TERMINATION when it went to another
  /// state. Faults call it `name`.
  void untilStarted(const process::Process& program, std::string name, core::Completion<WaitResult> done);
  /// Success when it has ended. Logs that it is waited for, now and every two seconds.
  void untilStopped(const process::Process& program, core::Completion<WaitResult> done);
  /// Success when it has ended or `patience` has passed, whichever comes first.
  void untilStoppedOr(const process::Process& program, core::Duration patience, core::Completion<WaitResult> done);

 private:
  enum class Wanted { Started, Stopped, StoppedSoon };
  struct Waiter {
    Wanted wanted;
    std::string name;
    core::Completion<WaitResult> done;
    core::Instant patience = core::Instant::max();
  };

  void onStateChange(process::Process& program, const process::StateChange& change) override;
  void onGroupRemoved(process::Group& group) override;
  void onProcessRemoved(process::Process& program) override;
  void onStartWithdrawn(process::Process& program) override;
  void answerThoseInVain();
  void add(const process::Process& program, Waiter waiter);
  /// Removes the waiters of a program for which `judge` returns true, and answers them.
  void settle(const process::Process& program, const std::function<bool(const Waiter&, WaitResult&)>& judge);
  void report();
  /// Answers those whose patience has ended, and arms the timer for the next one.
  void answerImpatient();

  process::Table& table_;
  std::unordered_map<const process::Process*, std::vector<Waiter>> waiting_;
  core::Timer reportTimer_;
  core::Timer patienceTimer_;
  core::Deferred vain_;
  core::Instant nextPatience_ = core::Instant::max();  ///< when patienceTimer_ fires
  bool closed_ = false;                                ///< being destroyed: nobody can wait any more
};

}  // namespace api
