// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/api/method.hpp"
#include "instance/api/waiters.hpp"
#include "instance/process/waits.hpp"

namespace process {
class Process;
}

namespace api {

/// How long a stop without wait delays its answer for the end of the program. Clients ask for the state immediately
/// afterwards, and Supervisor is slow enough for most programs to have ended by then.
inline constexpr core::Duration kLastMoments = core::milliseconds(50);

/// The result for one program as the outcome of a call.
[[nodiscard]] MethodResult outcomeOf(Waiters::WaitResult result);
[[nodiscard]] core::Completion<Waiters::WaitResult> asOutcome(core::Completion<MethodResult> done);

/// It runs, or is started again without a request: what a stop can end.
[[nodiscard]] bool isActive(const process::Process& program) noexcept;

/// `name` is what faults call the program: as the client wrote it, or its full name in group calls. `done` is called
/// before these return, or when what is waited for has come.
void startProgram(Waiters& waiters, process::Process& program, const std::string& name, bool wait,
                  core::Completion<Waiters::WaitResult> done);
/// A program that waits for its start is not started any more.
void stopProgram(Waiters& waiters, process::Process& program, const std::string& name, bool wait,
                 core::Completion<Waiters::WaitResult> done, process::Along along = process::Along::All);
/// Waits for the end of a program, or (without `wait`) kLastMoments of it.
void awaitStop(Waiters& waiters, const process::Process& program, bool wait,
               core::Completion<Waiters::WaitResult> done);
/// The fault for a start that waits for what will not come: `obstacle` is that of the program.
[[nodiscard]] Waiters::WaitResult waitsInVain(const std::string& name, const std::string& obstacle);
/// The fault for a program whose start has failed. It has the reason if the program has a key that Supervisor does not
/// have: the start may then fail for many more reasons.
[[nodiscard]] Waiters::WaitResult startFailed(const std::string& name, const process::Process& program);
/// `signal` is a name, with or without SIG, or a number.
[[nodiscard]] Waiters::WaitResult signalProgram(process::Process& program, const std::string& name,
                                                const std::string& signal);

}  // namespace api
