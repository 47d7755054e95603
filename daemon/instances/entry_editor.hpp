// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/instances/edit_queue.hpp"
#include "daemon/instances/entry_applier.hpp"
#include "daemon/instances/manager.hpp"

namespace entries {
struct Loaded;
}

namespace instances {

/// Writes the administrator's files on behalf of callers: create, set and remove. What they ask for is tried in memory
/// first and compared with what is on disk; only what is good is written, and then only this one instance is touched.
class EntryEditor {
 public:
  EntryEditor(Fleet& fleet, core::EventLoop& loop) : fleet_(fleet), queue_(loop), applier_(fleet) {}

  core::Task<OperationResult> create(std::string name, Properties properties);
  core::Task<OperationResult> setProperties(std::string name, Properties properties);
  core::Task<OperationResult> remove(std::string name, bool purge);

 private:
  /// Contents by path; nothing: there is no such file.
  using Files = std::map<std::string, std::optional<std::string>>;
  using Turn = std::unique_ptr<EditQueue::Turn>;

  [[nodiscard]] Answer<Files> created(const std::string& name, const Properties& properties) const;
  [[nodiscard]] Answer<Files> edited(const std::string& name, const Properties& properties) const;
  [[nodiscard]] Answer<Files> removed(const std::string& name) const;
  [[nodiscard]] OperationResult mayEdit(const std::string& name) const;
  core::Task<OperationResult> writeAndApply(std::string name, Files files, Turn turn);
  core::Task<std::string> objectionTo(entries::Entry entry);

  Fleet& fleet_;
  EditQueue queue_;
  EntryApplier applier_;
};

}  // namespace instances
