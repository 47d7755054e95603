// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/core/clock.hpp"
#include "lib/core/expansion.hpp"
#include "lib/core/result.hpp"
#include "lib/dialect/probe_target.hpp"

namespace config {

class SectionReader;

/// Whose messages a program's notification socket takes: nobody's (there is no socket), those of the program's own
/// process, or those of every process of its process group.
enum class NotifyAccess : std::uint8_t { None, Main, All };

/// When a program that was started is ready.
struct Readiness {
  enum class Kind : std::uint8_t { None, Notify, Descriptor, Log, File, Probe };
  Kind kind = Kind::None;  ///< None: after startsecs, as in Supervisor
  NotifyAccess access = NotifyAccess::None;
  bool showStatus = false;             ///< the program's STATUS is part of its description
  int descriptor = -1;                 ///< Descriptor: its number in the program
  std::string place;                   ///< Log: the regular expression; File: the path
  core::milliseconds timeout{90'000};  ///< 0: none
  ProbeTarget probe;                   ///< Probe
  core::milliseconds interval{500};    ///< Probe: between an answer and the next question

  bool operator==(const Readiness&) const = default;
  /// Whether both wait for the same sign.
  [[nodiscard]] bool sameSign(const Readiness& other) const noexcept {
    return kind == other.kind && descriptor == other.descriptor && place == other.place && probe == other.probe;
  }
};

/// Reads ready, ready_timeout, ready_interval, notify_access and notify_status.
void readReadiness(SectionReader& in, const core::Names& names, Readiness& readiness);

/// Whether the kind and its values go together, as those that were read always do.
[[nodiscard]] bool isPossible(const Readiness& readiness) noexcept;

/// An extended regular expression of POSIX that can be compiled and matched in bounded time and memory: at most 256
/// bytes, no references back, and repetitions whose counts multiply to at most 1000.
[[nodiscard]] core::Status checkPattern(const std::string& pattern);

}  // namespace config
