// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/supervisorctl/process_info.hpp"

namespace ctl {

/// A line to complete, split at the cursor.
struct CompletionRequest {
  std::vector<std::string> before;  ///< finished words, the command first
  std::string word;                 ///< the one to complete, up to the cursor
};

[[nodiscard]] CompletionRequest splitForCompletion(std::string_view line);
/// True: the candidates depend on the processes of the server.
[[nodiscard]] bool needsProcesses(const CompletionRequest& request);
/// Every candidate that begins with the word, without a trailing blank.
[[nodiscard]] std::vector<std::string> candidates(const CompletionRequest& request,
                                                  const std::vector<ProcessInfo>& processes);

}  // namespace ctl
