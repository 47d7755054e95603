// SPDX-License-Identifier: MIT
#include "daemon/instances/persistent_state.hpp"

#include <fmt/core.h>
#include <sys/random.h>
#include <unistd.h>

#include "daemon/instances/keyed_file.hpp"
#include "lib/core/files.hpp"

namespace instances {
namespace {

std::string randomMark(const std::string& name) {
  std::uint64_t value = 0;
  (void)!::getrandom(&value, sizeof value, 0);
  return fmt::format("{}:{:016x}", name, value);
}

}  // namespace

void PersistentState::load() {
  const auto file = KeyedFile::read(path_);
  mark = file.get("mark");
  if (mark.empty()) mark = randomMark(path_.substr(path_.rfind('/') + 1));
  deployed = file.get("deployed");
  if (const auto word = file.get("enabled"); !word.empty()) enabled = word == "yes";
  enabledBase = file.get("enabled_base") != "no";
  ledger_->readFrom(file);
  for (const auto& text : file.all("place"))
    if (const auto at = text.find('='); at != std::string::npos) places[text.substr(0, at)] = text.substr(at + 1);
  owner.uid = static_cast<uid_t>(file.number("uid"));
  owner.gid = static_cast<gid_t>(file.number("gid"));
}

core::Status PersistentState::save() const {
  KeyedFile file;
  file.set("mark", mark);
  file.set("deployed", deployed);
  if (enabled) {
    file.set("enabled", *enabled ? "yes" : "no");
    file.set("enabled_base", enabledBase ? "yes" : "no");
  }
  ledger_->writeTo(file);
  for (const auto& [section, path] : places) file.add("place", section + '=' + path);
  file.set("uid", std::to_string(owner.uid));
  file.set("gid", std::to_string(owner.gid));
  // Of a new instance nothing is on disk. What is made of it is recorded first, in this file and with a sync
  // (Ledger::intend): until then a power failure may take it away, and the instance is new again.
  const bool fresh = ledger_->empty() && !core::exists(path_);
  auto written = fresh ? file.writeUntilBoot(path_) : file.write(path_);
  ledger_->noteObstacle(written ? std::string() : written.error().text);
  return written;
}

void PersistentState::remove() const { ::unlink(path_.c_str()); }

std::vector<layout::Node> PersistentState::replaceGenerated(layout::Plan& plan, const std::vector<std::string>& keep) {
  owner = plan.owner;
  plan.ledger = ledger_;
  return ledger_->gone(plan, keep);
}

}  // namespace instances
