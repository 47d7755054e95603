// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace handover {

/// What a predecessor in this process left when it executed this program. Until accept() the process can be given back
/// to it: those descriptors of the state that it knows stay open.
class Legacy {
 public:
  /// Whether a predecessor left something: its variables are in the environment.
  [[nodiscard]] static bool announced() noexcept;
  /// Takes the variables out of the environment. `arguments` are those of this process.
  explicit Legacy(std::vector<std::string> arguments);

  /// Reads the state. The error is for people.
  [[nodiscard]] core::Status read();
  /// This program continues: logs that, and forgets the predecessor.
  void accept();
  /// Forgets the state, which is used up, and closes the descriptors that nobody took.
  void clear() noexcept;
  /// Executes the predecessor again, which continues and says `why`. Returns only if there is none (it refused, too),
  /// or if it cannot be executed: the reason, for people.
  [[nodiscard]] core::Error giveBack(const std::string& why);

  /// Why an upgrade that this program began came back to it; nullopt: this is the new program.
  [[nodiscard]] std::optional<std::string> refused() const;

  state::State state;
  state::Incoming descriptors;

 private:
  [[nodiscard]] core::Status takeDescriptors();

  std::vector<std::string> arguments_;
  std::string document_, refusal_;
  core::UniqueFd file_, predecessor_;
  std::vector<int> originals_;  ///< that the state names, open until accept()
};

}  // namespace handover
