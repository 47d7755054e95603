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

/// A D-Bus error: its name and the text for people.
struct Failure {
  std::string name;
  std::string message;
};
template <class T>
using Answer = core::Result<T, Failure>;

/// A property's value, whatever its type: numbers keep their sign, a{su} is a table of counts.
using Value = std::variant<std::string, bool, std::int64_t, std::uint64_t, ProgramCounts>;
using Properties = std::map<std::string, Value>;
/// The value as people read it; "" if there is no such property.
[[nodiscard]] std::string textOf(const Properties& properties, const std::string& name);
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
  std::string description;  ///< why it is in trouble, or when it ended; empty: nothing to say
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
/// A method of the manager whose reply carries nothing that is looked at.
struct Call {
  std::string method;
  std::vector<Argument> arguments;
  bool mayAsk = true;  ///< polkit may ask the user, if Target::interactive
};

/// What a signal told. `properties` are the new values of PropertiesChanged.
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

/// The manager, over its bus. The only part that knows sdbus-c++.
class Client {
 public:
  [[nodiscard]] static Answer<std::unique_ptr<Client>> connect(const Target& target);
  ~Client();

  [[nodiscard]] Answer<std::vector<InstanceRow>> list();
  [[nodiscard]] Answer<Properties> managerProperties();
  [[nodiscard]] Answer<Properties> instanceProperties(const std::string& path);
  [[nodiscard]] Answer<std::vector<ProgramRow>> programs(const std::string& name);
  /// Of each instance that runs and has told of its programs.
  [[nodiscard]] Answer<std::map<std::string, ProgramCounts>> programCounts();
  /// The end of what a program wrote, for root and the owner. Nobody is asked for a password for that.
  [[nodiscard]] Answer<std::string> programLog(const std::string& name, const std::string& program);
  /// What the last failure has to do with the instance's files, for root and the owner; "" if there is nothing to say.
  /// Nobody is asked for a password for that.
  [[nodiscard]] Answer<std::string> failureDetails(const std::string& name);
  [[nodiscard]] Answer<std::vector<ChangeRow>> reload();
  struct Plan {
    std::vector<ChangeRow> changes;
    std::vector<ComplaintRow> refused;
    std::vector<ComplaintRow> warnings;
  };
  [[nodiscard]] Answer<Plan> plan();
  [[nodiscard]] Answer<std::vector<ComplaintRow>> complaints(bool refused);
  /// What is doubtful about the configuration of an instance.
  [[nodiscard]] Answer<std::vector<std::string>> check(const std::string& name);

  /// Told how many calls have been answered.
  using Progress = std::function<void(std::size_t answered)>;
  /// Makes all calls, some at a time, and waits for every reply; one outcome a call, nullopt for success.
  [[nodiscard]] std::vector<std::optional<Failure>> run(const std::vector<Call>& calls, const Progress& progress = {});
  [[nodiscard]] std::optional<Failure> run(const Call& call) { return run(std::vector{call}).front(); }

  /// Lets the manager replace its program; returns when the next one has taken the name.
  [[nodiscard]] std::optional<Failure> reexecute();

  /// Tells every event until `event` returns false or the bus is lost.
  [[nodiscard]] std::optional<Failure> watch(const std::function<bool(const Event&)>& event);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace manager
