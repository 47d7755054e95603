// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "instance/api/waiters.hpp"

namespace process {
class Process;
}

namespace api {

/// `name` is what faults call the program: as the client wrote it, or its full name in group calls. `told` is called at
/// once, or when what is waited for has come.
void startProgram(Waiters& waiters, process::Process& program, const std::string& name, bool wait,
                  const Waiters::Told& told);
void stopProgram(Waiters& waiters, process::Process& program, const std::string& name, bool wait,
                 const Waiters::Told& told);
/// `signal` is a name, with or without SIG, or a number.
[[nodiscard]] Waiters::WaitResult signalProgram(process::Process& program, const std::string& name,
                                                const std::string& signal);

}  // namespace api
