// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "lib/core/clock.hpp"

namespace output {

/// Counts what a target did not take. Logs the first loss, and the number of lost bytes when the target works again or
/// the report is destroyed before that.
class LossReport {
 public:
  /// `name` begins the messages: "log file /var/log/x.log".
  explicit LossReport(std::string name) : name_(std::move(name)) {}
  ~LossReport();
  LossReport(const LossReport&) = delete;
  LossReport& operator=(const LossReport&) = delete;

  /// `code` is the errno; EAGAIN: the target is full and its reader slow; 0: the file is gone.
  void lost(int code, std::size_t bytes) noexcept;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Something was written. A full target counts as working again when it has lost nothing for a second: otherwise each
  /// line that it takes in between would be logged.
  void worked() noexcept;
  /// Bytes that were lost since the target last worked.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  /// Whether a loss was logged that is not over, and whether the last one was for lack of room: for a successor.
  [[nodiscard]] bool troubled() const noexcept { return troubled_; }
  [[nodiscard]] bool full() const noexcept { return full_; }
  /// Continues a predecessor's trouble, which has been logged.
  void restore(std::uint64_t bytes, bool full) noexcept;

 private:
  std::string name_;
  std::uint64_t bytes_ = 0;
  core::Instant last_{};
  bool troubled_ = false;  ///< the trouble was logged
  bool full_ = false;      ///< the last loss was for lack of room
};

}  // namespace output
