// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "instance/handover/configuration_records.hpp"
#include "instance/handover/event_records.hpp"
#include "instance/handover/store_link.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/journal.hpp"
#include "instance/state/state.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/notify.hpp"

namespace events {
class Service;
}
namespace process {
class Table;
}

namespace handover {

/// Whether the process that started us keeps descriptors: a manager, or systemd if its variable FDSTORE is above 0,
/// which is taken out of the environment (systemd sets it from version 254 on; older ones need it in the unit).
/// nullopt: no.
[[nodiscard]] std::optional<StoreLink::Keeper> storeFromEnvironment(bool manager);

/// Keeps everything that a successor needs after a crash, as long as it exists: joins the store, the journal and the
/// parts of supervisord.
class Keeping {
 public:
  using Save = std::function<state::State(state::Outgoing&)>;
  struct Parts {
    core::EventLoop& loop;
    process::Table& table;
    const events::Service& events;
    Save save;  ///< everything
    ConfigurationRecords::Source configuration;
  };

  /// The parts must outlive this, but for the table, which has to be destroyed first.
  Keeping(core::EventLoop& loop, const core::Notifier& notifier, StoreLink::Keeper keeper);
  Keeping(const Keeping&) = delete;
  Keeping& operator=(const Keeping&) = delete;
  /// An orderly end.
  ~Keeping();

  /// Before begin(): the keeper has these from a predecessor.
  void inherit(const std::vector<std::string>& names) { link_.inherit(names); }
  /// When the programs of the predecessor have been taken over: the keeper closes what they do not have any more.
  void endInheritance() noexcept { link_.endInheritance(); }
  /// Which pipes of programs the keeper has, for a successor in the same process, which has a new journal.
  [[nodiscard]] std::vector<std::string> kept() const;

  /// From now on. `journal` is that of a predecessor, whose doings are still to be repeated; nullptr: a new one. Pipes
  /// of the journal are taken from `descriptors`. Without memory nothing is kept, which is logged.
  void begin(Parts parts, std::unique_ptr<state::Journal> journal, state::Incoming& descriptors);
  /// A new manager has to get all descriptors.
  void sendAll() noexcept { link_.sendAll(); }

 private:
  StoreLink link_;
  std::unique_ptr<EventRecords> events_;
};

}  // namespace handover
