// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <vector>

#include "instance/api/method.hpp"
#include "instance/api/waiters.hpp"

namespace api {

/// Does one thing to one program; `done` takes its outcome, before it returns or later.
using Step = std::function<void(process::Process& program, core::Completion<Waiters::WaitResult> done)>;

/// Begins `step` for each program, in order and without waiting in between. The outcome, when all are done, is an array
/// of structs (name, group, status, description) in the order of `programs`, in whatever order they were done. A
/// program that fails is a result, not a fault of the call.
void forEachProgram(const std::vector<process::Process*>& programs, const Step& step,
                    core::Completion<MethodResult> done);

}  // namespace api
