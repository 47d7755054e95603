// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "instance/config/model.hpp"
#include "instance/output/ansi.hpp"
#include "instance/output/capture.hpp"
#include "instance/output/rotating_file.hpp"
#include "instance/process/observer.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

class Context;

/// One output channel of a program: from its pipe through capture and filter into its log, the system log, the
/// observers and (at level debug) the activity log.
class OutputChannel : private output::CaptureSplitter::Receiver {
 public:
  /// An AUTO log file is created here, so that its name is known before the program's first start.
  OutputChannel(Context& context, Process& program, Channel channel);
  ~OutputChannel() override;

  /// Opens the log file, if there is one.
  core::Status openLog();
  /// Starts to read `pipe`, which must be non-blocking.
  void attach(core::UniqueFd pipe);
  /// After the program's end: reads what is in the pipe now (a grandchild may hold it open and write on) and closes
  /// pipe and log.
  void finish() noexcept;

  /// nullptr if the channel has no log file.
  [[nodiscard]] output::RotatingFile* log() noexcept { return log_ ? &*log_ : nullptr; }

 private:
  [[nodiscard]] const config::LogSettings& settings() const noexcept;
  [[nodiscard]] bool speaksProtocol() const noexcept;
  void watch();
  void onReadable();
  std::size_t readOnce();
  void take(std::string_view bytes);
  void deliver(std::string_view bytes, bool captured);
  void onText(std::string_view bytes, bool captured) override;
  void onMessage(std::string_view message) override;

  Context& context_;
  Process& program_;
  std::optional<output::RotatingFile> log_;
  std::unique_ptr<output::CaptureSplitter> capture_;
  core::UniqueFd pipe_;
  std::optional<core::IoWatch> watch_;
  std::unique_ptr<core::Timer> pause_;  ///< of a listener's channel, at level debug
  output::AnsiFilter filter_;
  Channel channel_;
};

}  // namespace process
