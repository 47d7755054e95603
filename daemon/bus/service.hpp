// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/instances/manager.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"

/// The manager on D-Bus: objects, authorization, signals. All logic is the instances::Manager's.
namespace bus {

struct ServiceOptions {
  std::string address;  ///< of the bus; empty: the system bus
  std::string version;  ///< value of the property Version
  /// Lost the D-Bus connection. Called once; instances are not touched. The system's manager then exits with a failure,
  /// is restarted by systemd and adopts its instances.
  std::function<void(const std::string& why)> lost;
  /// The bus does not read what the manager sends, and may never do so. Called again and again while it does not; a
  /// service that is opened instead of this one has a new connection.
  std::function<void()> blocked;
  /// The connection of an earlier service of this process that was blocked; "": none.
  std::string replaced;
};

/// Serves `manager` on the bus as long as it lives. Both must outlive it.
class Service {
 public:
  /// Connects and publishes the objects; the name is not taken yet. Fails if the bus is not there.
  [[nodiscard]] static core::Expected<std::unique_ptr<Service>> open(core::EventLoop& loop, instances::Manager& manager,
                                                                     ServiceOptions options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Takes the name org.supervisormanager1: the last step of a start. Fails if another process has it or the bus's
  /// policy forbids it.
  [[nodiscard]] core::Status takeName();
  /// Whether the bus at an address answers a new client; blocks as long as it does not.
  [[nodiscard]] static bool answers(const std::string& address);
  /// The unique name of its connection.
  [[nodiscard]] std::string connectionName() const;

 private:
  class Impl;
  explicit Service(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bus
