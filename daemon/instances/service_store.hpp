// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "daemon/instances/descriptor_store.hpp"
#include "lib/core/budget.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/notify.hpp"

namespace instances {

/// The name of a descriptor of an instance in systemd's store: "INSTANCE/NAME".
[[nodiscard]] std::string serviceName(const std::string& instance, std::string_view name);
/// The other way; two empty texts if it is not one.
[[nodiscard]] std::pair<std::string, std::string> fromServiceName(std::string_view name);

struct ServiceLimits {
  std::size_t most = 4096;  ///< FileDescriptorStoreMax= of the manager's unit
  /// Comparisons that systemd may have to make at a time, and per second: some 2 s of it, and a twentieth of the time.
  std::uint64_t comparisons = 10'000'000;
  std::uint64_t perSecond = 200'000;
};

/// Gives what is kept to systemd's store as well, so that it also outlives a crash of the manager. systemd compares
/// each descriptor with all that it has, so it gets a bounded number, and not at any rate: an owner can replace
/// descriptors all the time. What is beyond survives only a crash of its instance.
class ServiceStore final : public DescriptorStores::Listener {
 public:
  /// `stores` must outlive this, which listens to it. Does nothing without a service manager.
  ServiceStore(core::EventLoop& loop, DescriptorStores& stores, core::Notifier notifier,
               const ServiceLimits& limits = {});
  /// Waits until systemd has removed what it was asked to.
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
  [[nodiscard]] bool sendRemovals();
  void settle();
  core::Notifier::Sent store(const std::string& name);
  [[nodiscard]] int find(const std::string& name) const;

  DescriptorStores& stores_;
  core::Notifier notifier_;
  ServiceLimits limits_;
  core::Budget comparisons_;
  std::set<std::string> known_;
  std::set<std::string> stale_;    ///< of these systemd has an earlier descriptor
  std::set<std::string> changed_;  ///< of these it may have to get one
  std::string last_;               ///< of them
  core::Timer flush_;
  bool removed_ = false;  // something, by this process
  bool told_ = false;     // that there is more than systemd gets
};

}  // namespace instances
