// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "instance/process/observer.hpp"
#include "instance/process/waits.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/lifecycle/dependence.hpp"

namespace process {

class ProcessContext;

/// The order in which programs are started and stopped: starts that wait for other programs (depends_on) or for their
/// start_delay, stops that wait for dependent programs, restarts with a dependence. A table has one if a program uses
/// these keys. What waits is noted in each program (Waits), and continues when a program changes its state.
class Order final : private Observer {
 public:
  explicit Order(ProcessContext& context);
  ~Order() override;
  Order(const Order&) = delete;
  Order& operator=(const Order&) = delete;

  /// There is another program.
  void joined() noexcept;
  /// A program is gone.
  void forget(const Process& program) noexcept;

  /// `program` is to be started: asked for by somebody, which also starts what it needs, or by itself. True: it waits.
  [[nodiscard]] bool postponesStart(Process& program, bool asked);
  /// It is not to be started any more.
  void withdraw(Process& program);
  /// `program` is to be stopped. True: it waits for others, whose stop has begun. They start again when it does.
  [[nodiscard]] bool postponesStop(Process& program, Along along);

  /// The names of what is missing for its start.
  [[nodiscard]] std::vector<std::string> missing(const Process& program);
  /// "waiting for db, cache", and which of them must not be started by itself now.
  [[nodiscard]] std::string waitText(const Process& program);
  /// What will not come by itself, so that the start waits for ever: "db, which is FATAL"; nullopt: nothing.
  [[nodiscard]] std::optional<std::string> obstacle(const Process& program);
  /// The same for all that wait for their start. In time linear in the number of programs and dependences.
  [[nodiscard]] std::unordered_map<const Process*, std::string> obstacles();
  /// `programs` and, of those that depend on them, what `along` takes along and what runs: dependent ones first.
  [[nodiscard]] std::vector<Process*> inStopOrder(const std::vector<Process*>& programs, Along along);
  /// `programs`, each behind what it depends on.
  [[nodiscard]] std::vector<Process*> inStartOrder(const std::vector<Process*>& programs);

  /// When the start_delay of a program that waits is over; nullopt: none has begun.
  [[nodiscard]] std::optional<core::Instant> startDue(const Process& program) const noexcept;
  void restoreDelay(const Process& program, core::Instant due) { delays_[&program] = due; }
  /// The deadline of a program has passed.
  void due(Process& program);

 private:
  using Node = lifecycle::Graph::Node;
  using Edge = lifecycle::Graph::Edge;
  [[nodiscard]] std::optional<std::string> dead(Node node) const;
  [[nodiscard]] std::optional<std::string> lacks(Node node) const;
  [[nodiscard]] bool isBusyNode(Node node) const noexcept;

  void onStateChange(Process& program, const StateChange& change) override;
  void onHealth(Process& program, const HealthChange& change) override;
  void refresh();
  void connect(const lifecycle::Directory& directory);
  void addNeeds(Node node, const lifecycle::Directory& directory);
  void reviewAll();
  [[nodiscard]] std::optional<Node> nodeOf(const Process& program);
  [[nodiscard]] bool met(const Edge& need) const noexcept;
  [[nodiscard]] bool isMissing(Node node) const noexcept;
  [[nodiscard]] lifecycle::Graph::Counts taken(Along along) const;
  [[nodiscard]] bool hasBusyDependents(Node node, Along along) const;
  void startNeeded(Process& program, Node node);
  void begin(Process& program);
  void review(Node node);
  void release(Process& program);
  void takeAlong(Process& program, Node node, Along along);
  void restartDependents(Node node);
  void stopIfFree(Node node);

  ProcessContext& context_;
  bool stale_ = true;  ///< the following three are not of the present programs
  std::vector<Process*> programs_;
  std::unordered_map<const Process*, Node> nodes_;
  lifecycle::Graph graph_;
  std::unordered_map<Node, std::vector<std::string>> unknown_;  ///< names that no program has, or no longer
  std::unordered_map<const Process*, core::Instant> delays_;    ///< when each start_delay is over
  core::Deferred look_;
};

}  // namespace process
