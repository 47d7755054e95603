// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ctl/supervisor-manager/program_counts.hpp"
#include "lib/core/result.hpp"

namespace manager {

/// A D-Bus error: its name and its text for users.
struct Failure {
  std::string name;
  std::string message;
};
template <class T>
using Answer = core::Result<T, Failure>;

/// A property's value, whatever its type: numbers keep their sign, a{su} is a table of counts.
using Value = std::variant<std::string, bool, std::int64_t, std::uint64_t, ProgramCounts>;
using Properties = std::map<std::string, Value>;
/// The value as text for users; "" if there is no such property.
[[nodiscard]] std::string textOf(const Properties& properties, const std::string& name);
/// An unsigned number; 0 if there is no such property or it has another type.
[[nodiscard]] std::uint64_t numberOf(const Properties& properties, const std::string& name);

struct InstanceRow {
  std::string name, user, state, subState;
  std::uint32_t mainPid = 0;
  bool enabled = false;
  std::string reason;
  std::string path;
};
struct ProgramRow {
  std::string name, state;
  std::uint32_t pid = 0;
  std::string description;  ///< why it is in trouble, or when it ended; may be empty
};
struct ChangeRow {
  std::string instance, action;
  std::vector<std::string> details;
};
struct ComplaintRow {
  std::string file;
  std::uint32_t line = 0;
  std::string section, key, reason;
};

using EntryKeys = std::map<std::string, std::string>;
using Argument = std::variant<std::string, std::int32_t, bool, std::vector<std::string>, EntryKeys>;
/// A call of the manager whose reply has no result, or none that is used.
struct Call {
  std::string method;
  std::vector<Argument> arguments;
  bool mayAsk = true;  ///< polkit may ask the user, if Target::interactive
};

/// The content of a signal. `properties` are the new values of PropertiesChanged.
struct Event {
  enum class Kind { Changed, Added, Removed, Program };
  Kind kind = Kind::Changed;
  std::string instance;
  Properties properties;
  ProgramRow program;
};

struct Target {
  std::string address;       ///< of the bus; empty: the system bus
  std::string host;          ///< the system bus of another machine, over ssh; empty: here
  bool interactive = false;  ///< let polkit ask the user
};

/// The manager, called over D-Bus. Only its .cpp file uses sdbus-c++.
class Client {
 public:
  [[nodiscard]] static Answer<std::unique_ptr<Client>> connect(const Target& target);
  ~Client();

  [[nodiscard]] Answer<std::vector<InstanceRow>> list();
  [[nodiscard]] Answer<Properties> managerProperties();
  [[nodiscard]] Answer<Properties> instanceProperties(const std::string& path);
  [[nodiscard]] Answer<std::vector<ProgramRow>> programs(const std::string& name);
  /// The counts of each running instance that has reported its programs.
  [[nodiscard]] Answer<std::map<std::string, ProgramCounts>> programCounts();
  /// The end of a program's output, for root and the owner. Never asks for a password.
  [[nodiscard]] Answer<std::string> programLog(const std::string& name, const std::string& program);
  /// Details of the last failure that concern the instance's own files, for root and the owner; "" if there are none.
  /// Never asks for a password.
  [[nodiscard]] Answer<std::string> failureDetails(const std::string& name);
  [[nodiscard]] Answer<std::vector<ChangeRow>> reload();
  struct Plan {
    std::vector<ChangeRow> changes;
    std::vector<ComplaintRow> refused;
    std::vector<ComplaintRow> warnings;
  };
  [[nodiscard]] Answer<Plan> plan();
  [[nodiscard]] Answer<std::vector<ComplaintRow>> complaints(bool refused);
  /// The warnings about the configuration of an instance.
  [[nodiscard]] Answer<std::vector<std::string>> check(const std::string& name);

  /// Called after each reply with the number of replies so far.
  using Progress = std::function<void(std::size_t answered)>;
  /// Makes all calls, several in parallel, and waits for every reply. The result has one entry per call, in the same
  /// order; nullopt is success.
  [[nodiscard]] std::vector<std::optional<Failure>> run(const std::vector<Call>& calls, const Progress& progress = {});
  [[nodiscard]] std::optional<Failure> run(const Call& call) { return run(std::vector{call}).front(); }

  /// Makes the manager replace itself with the installed program; returns when that one owns the bus name.
  [[nodiscard]] std::optional<Failure> reexecute();

  /// Calls `event` for every event until it returns false or the connection is lost.
  [[nodiscard]] std::optional<Failure> watch(const std::function<bool(const Event&)>& event);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace manager
