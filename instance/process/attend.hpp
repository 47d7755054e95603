// SPDX-License-Identifier: MIT
#pragma once

#include "instance/process/attendants.hpp"
#include "instance/process/process.hpp"

namespace process {

/// Calls each attendant; for the files of Process.
template <class Call>
void Process::attend(const Call& call) const {
  if (!attendants_) return;
  for (const auto& one : attendants_->all) call(*one);
}

}  // namespace process
