// SPDX-License-Identifier: MIT
#include "instance/handover/keeping.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <utility>

#include "instance/events/service.hpp"
#include "instance/process/keeper.hpp"
#include "instance/process/table.hpp"
#include "instance/state/text.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace handover {
namespace {

constexpr const char* kStoreVariable = "FDSTORE";

/// What the journal of a crash has: not what can only go over in the same process, and not what targets have not taken
/// yet, which would be sent twice.
std::string journalText(state::State state) {
  state.servers.clear();
  state.connections.clear();
  state.unsent.clear();
  state.descriptors.clear();
  state.daemon.kept.clear();
  for (auto& program : state.programs) {
    program.out.logFile.clear();
    if (program.err) program.err->logFile.clear();
  }
  auto text = state::encode(state);
  text.erase(text.rfind("\nend ") + 1);
  return text;
}

process::Scratch takeScratch(state::Incoming& descriptors) {
  process::Scratch scratch{descriptors.take("journal.scratch.r"), descriptors.take("journal.scratch.w")};
  if (scratch.reader && scratch.writer) return scratch;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return {};
  return {core::UniqueFd(ends[0]), core::UniqueFd(ends[1])};
}

void complain(const std::string& why) { logging::warn("programs will not survive a crash of supervisord: {}", why); }

}  // namespace

std::optional<StoreLink::Keeper> storeFromEnvironment(bool manager) {
  const char* const value = ::getenv(kStoreVariable);
  const auto room = value == nullptr ? std::nullopt : core::parseInteger(value);
  ::unsetenv(kStoreVariable);
  if (manager) return StoreLink::Keeper::Manager;
  return room && *room > 0 ? std::optional(StoreLink::Keeper::Systemd) : std::nullopt;
}

Keeping::Keeping(core::EventLoop& loop, const core::Notifier& notifier, StoreLink::Keeper keeper)
    : link_(loop, notifier, keeper) {}

Keeping::~Keeping() { link_.removeAll(); }
std::vector<std::string> Keeping::kept() const {
  auto names = link_.kept();
  std::erase_if(names, [](const std::string& name) { return !state::isPipeName(name); });
  return names;
}

void Keeping::begin(Parts parts, std::unique_ptr<state::Journal> journal, state::Incoming& descriptors) try {
  const bool isNew = !journal;
  if (isNew) {
    auto made = state::Journal::create();
    if (!made) return complain(made.error().text);
    journal = std::move(*made);
  }
  auto scratch = takeScratch(descriptors);
  if (!scratch.reader) return complain("too many open files");
  events_ = std::make_unique<EventRecords>(parts.events);
  // It belongs to the keeper, which the table destroys: it listens to the table.
  const auto configuration = std::make_shared<ConfigurationRecords>(parts.table, std::move(parts.configuration));
  auto all = [this, configuration, save = std::move(parts.save)] {
    state::Outgoing names;
    auto state = save(names);
    configuration->begin();
    events_->begin(state);
    return journalText(std::move(state));
  };
  auto changes = [this, configuration](std::string& out) {
    events_->append(out);
    return configuration->append(out);
  };
  auto keeper =
      std::make_unique<process::Keeper>(parts.loop, parts.table, link_, std::move(journal), std::move(scratch),
                                        process::Keeper::Others{std::move(changes), std::move(all)});
  parts.table.keepWith(std::move(keeper));
  if (isNew) parts.table.keeper()->commit();
  parts.table.keeper()->offer();
} catch (const std::exception& error) {
  complain(error.what());
}

}  // namespace handover
