// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "instance/process/observer.hpp"
#include "lib/core/event_loop.hpp"

namespace process {

class ProcessContext;

/// Sees when supervisord has to end by itself: an essential program has ended permanently, or, with
/// exit_when=all_exited, nothing runs or will run without a request. Only there if the configuration asks for one of
/// them.
class FinalEnd final : private Observer {
 public:
  /// `end` gets the exit status. It may come while programs are looked at.
  FinalEnd(ProcessContext& context, std::function<void(int status)> end);
  ~FinalEnd() override;
  FinalEnd(const FinalEnd&) = delete;
  FinalEnd& operator=(const FinalEnd&) = delete;

  /// Something has changed that is not the state of a program: looks soon.
  void changed() noexcept { look_.schedule(); }
  /// After a crash of a predecessor: what it had not come to.
  void review();

 private:
  struct Ended {
    const Process* program;
    bool failed;  ///< and not as expected or by request
  };
  void onStateChange(Process& program, const StateChange& change) override;
  void onGroupAdded(Group& group) override;
  void onGroupRemoved(Group& group) override;
  void onProcessRemoved(Process& program) override;
  void forget(const Process& program) noexcept;
  [[nodiscard]] bool isOver(const Process& program) const;
  void endWith(const Process& program);
  void look();

  ProcessContext& context_;
  std::function<void(int status)> end_;
  std::vector<Ended> ended_;  ///< in the order of their ends; may have some that run again
  core::Deferred look_;
};

}  // namespace process
