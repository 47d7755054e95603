// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "instance/http/reply.hpp"
#include "instance/process/observer.hpp"
#include "instance/web/usage.hpp"
#include "lib/core/event_loop.hpp"

namespace process {
class Table;
}

namespace web {

/// The head of an answer that is a stream of events. It disables the buffering of proxies.
[[nodiscard]] http::Response eventStream();

/// The stream of events for the open pages (text/event-stream): a first message with every program, then changes, and
/// every two seconds memory and CPU. All pages share one source of events; without a page it is not subscribed and no
/// timer runs. A page of one program gets only the states of that program.
class Live final : public process::Observer {
 public:
  Live(core::EventLoop& loop, process::Table& table);
  ~Live() override;
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  /// Answers with the stream, of the program `only` if that is not empty.
  void attach(const http::Reply& reply, const std::string& only);

  void onStateChange(process::Process& program, const process::StateChange& change) override;
  void onHealth(process::Process& program, const process::HealthChange& change) override;
  void onGroupAdded(process::Group& group) override;
  void onGroupRemoved(process::Group& group) override;
  void onGroupChanged(process::Group& group) override { onGroupAdded(group); }
  void onProcessRemoved(process::Process& program) override;

 private:
  class Page;
  void detach(Page& page) noexcept;
  void flush();
  void sampleUsage();
  void broadcast(const std::string& message) noexcept;
  [[nodiscard]] bool anyWholePage() const noexcept;
  [[nodiscard]] std::string everything(const std::string& only) const;

  process::Table& table_;
  std::string life_;  ///< changes with a restart: pages that stay open then know that their forms are stale
  UsageSampler sampler_;
  std::unordered_map<pid_t, std::string> told_;  ///< the usage of each process that was sent last
  std::set<Page*> pages_;
  std::set<process::Process*> changed_;
  bool tableChanged_ = false;
  core::Deferred deferred_;
  core::Timer timer_;
  /// Null after the end of this: pages can live longer, with their connections.
  std::shared_ptr<Live*> self_;
};

}  // namespace web
