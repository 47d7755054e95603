// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>

#include "daemon/instances/descriptor_store.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/notify.hpp"

namespace instances {

/// The name of a descriptor of an instance in systemd's store: "INSTANCE/NAME".
[[nodiscard]] std::string serviceName(const std::string& instance, std::string_view name);
/// The other way; two empty texts if it is not one.
[[nodiscard]] std::pair<std::string, std::string> fromServiceName(std::string_view name);

/// Gives what is kept to systemd's store as well, so that it also outlives a crash of the manager. systemd compares
/// each descriptor with all that it has, so it gets a bounded number; what is beyond survives only a crash of its
/// instance.
class ServiceStore final : public DescriptorStores::Listener {
 public:
  /// FileDescriptorStoreMax= of the manager's unit.
  static constexpr std::size_t kMost = 4096;

  /// `stores` must outlive this, which listens to it. Does nothing without a service manager.
  ServiceStore(core::EventLoop& loop, DescriptorStores& stores, core::Notifier notifier, std::size_t most = kMost);
  /// Waits until systemd has closed what it was told to.
  ~ServiceStore() override;
  ServiceStore(const ServiceStore&) = delete;
  ServiceStore& operator=(const ServiceStore&) = delete;

  /// What systemd has from an earlier program of the manager: what of it is not kept here is removed.
  void setKnown(std::set<std::string> names);
  /// What it has now.
  [[nodiscard]] const std::set<std::string>& known() const noexcept { return known_; }
  bool pass(int until) override;

 private:
  void kept(const std::string& instance, const std::string& name) override;
  void dropped(const std::string& instance, const std::string& name) override;
  void changed(std::string name);
  void flush();
  void settle();
  core::Notifier::Sent send(const std::string& name);
  [[nodiscard]] int find(const std::string& name) const;

  DescriptorStores& stores_;
  core::Notifier notifier_;
  std::size_t most_;
  std::set<std::string> known_;
  std::set<std::string> changed_;
  core::Timer flush_;
  bool removed_ = false;  // something, by this process
  bool told_ = false;     // that there is more than systemd gets
};

}  // namespace instances
