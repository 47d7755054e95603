// SPDX-License-Identifier: MIT
#pragma once

#include <regex.h>

#include <memory>
#include <string>
#include <string_view>

#include "instance/process/readiness.hpp"

namespace process {

/// ready=log:PATTERN: the program has written a line that the pattern matches, complete with its end. Of a long line
/// the first 4096 bytes count.
class LogReadiness final : public Readiness {
 public:
  using Readiness::Readiness;

  core::Status beforeSpawn(LaunchExtras& extras) override;
  void onOutput(Channel channel, std::string_view bytes) noexcept override;

 private:
  struct FreePattern {
    void operator()(regex_t* pattern) const noexcept;
  };
  void beginLate() override;
  core::Status compile();
  void take(std::string& line, std::string_view bytes);
  [[nodiscard]] bool matches(std::string_view line) const noexcept;
  void stop() noexcept override;
  void saveSigns(state::Readiness& saved, state::Outgoing& outgoing) const override;
  void restoreSigns(const state::Readiness& saved, state::Incoming& incoming) override;

  std::unique_ptr<regex_t, FreePattern> pattern_;  ///< while the program starts
  std::string out_;                                ///< the beginning of a line
  std::string err_;                                ///< the same of standard error
};

}  // namespace process
