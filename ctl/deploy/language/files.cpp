// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include "ctl/deploy/language/grooming.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

/// The name that a file has on the host if none is given: the last part of its path; empty: it has none.
std::string lastPart(std::string_view url) {
  const bool web = url.starts_with("http");
  url.remove_prefix(url.find("://") + 3);
  const auto slash = url.rfind('/');
  if (web && slash == std::string_view::npos) return {};
  const auto name = url.substr(slash + 1);
  return std::string(web ? name.substr(0, name.find_first_of("?#")) : name);
}

void nameTarget(Grooming& grooming, Draft& draft) {
  auto& values = draft.item.values;
  if (!draft.given("dest_name") && draft.item.has("src")) {
    auto name = lastPart(draft.item.text("src"));
    if (name.empty()) {
      errorIn(grooming.problems, draft, "src", "does not end in the name of a file", "give dest_name");
      return;
    }
    values["dest_name"] = Value{std::move(name)};
  }
  if (draft.item.has("dest_folder") && draft.item.has("dest_name"))
    values["dest"] = Value{draft.item.text("dest_folder") + "/" + draft.item.text("dest_name")};
}

/// Attributes of downloads have no effect on other files.
void checkDownload(Grooming& grooming, Draft& draft) {
  if (draft.known("src").starts_with("http")) return;
  for (const auto key : {"validate_certs", "force_basic_auth", "url_username", "url_password"}) {
    if (draft.given(key))
      warningIn(grooming.problems, draft, key,
                fmt::format("{} has an effect only if src is an http:// or https:// URL", key));
    if (const auto found = draft.item.values.find(key); found != draft.item.values.end())
      draft.item.values.erase(found);
  }
}

}  // namespace

void groomFiles(Grooming& grooming) {
  for (auto& file : grooming.drafts.of("files")) {
    findSource(grooming, file, "src", "scheme", "source");
    nameTarget(grooming, file);
    checkDownload(grooming, file);
  }
  for (auto& tree : grooming.drafts.of("trees"))
    findSource(grooming, tree, "src", "scheme", "source", LocalKind::Folder);
  warnOfTwice(grooming, "folders", "path", "folder");
  warnOfTwice(grooming, "files", "dest", "file");
  warnOfTwice(grooming, "trees", "dest_folder", "tree");
}

void groomUnits(Grooming& grooming) {
  auto& units = grooming.references.units;
  for (auto& unit : grooming.drafts.of("systemd_units")) {
    findSource(grooming, unit, "unit_file", "scheme", "source");
    const auto name = unit.known("name");
    if (name.empty()) continue;
    const auto [at, added] = units.emplace(name, &unit);
    if (!added)
      errorIn(grooming.problems, unit, "name", fmt::format("there are two systemd units with the name '{}'", name),
              fmt::format("the other one is at {}", toText(at->second->item.mark)));
  }
}

void groomPlaybooks(Grooming& grooming, const std::vector<std::string>& folders) {
  for (auto& draft : grooming.drafts.of("ansible_playbooks")) {
    draft.scopeKnown = false;
    const bool text = draft.given("playbook_text");
    const bool file = draft.given("playbook_file");
    if (text == file) {
      errorIn(grooming.problems, draft, "",
              text ? "has both playbook_text and playbook_file" : "has neither playbook_text nor playbook_file");
      continue;
    }
    const std::string path(draft.known("playbook_file"));
    if (path.empty()) continue;
    const auto found = searchIn(folders, path);
    auto reason = found.empty() ? fmt::format("there is no '{}' in playbooks_folders", path)
                                : whyUnreadable(found, LocalKind::File);
    if (!reason.empty())
      errorIn(grooming.problems, draft, "playbook_file", std::move(reason));
    else
      draft.item.values["source"] = Value{found};
  }
}

}  // namespace deploy
