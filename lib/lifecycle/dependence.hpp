// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/lifecycle/state.hpp"

/// Which programs need which others: pure, without a clock and without processes.
namespace lifecycle {

/// What a program needs another one to be before it is started.
enum class Condition : std::uint8_t {
  Started,  ///< it has a process, or has done its work
  Running,  ///< RUNNING; a oneshot program: EXITED with an expected code
  Ready,    ///< the same: RUNNING begins when a program is ready
  Healthy,  ///< RUNNING, and its health check or watchdog has found it healthy
  Exited,   ///< EXITED with an expected code
};

/// What a program depends on, as it is written.
struct Dependence {
  std::string group;    ///< empty: the name of a program was written alone
  std::string program;  ///< with a group also a pattern, as of the shell
  Condition condition = Condition::Running;
  bool operator==(const Dependence&) const = default;
};
/// "group:program", or "program".
[[nodiscard]] std::string toText(const Dependence& dependence);

/// What counts of a program for others that depend on it.
struct Standing {
  ProcessState state = ProcessState::Stopped;
  bool oneshot = false;
  bool expected = false;  ///< EXITED: with one of the expected codes
  bool healthy = false;
};
[[nodiscard]] bool meets(Condition condition, const Standing& standing) noexcept;
/// Whether a program with this condition needs the other one as long as it runs itself, so that it is stopped first.
[[nodiscard]] bool lasts(Condition condition, bool oneshot) noexcept;

/// The place of a program. The texts must outlive it.
struct Place {
  std::string_view group;
  std::string_view program;
};
/// "group:program", or "program" if both are the same.
[[nodiscard]] std::string toText(const Place& place);

/// Finds programs by what is written in a dependence.
class Directory {
 public:
  explicit Directory(std::vector<Place> places);
  [[nodiscard]] const std::vector<Place>& places() const noexcept { return places_; }
  /// The programs that are meant, as indices in places(). A name alone is the program of the group of that name, or all
  /// programs of that group, or else a program of any group. Fails, with the reason, if there is none, or if the name
  /// alone means programs of several groups.
  [[nodiscard]] core::Expected<std::vector<std::uint32_t>> find(const Dependence& dependence) const;

 private:
  using Index = std::unordered_map<std::string_view, std::vector<std::uint32_t>>;
  [[nodiscard]] core::Err<core::Error> unknown(const Dependence& dependence) const;

  std::vector<Place> places_;
  Index byGroup_;
  Index byProgram_;
};

/// Who depends on whom. Nodes are numbers from 0 on.
class Graph {
 public:
  using Node = std::uint32_t;
  struct Edge {
    Node to;
    Condition condition;
  };
  /// Whether an edge of `from` counts.
  using Counts = std::function<bool(Node from, const Edge& edge)>;

  explicit Graph(std::size_t nodes = 0) : needs_(nodes), dependents_(nodes) {}
  /// `node` depends on `on`.
  void add(Node node, Node on, Condition condition);

  [[nodiscard]] std::span<const Edge> needs(Node node) const noexcept { return needs_[node]; }
  /// Those that depend on `node`, each with its own condition.
  [[nodiscard]] std::span<const Edge> dependents(Node node) const noexcept { return dependents_[node]; }
  /// All that `node` needs, also indirectly, each behind what it needs itself.
  [[nodiscard]] std::vector<Node> allNeeds(Node node, const Counts& counts) const;
  /// All that depend on `node`, also indirectly, each behind those that depend on it.
  [[nodiscard]] std::vector<Node> allDependents(Node node, const Counts& counts) const;
  /// A cycle, beginning and ending with the same node; empty: there is none.
  [[nodiscard]] std::vector<Node> cycle() const;

 private:
  using Edges = std::vector<std::vector<Edge>>;

  Edges needs_;
  Edges dependents_;
};

}  // namespace lifecycle
