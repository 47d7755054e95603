// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <vector>

#include "ctl/deploy/language/grooming.hpp"

namespace deploy {
namespace {

/// `Map`: Value::Map, const or not.
template <class Map>
auto* findIn(Map& map, std::string_view key) {
  const auto found = std::find_if(map.begin(), map.end(), [&](const auto& member) { return member.first == key; });
  return found == map.end() ? nullptr : &found->second;
}

/// Fills in endpoint and username, which depend on the password and the owner.
void completeServer(Grooming& grooming, Draft& draft) {
  const auto found = draft.item.values.find("http_server");
  if (found == draft.item.values.end()) return;
  auto& server = std::get<Value::Map>(found->second.data);
  const auto* endpoint = findAttribute(findAttribute(supervisorAttributes(), "http_server")->members, "endpoint");
  if (!findIn(server, "endpoint")) server.emplace_back("endpoint", Value{std::string(endpoint->fallback)});
  const bool named = findIn(server, "username") != nullptr;
  if (findIn(server, "password")) {
    if (!named && draft.item.has("user")) server.emplace_back("username", draft.item.values.at("user"));
  } else if (named && !draft.node->find("http_server")->find("password")) {
    warningIn(grooming.problems, draft, "http_server", "username has no effect without a password",
              "give a password; everybody can use the page without one");
    std::erase_if(server, [](const auto& member) { return member.first == "username"; });
  }
}

/// As the manager: an instance of root would give its page and its programs root.
void checkUser(Grooming& grooming, const Draft& draft) {
  const auto managed = draft.item.values.find("managed");
  if (draft.known("user") == "root" && managed != draft.item.values.end() && managed->second == Value{true})
    errorIn(grooming.problems, draft, "user", "cannot be root", "use an account for this application");
}

bool isSet(const Draft& draft, std::string_view key) {
  const auto found = draft.item.values.find(key);
  return found != draft.item.values.end() && found->second == Value{true};
}

bool isUnprotected(const Draft& supervisor) { return isSet(supervisor, "managed") && !isSet(supervisor, "no_remove"); }

std::string_view endpointOf(const Draft& supervisor) {
  const auto server = supervisor.item.values.find("http_server");
  if (server == supervisor.item.values.end()) return {};
  const auto* endpoint = findIn(std::get<Value::Map>(server->second.data), "endpoint");
  const auto* text = endpoint ? std::get_if<std::string>(&endpoint->data) : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

/// Managed instances of one host cannot share a path or an address. The manager refuses that as well, but only when
/// the first one is there.
void checkShared(Grooming& grooming) {
  std::map<std::string_view, std::vector<const Draft*>> users;
  const auto claim = [&](const Draft& draft, std::string_view key, std::string_view what) {
    auto& known = users[what];
    const auto other = std::find_if(known.begin(), known.end(), [&](const Draft* one) {
      return one != &draft && one->item.hosts.overlaps(draft.item.hosts);
    });
    if (other != known.end())
      errorIn(grooming.problems, draft, key,
              fmt::format("{} is already used by supervisor '{}'", what, (*other)->known("name")),
              fmt::format("that one is at {}", toText((*other)->item.mark)));
    else
      known.push_back(&draft);
  };
  for (const auto& draft : grooming.drafts.of("supervisors")) {
    const auto named = grooming.references.supervisors.find(draft.known("name"));
    const bool isFirst = named != grooming.references.supervisors.end() && named->second == &draft;
    if (!isFirst || !isSet(draft, "managed") || !draft.scopeKnown) continue;
    for (const auto* key : {"conf_file_dst", "logs_dir", "pid_dir", "socks_dir", "include_dir", "supervisorctl"})
      if (const auto path = draft.known(key); !path.empty()) claim(draft, key, path);
    if (const auto endpoint = endpointOf(draft); !endpoint.empty()) claim(draft, "http_server", endpoint);
  }
}

/// A program that stays needs an instance that stays.
void checkNoRemove(Grooming& grooming, const Draft& draft, const Draft& supervisor) {
  const auto found = draft.item.values.find("no_remove");
  if (found != draft.item.values.end() && found->second == Value{true} && isUnprotected(supervisor))
    errorIn(
        grooming.problems, draft, "no_remove",
        fmt::format("supervisor '{}' has no no_remove, and is removed with all its programs", supervisor.known("name")),
        "give it no_remove: yes too");
}

void checkCommand(Grooming& grooming, const Draft& draft) {
  if (!draft.given("command") && !draft.given("conf_file_src"))
    errorIn(grooming.problems, draft, "", "has no command, which is required without conf_file_src");
  const auto number = draft.item.values.find("numprocs");
  const auto* count = number == draft.item.values.end() ? nullptr : std::get_if<std::int64_t>(&number->second.data);
  if (!count || *count < 2 || draft.given("conf_file_src")) return;
  const auto found = draft.item.values.find("process_name");
  const auto* name = found == draft.item.values.end() ? nullptr : std::get_if<std::string>(&found->second.data);
  if (!name || (!isLate(*name) && name->find("%(process_num)") == std::string::npos))
    errorIn(grooming.problems, draft, name ? "process_name" : "numprocs",
            "several processes need %(process_num) in process_name",
            "process_name: \"%(program_name)s_%(process_num)02d\"");
}

/// The hosts of a program: those of its instance, or some of them.
void placeProgram(Grooming& grooming, Draft& draft, const Draft& supervisor) {
  if (!draft.given("scope")) {
    draft.item.hosts = supervisor.item.hosts;
    draft.scope = supervisor.scope;
    draft.scopeKnown = supervisor.scopeKnown;
  } else if (draft.scopeKnown && supervisor.scopeKnown && !supervisor.item.hosts.includes(draft.item.hosts)) {
    errorIn(grooming.problems, draft, "scope",
            fmt::format("has hosts that supervisor '{}' does not have", supervisor.known("name")),
            fmt::format("its scope is '{}'", supervisor.scope));
  }
}

template <class Map>
bool addPair(Grooming& grooming, Map& map, Draft& draft, std::string_view what) {
  const std::string supervisor(draft.known("supervisor"));
  const std::string name(draft.known("name"));
  if (supervisor.empty() || name.empty()) return false;
  const auto [at, added] = map.emplace(References::Pair(supervisor, name), &draft);
  if (!added)
    errorIn(grooming.problems, draft, "name",
            fmt::format("supervisor '{}' has two {}s with the name '{}'", supervisor, what, name),
            fmt::format("the other one is at {}", toText(at->second->item.mark)));
  return added;
}

void checkMembers(Grooming& grooming, Draft& group, const std::string& supervisor) {
  const auto found = group.item.values.find("programs");
  if (found == group.item.values.end()) return;
  const auto& names = std::get<Value::List>(found->second.data);
  if (names.empty()) errorIn(grooming.problems, group, "programs", "is empty");
  const Draft* first = nullptr;
  for (const auto& one : names) {
    const auto& name = std::get<std::string>(one.data);
    const auto at = grooming.references.programs.find({supervisor, name});
    if (at == grooming.references.programs.end()) {
      errorIn(grooming.problems, group, "programs",
              fmt::format("supervisor '{}' has no program '{}'", supervisor, name),
              grooming.drafts.droppedHint("supervisor_programs", name));
      continue;
    }
    const Draft* member = at->second;
    if (!first) {
      first = member;
      group.item.hosts = member->item.hosts;
      group.scopeKnown = member->scopeKnown;
    } else if (first->scopeKnown && member->scopeKnown && !(first->item.hosts == member->item.hosts)) {
      errorIn(grooming.problems, group, "programs",
              fmt::format("programs '{}' and '{}' have different hosts", first->known("name"), name),
              "give them the same scope, or two groups");
    }
  }
}

}  // namespace

void groomSupervisors(Grooming& grooming) {
  auto& all = grooming.references.supervisors;
  for (auto& draft : grooming.drafts.of("supervisors")) {
    completeServer(grooming, draft);
    checkUser(grooming, draft);
    findSource(grooming, draft, "conf_file_src", "conf_file_scheme", "conf_file_source");
    const auto name = draft.known("name");
    if (name.empty()) continue;
    const auto [at, added] = all.emplace(name, &draft);
    if (!added)
      errorIn(grooming.problems, draft, "name", fmt::format("there are two supervisors with the name '{}'", name),
              fmt::format("the other one is at {}", toText(at->second->item.mark)));
  }
  checkShared(grooming);
}

void groomPrograms(Grooming& grooming) {
  for (auto& draft : grooming.drafts.of("supervisor_programs")) {
    checkCommand(grooming, draft);
    findSource(grooming, draft, "conf_file_src", "conf_file_scheme", "conf_file_source");
    const auto state = draft.item.values.find("state");
    if (state != draft.item.values.end())
      draft.item.values.try_emplace("autostart", Value{state->second == Value{std::string("started")}});
    addPair(grooming, grooming.references.programs, draft, "program");
    const auto name = draft.known("supervisor");
    const Draft* supervisor = name.empty() ? nullptr : findSupervisor(grooming, draft, "supervisor", name);
    if (!supervisor) {
      draft.scopeKnown = false;
      continue;
    }
    placeProgram(grooming, draft, *supervisor);
    checkNoRemove(grooming, draft, *supervisor);
  }
}

void groomProgramGroups(Grooming& grooming) {
  for (auto& draft : grooming.drafts.of("supervisor_groups")) {
    draft.item.values.erase("scope");
    draft.scopeKnown = false;
    addPair(grooming, grooming.references.programGroups, draft, "group");
    const auto name = draft.known("supervisor");
    const Draft* supervisor = name.empty() ? nullptr : findSupervisor(grooming, draft, "supervisor", name);
    if (!supervisor) continue;
    checkMembers(grooming, draft, std::string(name));
    checkNoRemove(grooming, draft, *supervisor);
  }
}

}  // namespace deploy
