// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "instance/config/command_line.hpp"
#include "instance/config/model.hpp"
#include "lib/core/clock.hpp"
#include "lib/lifecycle/health.hpp"
#include "lib/lifecycle/machine.hpp"
#include "lib/lifecycle/schedule.hpp"

/// What one supervisord leaves to the program that replaces it: in the same process after an upgrade, in a new one
/// after a crash. Plain data; text.hpp turns it into text and back. Instants are those of CLOCK_MONOTONIC, which an
/// exec does not change. Descriptors are named, see descriptors.hpp; with an empty name there is none.
namespace state {

/// What a process that has ended left in the pipe that its successor writes to, too.
struct LeftOutput {
  pid_t pid = 0;
  std::uint64_t bytes = 0;
  bool operator==(const LeftOutput&) const = default;
};

/// A lane of a slow target: an unfinished line, and what waits for room.
struct Lane {
  std::string line;
  std::string backlog;
  std::optional<std::uint64_t> lost;  ///< bytes since the target last worked; nullopt: it works
  bool lostForRoom = false;           ///< the last ones, since the target was full
  bool operator==(const Lane&) const = default;
};

/// One output channel of a program.
struct Channel {
  std::string pipe;     ///< descriptor: our end
  std::string logPath;  ///< of an AUTO log, which is not created again; else empty
  bool live = false;    ///< a process writes to it
  bool logOpen = false;
  std::string logFile;        ///< descriptor, of an upgrade only: the log's file; empty: it is opened by its path
  std::int64_t rotateAt = 0;  ///< the size at which to try again, after a rotation that failed; 0: as configured
  std::vector<LeftOutput> left;
  int escape = 0;  ///< state of the filter of control sequences
  std::string captureHeld;
  std::string captured;
  bool capturing = false;
  Lane log;
  Lane systemLog;
  bool operator==(const Channel&) const = default;
};

/// The process group of a program that is being stopped.
struct Remains {
  bool begun = false;  ///< its leader has ended, with `waitStatus`
  int waitStatus = 0;
  pid_t session = 0;        ///< of the group
  core::Instant endedAt{};  ///< the leader
  core::Instant killAt{};   ///< of what it left behind: the next step; 0: the program's machine has the deadline
  bool killed = false;
  int step = 0;  ///< the last one
  bool operator==(const Remains&) const = default;
};

/// The notification socket of a program's process.
struct Notifications {
  std::string socket;  ///< descriptor
  std::string status;  ///< the last STATUS
  bool reloading = false;
  bool stopping = false;
  bool operator==(const Notifications&) const = default;
};

/// A command that runs beside a program.
struct SideCommand {
  pid_t pid = 0;  ///< 0: it could not be started, see `error`
  std::uint64_t startedAfter = 0;
  std::uint64_t startedBefore = 0;
  core::milliseconds limit{0};
  core::Instant due{};  ///< of the next stage; 0: there is none
  int stage = 0;        ///< 0: it runs, 1: SIGTERM was sent, 2: SIGKILL was sent
  bool timedOut = false;
  bool survives = false;
  std::string pipe;  ///< descriptor: our end of its output
  std::string error;
  bool operator==(const SideCommand&) const = default;
};

/// The health of a program.
struct Health {
  lifecycle::HealthSnapshot track;
  std::int64_t since = 0;
  std::optional<SideCommand> question;  ///< the present one
  bool operator==(const Health&) const = default;
};

/// The files that a program watches.
struct Watch {
  bool changed = false;  ///< one of them has changed, and nothing was done about it yet
  std::string path;      ///< what has changed last
  std::vector<std::pair<std::string, std::string>> seen;      ///< each path, and a mark of what it leads to
  std::vector<std::pair<std::string, std::string>> contents;  ///< paths of files, and a mark of what is in them
  bool operator==(const Watch&) const = default;
};

/// What has been seen of a start that is not ready yet.
struct Readiness {
  std::string pipe;                     ///< descriptor, of ready=fd:N
  bool met = false;                     ///< it is ready, and the machine does not know it yet
  std::string out;                      ///< the beginning of a line of standard output, of ready=log
  std::string err;                      ///< the same of standard error
  std::uint64_t device = 0;             ///< the file before the start, of ready=file
  std::uint64_t inode = 0;              ///< 0: there was none
  std::int64_t changed = 0;             ///< its ctime in nanoseconds
  std::optional<SideCommand> question;  ///< of ready=exec
  bool operator==(const Readiness&) const = default;
};

/// What a program waits for because of others.
struct Waits {
  bool start = false;    ///< to be started
  core::Instant due{};   ///< when its start_delay is over; the epoch: none has begun
  bool stop = false;     ///< to be stopped, when what depends on it has ended
  bool restart = false;  ///< of that only what has restart_with_dependencies
  bool operator==(const Waits&) const = default;
};

/// The commands around a program, while one of them runs or has failed.
struct Around {
  int phase = 0;  ///< 0: none, 1: exec_start_pre, 2: exec_start_post, 3: exec_stop, 4: exec_stop_post
  std::uint32_t next = 0;
  bool cancelled = false;
  std::string failure;
  bool ended = false;  ///< the program's process, with `waitStatus`
  int waitStatus = 0;
  core::Instant endedAt{};
  std::optional<int> failedStatus;  ///< of the exec_start_pre that has failed
  std::optional<SideCommand> command;
  bool operator==(const Around&) const = default;
};

/// The run_window of a program, as it was last looked at.
struct Window {
  bool open = true;
  std::int64_t change = 0;  ///< wall clock seconds of the next edge; 0: there is none
  bool operator==(const Window&) const = default;
};

/// One of the sockets that a program gets.
struct OpenSocket {
  std::string socket;        ///< descriptor; empty: it is closed
  std::uint64_t device = 0;  ///< of the file of a Unix socket, which is removed with it; else 0
  std::uint64_t inode = 0;
  bool operator==(const OpenSocket&) const = default;
};

/// The sockets of a program.
struct Activation {
  bool wanted = false;              ///< while the program does not run, connections start it
  bool cancelled = false;           ///< not any more, since it was stopped
  bool exhausted = false;           ///< connections have started it too often
  std::vector<OpenSocket> sockets;  ///< in the order of the configuration
  bool operator==(const Activation&) const = default;
};

/// One program. A program in the configuration of its group that has no record was removed at run time.
struct Program {
  std::string group;
  std::string name;
  std::uint32_t number = 0;  ///< unique in the life of the instance, ascending in a group: names its descriptors
  std::optional<config::ProcessConfig> config;  ///< nullopt: its group has it
  bool ofGroup = false;  ///< with `config`: it was not added at run time, its group has another configuration by now
  lifecycle::Snapshot machine;
  pid_t pid = 0;
  /// Between which times its process was started, in clock ticks since boot (as in /proc/PID/stat): whether the pid is
  /// still that process.
  std::uint64_t startedAfter = 0;
  std::uint64_t startedBefore = 0;
  bool foreign = false;  ///< a child of another process, which reaps it
  bool killed = false;
  std::int64_t startedAt = 0;
  std::int64_t stoppedAt = 0;
  std::optional<Remains> remains;
  std::optional<std::string> doomed;
  std::optional<Around> around;
  std::optional<SideCommand> reload;  ///< its reload_command runs
  std::optional<Waits> waits;
  std::optional<Notifications> notifications;
  std::optional<Readiness> readiness;
  std::optional<Health> health;
  std::optional<lifecycle::ScheduleSnapshot> schedule;
  std::optional<Watch> watch;
  std::optional<int> lastEnd;  ///< how its last process ended, of a program with keys of ours
  std::string input;           ///< descriptor: our end of standard input
  std::string inputPending;    ///< bytes that the pipe has not taken yet
  Channel out;
  std::optional<Channel> err;
  std::string credentials;  ///< the directory with its secrets; empty: there is none
  std::optional<Window> window;
  std::optional<Activation> activation;
  std::string controlGroup;  ///< the name of its group below ours; empty: it has none
  bool operator==(const Program&) const = default;
};

/// An event that waits, or that a listener works on.
struct Event {
  std::uint64_t serial = 0;
  std::string type;  ///< "PROCESS_LOG_STDOUT"
  std::string payload;
  std::string details;  ///< for listeners with event_details
  std::optional<std::string> sourceGroup;
  std::string sourceProcess;
  bool operator==(const Event&) const = default;
};

struct Delivery {
  std::uint64_t serial = 0;  ///< of the event
  std::uint64_t poolSerial = 0;
  bool operator==(const Delivery&) const = default;
};

/// The conversation with one listener.
struct Listener {
  std::string group;
  std::string name;
  int protocol = 30;                    ///< Supervisor's number: READY 10, BUSY 20, ACKNOWLEDGED 30, UNKNOWN 40
  std::string pending;                  ///< a part of READY, of a result line or of a result
  std::optional<std::uint64_t> length;  ///< of the result, once its line is read
  std::optional<Delivery> current;
  std::uint64_t processed = 0;
  std::optional<core::Instant> restartDue;
  std::int64_t backOff = 0;  ///< the last delay, in seconds
  bool restarting = false;
  bool operator==(const Listener&) const = default;
};

/// The queue of one [eventlistener:x].
struct Pool {
  std::string group;
  std::vector<Delivery> queue;
  std::uint64_t nextSerial = 0;
  std::uint64_t dropped = 0;
  std::int64_t pause = 0;  ///< after the last rejection, in nanoseconds
  std::optional<core::Instant> pausedUntil;
  bool operator==(const Pool&) const = default;
};

struct Events {
  std::uint64_t nextSerial = 0;
  std::uint64_t delivered = 0;
  std::array<std::optional<std::int64_t>, 3> ticks;  ///< the last slices of TICK_5, TICK_60 and TICK_3600
  std::vector<Event> events;
  std::vector<Pool> pools;
  std::vector<Listener> listeners;
  bool operator==(const Events&) const = default;
};

/// Bytes that a target (a pipe, a terminal, the system log) has not taken yet.
struct Unsent {
  std::string path;       ///< empty: the system log
  std::string name;       ///< of the writer, for messages: "log file /var/log/x.log"
  std::string prefix;     ///< in front of each line
  std::int64_t when = 0;  ///< they were written, in wall clock seconds
  std::string bytes;
  bool operator==(const Unsent&) const = default;
};

/// A log that a client follows.
struct Stream {
  std::string group;  ///< empty: the activity log
  std::string program;
  bool standardError = false;
  std::string file;         ///< descriptor: the log, which may have been rotated by now; one for all who follow it
  std::int64_t offset = 0;  ///< of the next byte, in that file
  bool operator==(const Stream&) const = default;
};

/// A client that is connected.
struct Connection {
  std::string socket;      ///< descriptor
  std::uint32_t gate = 0;  ///< place of its server in the configuration
  std::string peer;
  std::string head;        ///< of the request that is being read or answered, up to and with the empty line; else empty
  std::string received;    ///< of its body, or of the next requests
  std::uint64_t skip = 0;  ///< bytes of a refused body that are still to come
  std::string unsent;
  bool proven = false;
  bool closing = false;             ///< after what is unsent
  bool drain = false;               ///< when closing: the client may still be sending
  bool chunked = false;             ///< the stream
  std::optional<std::string> call;  ///< the body of a request that waits for its answer; empty if it was long
  std::optional<Stream> stream;
  bool operator==(const Connection&) const = default;
};

/// A listening socket of the HTTP server.
struct Server {
  std::string socket;        ///< descriptor
  std::uint32_t place = 0;   ///< in the configuration
  std::uint64_t device = 0;  ///< of the file of a Unix socket, which is removed with it; else 0
  std::uint64_t inode = 0;
  bool operator==(const Server&) const = default;
};

/// The listening socket of an fcgi-program's group.
struct SharedSocket {
  std::string group;
  std::uint32_t place = 0;  ///< in the configuration of the group
  std::string socket;       ///< descriptor
  int users = 0;
  bool operator==(const SharedSocket&) const = default;
};

/// supervisord itself.
struct Daemon {
  std::string version;              ///< of the program that wrote this
  pid_t pid = 0;                    ///< of the process that wrote this
  std::string notifySocket;         ///< NOTIFY_SOCKET, which is taken out of the environment at start; empty: none
  bool manager = false;             ///< a manager listens there
  bool store = false;               ///< who listens keeps descriptors
  std::optional<rlimit> fileLimit;  ///< of the programs, if it is not ours
  std::vector<std::string> environment;
  std::vector<std::string> arguments;  ///< of the process, for the next execve
  std::uint32_t nextNumber = 0;        ///< of the next program
  std::vector<std::string> kept;       ///< descriptors that who listens has; of an upgrade only
};

/// What number the descriptor of a name has in this process: an upgrade keeps its numbers.
struct Descriptor {
  std::string name;
  int fd = -1;
  bool operator==(const Descriptor&) const = default;
};

struct State {
  Daemon daemon;
  /// Parsed at the first start. Not again: its relative paths are of that time's directory, which may be gone by now.
  config::CommandLine commandLine;
  config::Configuration configuration;  ///< as it was read at the start of this life, without its groups
  /// As it was last read (a reread does not change servers, interfaces and the log), without its groups; nothing: the
  /// same.
  std::optional<config::Configuration> reread;
  /// The groups as they were last read: what `add` can add. Those that run as they were read are shared with `groups`.
  std::vector<config::GroupPtr> configured;
  std::vector<config::GroupPtr> groups;  ///< in the order of the table, as they run
  std::vector<Program> programs;
  std::vector<SharedSocket> sharedSockets;
  Events events;
  std::vector<Unsent> unsent;
  std::vector<Server> servers;
  std::vector<Connection> connections;
  std::vector<Descriptor> descriptors;  ///< of an upgrade
};

}  // namespace state
