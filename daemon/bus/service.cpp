// SPDX-License-Identifier: MIT
#include "daemon/bus/service.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <set>

#include "daemon/bus/call_filter.hpp"
#include "daemon/bus/instance_objects.hpp"
#include "daemon/bus/loop_bus.hpp"
#include "daemon/bus/manager_object.hpp"
#include "daemon/bus/names.hpp"
#include "daemon/bus/program_signals.hpp"
#include "daemon/bus/raw_bus.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace bus {

namespace {

std::unique_ptr<sdbus::IConnection> connect(const std::string& address) {
  return address.empty() ? sdbus::createSystemBusConnection() : connectTo(address);
}

}  // namespace

/// Collects changes and signals them once per turn of the loop; while many programs change, their numbers once per
/// pause, together with the signals of the programs. Objects appear immediately but are removed in the next turn: a
/// removal may be the result of a method of the very object, which is still running.
class Service::Impl final : public instances::Observer {
 public:
  Impl(core::EventLoop& loop, instances::Manager& manager, std::shared_ptr<sdbus::IConnection> connection,
       ServiceOptions options)
      : manager_(manager),
        connection_(std::move(connection)),
        replaced_(std::move(options.replaced)),
        rawBus_(*connection_),
        filter_(rawBus_, ::geteuid()),
        loopBus_(loop, *connection_, rawBus_,
                 {std::move(options.lost), std::move(options.blocked), [this] { filter_.served(); }}),
        methods_(connection_, manager_, ::geteuid()),
        objects_(methods_, rawBus_, loopBus_),
        managerObject_(methods_, std::move(options.version)),
        programs_(
            loop, [this](const auto& instance, const auto& program) { emit(instance, program); },
            [this] { return rawBus_.takesSignals(); }),
        telling_(loop, [this] { tell(); }),
        again_(
            loop, [this] { tell(); }, core::milliseconds(5)) {
    for (const auto& name : manager_.names()) objects_.add(name);
    managerObject_.update(summary());
    manager_.addObserver(this);
  }
  ~Impl() override { manager_.removeObserver(this); }

  void instanceAdded(const std::string& name) override {
    guarded([&] { objects_.add(name); });
    instanceChanged(name);  // its object may be one that was scheduled for removal
  }
  void instanceRemoved(const std::string& name) override {
    removed_.insert(name);
    programs_.forget(name);
    telling_.schedule();
  }
  void instanceChanged(const std::string& name) override {
    changed_.insert(name);
    telling_.schedule();
  }
  void programChanged(const std::string& instance, const instances::ProgramStatus& program) override {
    programs_.add(instance, program);
  }
  void reloading(bool active) override {
    reloading_ = active;
    guarded([&] { managerObject_.emitReloading(active); });
    telling_.schedule();
  }

  void takeName() {
    if (!replaced_.empty()) rawBus_.waitForEndOf(replaced_);
    connection_->requestName(ServiceName(kServiceName));
  }
  [[nodiscard]] std::string connectionName() const { return connection_->getUniqueName(); }

 private:
  /// A signal that fails only affects listeners: the change itself has happened. LoopBus notices a lost connection.
  template <class F>
  void guarded(F&& send) {
    try {
      send();
    } catch (const sdbus::Error& error) {
      logging::error("D-Bus: a signal could not be sent: {}", error.getMessage());
    }
  }

  void emit(const std::string& instance, const instances::ProgramStatus& program) {
    guarded([&] {
      managerObject_.emitProgramStateChanged(
          instance, core::toUtf8(program.name), core::toUtf8(program.state), static_cast<std::uint32_t>(program.pid),
          sdbus::ObjectPath{instancePath(instance)}, core::toUtf8(program.description));
    });
  }

  void tell() {
    if (!rawBus_.takesSignals()) return again_.armIn(ProgramSignals::kPause);
    const auto now = core::Clock::now();
    const bool patient = now < told_ + ProgramSignals::kPause;
    if (!patient) {
      told_ = now;
      changed_.merge(patient_);
    }
    for (const auto& name : std::exchange(removed_, {}))
      if (!manager_.get(name)) guarded([&] { objects_.remove(name); });
    const auto changed = std::exchange(changed_, {});
    for (const auto& name : changed)
      guarded([&] {
        if (objects_.update(name, patient)) patient_.insert(name);
      });
    if (!patient_.empty()) again_.arm(told_ + ProgramSignals::kPause);
    guarded([&] { managerObject_.update(summary()); });
  }

  [[nodiscard]] ManagerSummary summary() const {
    const auto& counts = objects_.counts();
    return {counts.all,
            counts.running,
            counts.failed,
            counts.troubled,
            static_cast<std::uint32_t>(manager_.refused().size()),
            reloading_};
  }

  instances::Manager& manager_;
  std::shared_ptr<sdbus::IConnection> connection_;
  std::string replaced_;
  RawBus rawBus_;
  CallFilter filter_;
  LoopBus loopBus_;
  BusMethods methods_;
  InstanceObjects objects_;
  ManagerObject managerObject_;
  ProgramSignals programs_;
  std::set<std::string> changed_;
  std::set<std::string> removed_;
  std::set<std::string> patient_;  ///< instances of which only the numbers of programs have changed
  core::Instant told_{};           ///< when those were signalled last
  bool reloading_ = false;
  core::Deferred telling_;
  core::Timer again_;  ///< tells later what waits, or the bus does not take now
};

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() = default;

core::Expected<std::unique_ptr<Service>> Service::open(core::EventLoop& loop, instances::Manager& manager,
                                                       ServiceOptions options) {
  const std::string where = options.address.empty() ? "the system bus" : options.address;
  try {
    std::shared_ptr<sdbus::IConnection> connection = connect(options.address);
    return std::unique_ptr<Service>(
        new Service(std::make_unique<Impl>(loop, manager, std::move(connection), std::move(options))));
  } catch (const sdbus::Error& error) {
    return core::Err{core::Error{fmt::format("cannot connect to {}: {}", where, error.getMessage())}};
  }
}

core::Status Service::takeName() {
  try {
    impl_->takeName();
    return {};
  } catch (const sdbus::Error& error) {
    return core::Err{
        core::Error{fmt::format("cannot take the name {} on the bus: {}", kServiceName, error.getMessage())}};
  }
}

bool Service::answers(const std::string& address) {
  try {
    return !connect(address)->getUniqueName().empty();
  } catch (const sdbus::Error&) {
    return false;
  }
}

std::string Service::connectionName() const { return impl_->connectionName(); }

}  // namespace bus
