// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "tests/unit/process/bench.hpp"

/// One table after the other, each of which continues the one before, as the program after an upgrade does. What an
/// execve would end (the loop, the watches) stays behind, and is never turned or destroyed.
class Succession {
 public:
  ~Succession() {
    for (const auto& directory : directories_) (void)!::system(("rm -rf " + directory).c_str());
  }
  [[nodiscard]] Bench& now() const { return *bench_; }
  [[nodiscard]] process::Process& program(const std::string& group, const std::string& name) const {
    auto* const found = bench_->table.find(group, name);
    REQUIRE(found != nullptr);
    return *found;
  }
  [[nodiscard]] process::Process& program(const std::string& name) const { return program(name, name); }

  /// The state of now, with duplicates of the descriptors.
  [[nodiscard]] state::State save(state::Incoming& descriptors) const {
    state::State state;
    state::Outgoing outgoing;
    bench_->table.save(state, outgoing);
    for (const auto& [name, fd] : outgoing.all())
      descriptors.add(name, core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)));
    return state;
  }
  [[nodiscard]] state::State save() const {
    state::Incoming unused;
    return save(unused);
  }
  /// Goes over to the next table, which knows the same as the one before.
  void handOver(const process::SupervisorSettings& settings) {
    state::Incoming incoming;
    const auto state = save(incoming);
    start();
    now().table.apply(settings);
    REQUIRE(now().table.restore(state, incoming).has_value());
    const auto restored = save();
    CHECK(restored.programs == state.programs);
    CHECK(restored.sharedSockets == state.sharedSockets);
    CHECK(restored.unsent == state.unsent);
    CHECK(restored.daemon.nextNumber == state.daemon.nextNumber);
    CHECK(restored.groups == state.groups);
    now().table.resumed();
  }
  void handOver() { handOver(now().table.settings()); }
  /// A table that knows nothing, in place of the one before.
  void start() {
    static auto& left = *new std::vector<std::unique_ptr<Bench>>;
    directories_.push_back(bench_->directory());
    left.push_back(std::exchange(bench_, std::make_unique<Bench>()));
  }

 private:
  std::unique_ptr<Bench> bench_ = std::make_unique<Bench>();
  std::vector<std::string> directories_;
};
