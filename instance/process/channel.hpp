// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "instance/output/ansi.hpp"
#include "instance/output/capture.hpp"
#include "instance/output/outlet.hpp"
#include "instance/output/room_queue.hpp"
#include "instance/output/rotating_file.hpp"
#include "instance/process/late_reading.hpp"
#include "instance/process/observer.hpp"
#include "instance/state/state.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace config {
struct LogSettings;
}
namespace output {
class Lane;
}
namespace state {
class Incoming;
class Outgoing;
}  // namespace state

namespace process {

class ProcessContext;

/// One output channel of a program: from its pipe through capture and filter into its log, the system log, the
/// observers and (at level debug) the activity log.
///
/// While a target is full the pipe is not read, and the program waits, as it would without us. Its end does not wait:
/// what it left in the pipe is delivered later, and the next process of the program writes to the same pipe, so that
/// its output follows.
///
/// A pipe is read as soon as there is something in it. A program that writes fast is read after short pauses instead
/// (LateReading), where it makes no difference how its output is divided: it goes to a file, or nowhere.
class OutputChannel : private output::CaptureSplitter::Receiver, private output::RoomQueue::Waiter {
 public:
  /// An AUTO log file is created here, so that its name is known before the program's first start; that of a
  /// predecessor (`saved`) is there already.
  OutputChannel(ProcessContext& context, Process& program, Channel channel, const state::Channel* saved = nullptr);
  ~OutputChannel() override;

  /// The program has other settings, which differ in nothing but the limits of its log and its events.
  void settingsChanged() noexcept;
  /// Opens the log file, if there is one, and allocates what a process needs: nothing is allocated after its start.
  core::Status prepare();
  /// Our end of the pipe that the next process has to write to, since it is not read to its end; -1: it gets a new
  /// one.
  [[nodiscard]] int unreadPipe() const noexcept { return ended_.empty() ? -1 : pipe_.get(); }
  /// Starts to read `pipe`, which must be non-blocking; an invalid one means unreadPipe().
  void attach(core::UniqueFd pipe) noexcept;
  /// After the program's end: reads what is in the pipe now (a grandchild may hold it open and write on) and closes
  /// pipe and log; both are kept while a target is full. Also for a start that failed, with 0 for `pid`.
  void finish(pid_t pid) noexcept;
  /// Brings the log up to what the program has written until now: for a client that is about to read or to clear it.
  void catchUp() noexcept;
  /// Output of a command beside the program, which goes where its own goes.
  void add(std::string_view bytes) noexcept;
  /// Whether a target is full; then `waiter` waits for its room.
  bool await(output::RoomQueue::Waiter& waiter) const noexcept;
  /// Whether standard output of the program is a protocol, so that nothing else may come from this channel.
  [[nodiscard]] bool speaksProtocol() const noexcept;
  /// The program is removed: reads what is left whether there is room or not.
  void retire() noexcept;

  /// nullptr if the channel has no log file.
  [[nodiscard]] output::RotatingFile* log() noexcept { return log_ ? &*log_ : nullptr; }

  /// For a successor: where the channel is. The pipe goes to `outgoing`.
  [[nodiscard]] state::Channel save(state::Outgoing& outgoing) const;
  /// Adds the lanes whose bytes save() has.
  void addLanes(output::Lanes& lanes) const;
  /// Continues a predecessor's channel. Nothing is read before the loop runs, and before resume(). Fails if `saved`
  /// cannot be true.
  core::Status restore(const state::Channel& saved, state::Incoming& incoming);
  /// For a successor after a crash: handles again what its predecessor had read. The log skips what it has of it.
  void repeatRead(std::string_view bytes, const state::LogMark& before) noexcept;
  /// After all of the table was restored: reads what an ended process has left.
  void resume() noexcept;

 private:
  /// A process that has ended, with what it left in the pipe.
  struct Ended {
    pid_t pid;
    std::size_t left;
  };
  [[nodiscard]] const config::LogSettings& settings() const noexcept;
  [[nodiscard]] pid_t writer() const noexcept;
  void allocate();
  void watch() noexcept;
  void onReadable();
  void onRoom() noexcept override;
  [[nodiscard]] std::array<const output::Lane*, 3> lanes() const noexcept;
  [[nodiscard]] output::RoomQueue* eventRoom() const noexcept;
  bool awaitRoom() noexcept;
  [[nodiscard]] bool sharesLog() const noexcept;
  [[nodiscard]] bool mayReadLate() const noexcept;
  void readInTime();
  void readLate() noexcept;
  std::size_t readOnce() noexcept;
  void readEnded(bool all) noexcept;
  void leaveUnread(pid_t pid) noexcept;
  [[nodiscard]] ssize_t readPipe(std::span<char> buffer, const char*& bytes) noexcept;
  void touchIfStateful() noexcept;
  void endRun() noexcept;
  void close() noexcept;
  void closePipe() noexcept;
  void take(std::string_view bytes) noexcept;
  void handle(std::string_view bytes);
  [[nodiscard]] bool ofCurrent() const noexcept;
  void takeListeners(std::string_view bytes);
  void deliver(std::string_view bytes, bool captured);
  void onText(std::string_view bytes, bool captured) override;
  void onMessage(std::string_view message) override;

  ProcessContext& context_;
  Process& program_;
  std::optional<output::RotatingFile> log_;
  std::unique_ptr<output::Lane> systemLog_;
  std::unique_ptr<output::CaptureSplitter> capture_;
  core::UniqueFd pipe_;
  std::optional<core::IoWatch> watch_;       ///< from the first start on
  std::unique_ptr<core::Timer> pause_;       ///< of a listener's channel, at level debug
  std::unique_ptr<LateReading::Pipe> late_;  ///< while the program writes fast
  FlowMeter flow_;
  std::vector<Ended> ended_;  ///< the first ones to have written to the pipe
  output::AnsiFilter filter_;
  Channel channel_;
  bool live_ = false;    ///< a process has been started and not been reaped
  bool ending_ = false;  ///< in finish(): the program has not handled the end of its process yet
};

}  // namespace process
