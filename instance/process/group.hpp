// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "instance/output/outlet.hpp"
#include "instance/state/state.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace config {
struct GroupChange;
struct GroupConfig;
struct ProcessConfig;
}  // namespace config
namespace state {
class Incoming;
class Outgoing;
}  // namespace state

namespace process {

class ProcessContext;
class FcgiListener;
class Process;

/// A group of programs that were configured together.
class Group {
 public:
  using SavedPrograms = std::vector<const state::Program*>;
  using Programs = std::vector<std::shared_ptr<const config::ProcessConfig>>;

  Group(ProcessContext& context, std::shared_ptr<const config::GroupConfig> config);
  /// With the programs of a predecessor, which restore() continues. Throws nothing but std::bad_alloc.
  Group(ProcessContext& context, std::shared_ptr<const config::GroupConfig> config, const SavedPrograms& saved);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  [[nodiscard]] const config::GroupConfig& config() const noexcept { return *config_; }
  [[nodiscard]] const std::shared_ptr<const config::GroupConfig>& configPtr() const noexcept { return config_; }
  [[nodiscard]] const std::string& name() const noexcept;
  /// In start order.
  [[nodiscard]] const std::vector<std::unique_ptr<Process>>& processes() const noexcept { return processes_; }
  [[nodiscard]] Process* find(std::string_view name) const noexcept;
  /// Ascending priority; equal ones in start order.
  [[nodiscard]] std::vector<Process*> byPriority() const;
  /// Whether every program is stopped, exited, fatal or unknown.
  [[nodiscard]] bool stopped() const noexcept;

  /// Adds one program to the group as it runs; nullptr if the name is taken. Does not start it.
  Process* add(std::shared_ptr<const config::ProcessConfig> program);
  /// Takes a stopped program out.
  void remove(Process& program);
  /// What differs between the programs as they run and `now`, another configuration of this group. Programs that were
  /// added at run time and that `now` does not have stay.
  [[nodiscard]] config::GroupChange changeTo(const config::GroupConfig& now) const;
  /// For the table, in a turn: takes over `now`, of which changeTo() is `change` and not `whole`. Programs that it
  /// removes or restarts are stopped; restarted ones begin a new life with a new log. Starts nothing. On std::bad_alloc
  /// nothing has changed.
  void apply(std::shared_ptr<const config::GroupConfig> now, const config::GroupChange& change);
  /// Its configuration, with that of each of its programs as it runs.
  [[nodiscard]] config::GroupConfig asItRuns() const;
  /// For the table, in a turn: takes over `now`, which has other numbers of processes and is else the same, and adds
  /// `programs` of it. Starts nothing and stops nothing: what `now` does not have stays until it is removed. Returns
  /// what it has added. On std::bad_alloc nothing has changed.
  std::vector<Process*> rescale(const config::GroupConfig& now, const Programs& programs);
  /// The socket that a program of the group shares with others; nullptr if it has a pipe.
  [[nodiscard]] FcgiListener* socketFor(const config::ProcessConfig& program) noexcept;
  /// Whether every shared socket can be bound.
  [[nodiscard]] core::Status probeSockets();

  /// For an upgrade: all of the group but its configuration.
  void save(state::State& state, state::Outgoing& outgoing, output::Lanes& lanes) const;
  /// Only the shared sockets.
  void saveSockets(state::State& state, state::Outgoing& outgoing) const;
  /// Continues what the programs of `saved`, those of the constructor, did.
  core::Status restore(const SavedPrograms& saved, state::Incoming& incoming);
  /// Continues the shared socket of a predecessor; false: there is none in this place.
  bool restoreSocket(std::uint32_t place, core::UniqueFd socket, int users) noexcept;
  /// After a crash: continues the shared sockets that only processes of the group have.
  void recoverSockets();
  /// The same for one socket, if its processes have it and we do not. What fails is logged.
  void recover(FcgiListener& socket);

 private:
  void arrange(std::vector<std::unique_ptr<Process>>& programs, std::vector<Process*>& byName) noexcept;
  void makeSockets();
  Process* insert(std::unique_ptr<Process> program);
  [[nodiscard]] std::vector<Process*>::const_iterator position(std::string_view name) const noexcept;

  ProcessContext& context_;
  std::shared_ptr<const config::GroupConfig> config_;
  std::vector<FcgiListener> sockets_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<Process*> byName_;
};

}  // namespace process
