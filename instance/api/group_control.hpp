// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "instance/api/method.hpp"

namespace process {
class Process;
}

namespace api {

class Waiters;

// One thing for many programs; those that are in no state for it are passed over. The outcome is an array of structs.
void startAll(Waiters& waiters, const std::vector<process::Process*>& programs, bool wait,
              core::Completion<MethodResult> done);
void stopAll(Waiters& waiters, const std::vector<process::Process*>& programs, bool wait,
             core::Completion<MethodResult> done);
void signalAll(const std::vector<process::Process*>& programs, const std::string& signal,
               core::Completion<MethodResult> done);

}  // namespace api
