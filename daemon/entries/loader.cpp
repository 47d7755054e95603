// SPDX-License-Identifier: MIT
#include "daemon/entries/loader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "daemon/entries/builder.hpp"
#include "daemon/entries/conflicts.hpp"
#include "daemon/entries/declared.hpp"
#include "daemon/entries/dependences.hpp"
#include "daemon/entries/source.hpp"
#include "daemon/entries/values.hpp"
#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace entries {
namespace {

constexpr std::array<std::string_view, 4> kKinds{"supervisor", "supervisor_program", "supervisor_group", "host_group"};

class Loader {
 public:
  explicit Loader(const LoadOptions& options) : options_(options), places_(options.deployedBefore) {
    for (const auto* deployed : options.deployed) places_[deployed->name] = deployed->places();
  }

  Loaded load() {
    readSources();
    for (const auto& source : sources_)
      for (const auto& section : source.document.sections()) readHostGroup(section);
    for (const auto& source : sources_)
      for (const auto& section : source.document.sections()) readSupervisor(source.document, section);
    for (const auto& source : sources_)
      for (const auto& section : source.document.sections()) readPrograms(source.document, section);
    for (auto& entry : out_.entries) keepUnread(entry);
    for (auto& entry : out_.entries) settleDependences(entry);
    settleConflicts();
    return std::move(out_);
  }

 private:
  void complain(Complaint complaint) {
    if (complaint.section.starts_with("supervisor:")) out_.refusedNames.insert(complaint.section.substr(11));
    out_.refused.push_back(std::move(complaint));
  }
  void warn(Complaint complaint) { out_.warnings.push_back(std::move(complaint)); }
  [[nodiscard]] static Complaint at(const core::IniSection& section, std::string key, std::string reason) {
    return {*section.place().file, static_cast<int>(section.place().line), section.name(), std::move(key),
            std::move(reason)};
  }

  void readSources() {
    auto files = confFiles(options_.confDir, options_.overlay);
    files.insert(files.begin(), options_.configFile);
    for (const auto& file : files) {
      auto source = readSource(file, options_.overlay);
      if (!source) {
        out_.brokenFiles.insert(file);
        complain(source.error());
        continue;
      }
      if (!*source) continue;
      for (auto& repeated : (*source)->repeated) out_.refused.push_back(std::move(repeated));
      if (file == options_.configFile) {
        const auto sink = [this](Complaint c) { complain(std::move(c)); };
        out_.settings = readSettings((*source)->document, sink, [this](Complaint c) { warn(std::move(c)); });
      }
      documents_.emplace(file, sources_.size());
      sources_.push_back(std::move(**source));
    }
  }

  void readHostGroup(const core::IniSection& section) {
    const auto& name = section.name();
    const auto kind = name.substr(0, name.find(':'));
    if (name == "supervisor-manager") {
      if (*section.place().file != options_.configFile)
        warn(at(section, "", fmt::format("belongs in {}", options_.configFile)));
      return;
    }
    if (name.find(':') == std::string::npos || std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
      const auto near = core::nearest(kind, kKinds);
      return warn(
          at(section, "", near ? fmt::format("unknown section; did you mean [{}:NAME]?", *near) : "unknown section"));
    }
    if (kind != "host_group") return;
    auto& members = groups_[core::lower(name.substr(kind.size() + 1))];
    for (const auto& entry : section.entries()) {
      if (entry.key != "hosts") {
        warn(at(section, entry.key, "unknown key; did you mean 'hosts'?"));
        continue;
      }
      auto text = entry.value;
      for (char& c : text)
        if (c == ':' || c == ',') c = ' ';
      for (auto& host : core::splitBlanks(text)) members.push_back(std::move(host));
    }
  }

  /// Whether the section applies here by `scope` and `when`, or the error in `when`.
  [[nodiscard]] Parsed<bool> counts(const core::IniDocument& document, const core::IniSection& section) const {
    if (const auto* scope = document.get(section, "scope"); scope && !inScope(scope->value, options_.host, groups_))
      return false;
    const auto* when = document.get(section, "when");
    return when ? parseBoolean(when->value) : true;
  }

  /// The same; a wrong value is a complaint and means no.
  bool applies(const core::IniDocument& document, const core::IniSection& section) {
    const auto flag = counts(document, section);
    if (flag) return *flag;
    auto complaint = at(section, "when", flag.error());
    complaint.line = static_cast<int>(document.get(section, "when")->place.line);
    complain(std::move(complaint));
    return false;
  }

  /// The file that the section is deployed from, if it still has the section, correct or not, or cannot be read now:
  /// then no other file can have a section of that name. nullptr: there is none.
  [[nodiscard]] const std::string* keeperOf(const std::string& instance, const std::string& section) const {
    const auto places = places_.find(instance);
    if (places == places_.end()) return nullptr;
    const auto place = places->second.find(section);
    if (place == places->second.end()) return nullptr;
    if (out_.brokenFiles.count(place->second)) return &place->second;
    const auto source = documents_.find(place->second);
    if (source == documents_.end()) return nullptr;
    const auto& document = sources_[source->second].document;
    const auto* const here = document.find(section);
    if (!here) return nullptr;
    if (const auto flag = counts(document, *here); flag && !*flag) return nullptr;
    if (section == "supervisor:" + instance) return &place->second;
    const auto* const owner = document.get(*here, "supervisor");
    return owner && owner->value == instance ? &place->second : nullptr;
  }

  void readSupervisor(const core::IniDocument& document, const core::IniSection& section) {
    if (!section.name().starts_with("supervisor:")) return;
    const auto name = section.name().substr(11);
    if (!applies(document, section)) {
      elsewhere_.insert(name);
      return;
    }
    const auto& file = *section.place().file;
    const auto known = found_.find(name);
    const auto* const keeper = keeperOf(name, section.name());
    if (known != found_.end() || (keeper && *keeper != file)) {
      // The other one stays valid: this does not refuse it.
      out_.refused.push_back(at(
          section, "", fmt::format("instance '{}' is already declared in {}", name, keeper ? *keeper : known->second)));
      return;
    }
    found_.emplace(name, file);
    BuildOptions build{options_.root, options_.onlyUid, [this](Complaint c) { complain(std::move(c)); },
                       [this](Complaint c) { warn(std::move(c)); }, owners_};
    if (auto entry = buildEntry(document, section, build)) {
      index_.emplace(name, out_.entries.size());
      out_.entries.push_back(std::move(*entry));
    }
  }

  void readPrograms(const core::IniDocument& document, const core::IniSection& section) {
    const bool program = section.name().starts_with("supervisor_program:");
    if (!program && !section.name().starts_with("supervisor_group:")) return;
    if (!applies(document, section)) return;
    const auto kind = program ? Declared::Kind::Program : Declared::Kind::Group;
    const auto title = section.name().substr(section.name().find(':') + 1);
    const auto* const named = document.get(section, "supervisor");
    const auto* const keeper = named ? keeperOf(named->value, section.name()) : nullptr;
    if (keeper && *keeper != *section.place().file)
      return complain(at(section, "", fmt::format("'{}' is already declared in {}", title, *keeper)));
    auto declared = readDeclared(document, section, kind, sinks());
    if (!declared) {
      const Declared refused{kind, title, {}, {}, {}, {}};
      if (auto* const entry = named ? entryOf(named->value) : nullptr) keepEarlier(*entry, refused);
      return;
    }
    const auto& owner = declared->supervisor;
    if (!found_.count(owner) && elsewhere_.count(owner)) return;
    if (!found_.count(owner))
      return complain(at(section, "supervisor", fmt::format("there is no [supervisor:{}]", owner)));
    auto* const entry = entryOf(owner);
    if (!entry) return;  // refused, with a complaint of its own
    const auto same = std::find_if(entry->declared.begin(), entry->declared.end(),
                                   [&](const auto& d) { return d.kind == kind && d.name == declared->name; });
    if (same != entry->declared.end())
      return complain(at(section, "", fmt::format("'{}' is already declared in {}", title, same->origin.file)));
    if (!judgeDeclared(*declared, *entry, sinks())) return keepEarlier(*entry, *declared);
    entry->declared.push_back(std::move(*declared));
  }

  [[nodiscard]] DeclaredSinks sinks() {
    return {[this](Complaint c) { complain(std::move(c)); }, [this](Complaint c) { warn(std::move(c)); }};
  }

  /// A group that names a program which is refused would cost the instance all its programs: it is refused, too.
  void settleGroups(Entry& entry) {
    const auto has = [&](const std::string& file) {
      return std::any_of(entry.declared.begin(), entry.declared.end(),
                         [&](const auto& declared) { return declared.fileName() == file; });
    };
    const auto all = entry.declared;
    for (const auto& group : all) {
      if (group.kind != Declared::Kind::Group || isRefused(entry, group.fileName())) continue;
      const auto programs =
          std::find_if(group.keys.begin(), group.keys.end(), [](const auto& key) { return key.first == "programs"; });
      for (const auto& name : core::splitBlanks(core::replaceAll(programs->second, ",", " "))) {
        const auto file = Declared{Declared::Kind::Program, name, {}, {}, {}, {}}.fileName();
        if (has(file) || !isRefused(entry, file)) continue;
        refuse(entry, group, "programs", fmt::format("names program '{}', which is refused", name));
        break;
      }
    }
  }

  /// A wrong depends_on would cost the instance all its programs, too.
  void settleDependences(Entry& entry) {
    std::set<std::string> kept;
    settleGroups(entry);
    while (const auto wrong = wrongDeclared(entry, kept)) {
      if (!kept.insert(wrong->program).second) return;  // as it was deployed: that is kept
      const auto at = std::find_if(entry.declared.begin(), entry.declared.end(), [&](const auto& declared) {
        return declared.kind == Declared::Kind::Program && declared.name == wrong->program;
      });
      const auto program = *at;
      refuse(entry, program, "depends_on", wrong->reason);
      keepNeeds(entry, program.fileName());
      settleGroups(entry);
    }
  }

  /// Programs that are not declared any more, but that one which stays as it was deployed depends on, stay with it.
  void keepNeeds(Entry& entry, const std::string& file) {
    for (const auto* deployed : options_.deployed) {
      if (deployed->name != entry.name) continue;
      const auto& all = deployed->declared;
      const auto kept = std::find_if(all.begin(), all.end(), [&](const auto& d) { return d.fileName() == file; });
      if (kept == all.end()) continue;
      for (const auto& need : all) {
        const auto isNeed = [&](const auto& d) { return d.fileName() == need.fileName(); };
        if (need.kind != Declared::Kind::Program || !namesInDependence(*kept, need.name) ||
            std::any_of(entry.declared.begin(), entry.declared.end(), isNeed))
          continue;
        keepEarlier(entry, need);
        keepNeeds(entry, need.fileName());
      }
    }
  }

  [[nodiscard]] static bool isRefused(const Entry& entry, const std::string& file) {
    const auto& refused = entry.refusedDeclared;
    return std::find(refused.begin(), refused.end(), file) != refused.end();
  }

  /// Refuses what was accepted before; `declared` must not be in the entry's list.
  void refuse(Entry& entry, const Declared& declared, const std::string& key, std::string reason) {
    const auto line = declared.lines.find(key);
    complain({declared.origin.file, line == declared.lines.end() ? declared.origin.line : line->second,
              declared.sectionName(), key, std::move(reason)});
    std::erase_if(entry.declared, [&](const auto& d) { return d.fileName() == declared.fileName(); });
    keepEarlier(entry, declared);
  }

  Entry* entryOf(const std::string& name) {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &out_.entries[found->second];
  }

  /// What is refused stays as it was deployed: its file, and what is known of it.
  void keepEarlier(Entry& entry, const Declared& refused) {
    entry.refusedDeclared.push_back(refused.fileName());
    for (const auto* deployed : options_.deployed) {
      if (deployed->name != entry.name) continue;
      for (const auto& earlier : deployed->declared)
        if (earlier.fileName() == refused.fileName()) entry.declared.push_back(earlier);
    }
  }

  /// What was declared in a file that cannot be read now stays as it was deployed. A manager that just started knows
  /// only that there was something.
  void keepUnread(Entry& entry) {
    const auto places = places_.find(entry.name);
    if (places == places_.end()) return;
    for (const auto& [section, file] : places->second) {
      if (!out_.brokenFiles.count(file) || section.starts_with("supervisor:")) continue;
      const auto kind = section.starts_with("supervisor_program:") ? Declared::Kind::Program : Declared::Kind::Group;
      const auto known = entry.declared.size();
      keepEarlier(entry, {kind, section.substr(section.find(':') + 1), {}, {}, {}, {}});
      if (entry.declared.size() == known) entry.unread.emplace(section, file);
    }
  }

  /// An entry that is as it was deployed comes before one that was changed, and that before a new one.
  void sortByRank() {
    std::map<std::string, int> ranks;
    for (const auto& entry : out_.entries) ranks[entry.name] = options_.deployedBefore.count(entry.name) ? 1 : 2;
    for (const auto* deployed : options_.deployed)
      if (const auto* entry = entryOf(deployed->name)) ranks[entry->name] = entry->written == deployed->written ? 0 : 1;
    std::stable_sort(out_.entries.begin(), out_.entries.end(),
                     [&](const auto& a, const auto& b) { return ranks[a.name] < ranks[b.name]; });
  }

  void settleConflicts() {
    Claims claims(options_.root);
    // An instance whose entry is refused or cannot be read keeps running unchanged, and needs what it had.
    for (const auto* deployed : options_.deployed)
      if (out_.refusedNames.count(deployed->name) || out_.brokenFiles.count(deployed->origin.file))
        (void)claims.take(*deployed);
    sortByRank();
    std::vector<Entry> accepted;
    for (auto& entry : out_.entries) {
      auto conflict = claims.take(entry);
      if (!conflict) {
        accepted.push_back(std::move(entry));
        continue;
      }
      complain({entry.origin.file, entry.origin.line, "supervisor:" + entry.name, std::move(conflict->key),
                std::move(conflict->reason)});
    }
    std::sort(accepted.begin(), accepted.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    out_.entries = std::move(accepted);
  }

  const LoadOptions& options_;
  Owners owners_;
  Loaded out_;
  std::vector<Source> sources_;
  std::map<std::string, std::size_t> documents_;  // file -> its place in sources_
  std::map<std::string, Places> places_;          // instance -> where what is deployed of it was declared
  HostGroups groups_;
  std::map<std::string, std::string> found_;  // instance -> file
  std::map<std::string, std::size_t> index_;  // instance -> its place in out_.entries
  std::set<std::string> elsewhere_;           // declared, but not for this host
};

}  // namespace

Loaded load(const LoadOptions& options) { return Loader(options).load(); }

}  // namespace entries
