// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace handover {

// The environment of a program that takes over in the same process. It removes them first of all.
inline constexpr const char* kStateVariable = "SUPERVISORD_STATE";              ///< the descriptor of the state
inline constexpr const char* kPredecessorVariable = "SUPERVISORD_PREDECESSOR";  ///< the descriptor of the old program
inline constexpr const char* kRefusedVariable = "SUPERVISORD_REFUSED";  ///< why the new program gave back the process

/// The path of the program that is installed where ours was; empty without /proc.
[[nodiscard]] std::string installedProgram();

/// The state of one instant, sealed, and what goes with it.
struct Document {
  core::UniqueFd file;
  std::vector<int> descriptors;  ///< that it names; they are not ours
  std::vector<std::string> arguments;
};

/// Saves and writes the state. The error is for people.
[[nodiscard]] core::Expected<Document> writeDocument(const std::function<state::State(state::Outgoing&)>& save);

/// Executes `program` in this process, with the document and its descriptors. Returns only if that fails: then nothing
/// has changed.
[[nodiscard]] core::Error becomeSuccessor(const std::string& program, const Document& document);

}  // namespace handover
