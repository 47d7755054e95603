// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "instance/process/observer.hpp"
#include "instance/state/state.hpp"

namespace process {
class Table;
}

namespace handover {

/// The records of a journal that change with the configuration: what was last read, and supervisord's own.
class ConfigurationRecords final : private process::Observer {
 public:
  struct Source {
    std::function<std::shared_ptr<const config::Configuration>()> lastRead;
    std::function<state::Daemon()> daemon;
  };

  /// `table` must outlive this.
  ConfigurationRecords(process::Table& table, Source source);
  ~ConfigurationRecords() override;
  ConfigurationRecords(const ConfigurationRecords&) = delete;
  ConfigurationRecords& operator=(const ConfigurationRecords&) = delete;

  /// Adds what has changed since the last call. Returns false if that is everything: a whole state is to be written.
  [[nodiscard]] bool append(std::string& out);
  /// From here on: everything of now has been written.
  void begin();

 private:
  void onGroupRemoved(process::Group& group) override;

  process::Table& table_;
  Source source_;
  std::shared_ptr<const config::Configuration> written_;
  std::uint32_t nextNumber_ = 0;
  std::string removed_;
};

}  // namespace handover
