// SPDX-License-Identifier: MIT
#include "instance/handover/configuration_records.hpp"

#include <algorithm>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/group.hpp"
#include "instance/process/table.hpp"
#include "instance/state/text.hpp"

namespace handover {

ConfigurationRecords::ConfigurationRecords(process::Table& table, Source source)
    : table_(table), source_(std::move(source)) {
  begin();
  table_.subscribe(*this);
}

ConfigurationRecords::~ConfigurationRecords() { table_.unsubscribe(*this); }

/// A configured group that runs has only one record. Without that, the configured one needs its own.
void ConfigurationRecords::onGroupRemoved(process::Group& group) {
  const auto& configured = written_->groups;
  if (std::find(configured.begin(), configured.end(), group.configPtr()) != configured.end())
    state::appendConfigured(removed_, group.config());
}

bool ConfigurationRecords::append(std::string& out) {
  if (source_.lastRead() != written_) return false;
  out += std::exchange(removed_, {});
  if (table_.nextNumber() == nextNumber_) return true;
  auto daemon = source_.daemon();
  daemon.nextNumber = nextNumber_ = table_.nextNumber();
  state::append(out, daemon);
  return true;
}

void ConfigurationRecords::begin() {
  written_ = source_.lastRead();
  nextNumber_ = table_.nextNumber();
  removed_.clear();
}

}  // namespace handover
