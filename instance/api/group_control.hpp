// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "instance/api/method.hpp"
#include "instance/process/waits.hpp"

namespace process {
class Process;
}

namespace api {

class Waiters;

// One action for many programs; those in a state that it does not apply to are skipped. The outcome is an array of
// structs.
void startAll(Waiters& waiters, const std::vector<process::Process*>& programs, bool wait,
              core::Completion<MethodResult> done);
void stopAll(Waiters& waiters, const std::vector<process::Process*>& programs, bool wait,
             core::Completion<MethodResult> done, process::Along along = process::Along::All);
/// The same, with a result also for a program that does not run.
void stopThese(Waiters& waiters, const std::vector<process::Process*>& programs, bool wait,
               core::Completion<MethodResult> done, process::Along along);
void signalAll(const std::vector<process::Process*>& programs, const std::string& signal,
               core::Completion<MethodResult> done);

}  // namespace api
