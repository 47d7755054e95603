// SPDX-License-Identifier: MIT
#include "ctl/deploy/ansible_settings.hpp"

#include <fmt/format.h>
#include <langinfo.h>
#include <locale.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include "ctl/deploy/work_folder.hpp"
#include "lib/core/files.hpp"
#include "lib/core/program.hpp"

namespace deploy {
namespace {

constexpr const char* kCollection = "/ansible_collections/supervisor_manager/supervisor";
constexpr const char* kDefaultCollections = "~/.ansible/collections:/usr/share/ansible/collections";

/// More than a few connections for each processor only wait for each other.
std::size_t forksFor(std::size_t hosts) {
  const std::size_t most = 4 * std::max(1U, std::thread::hardware_concurrency());
  return std::clamp<std::size_t>(hosts, 1, most);
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

/// Where ssh's connections wait for the next run. The path of a socket has few bytes, so it must be short; Ansible's
/// own default is in the home folder, which may be long or on a network.
std::string controlFolder() {
  const auto runtime = ownRuntimeFolder();
  return runtime.empty() || runtime.size() > 40 ? "" : runtime + "/hadeploy-ssh";
}

bool isUtf8Locale() {
  const locale_t locale = ::newlocale(LC_ALL_MASK, "", nullptr);
  if (!locale) return false;  // it is not installed
  const bool isUtf8 = std::strcmp(::nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
  ::freelocale(locale);
  return isUtf8;
}

/// Variables that would change what we generate, or that earlier runs have left.
bool isReplaced(std::string_view name) {
  constexpr std::array<std::string_view, 9> kReplaced{"ANSIBLE_CONFIG",
                                                      "ANSIBLE_COLLECTIONS_PATH",
                                                      "ANSIBLE_COLLECTIONS_PATHS",
                                                      "ANSIBLE_STDOUT_CALLBACK",
                                                      "ANSIBLE_INVENTORY",
                                                      "ANSIBLE_INVENTORY_ENABLED",
                                                      "DEPLOY_ACTION",
                                                      "DEPLOY_OUTPUT",
                                                      "DEPLOY_RESULT"};
  return std::find(kReplaced.begin(), kReplaced.end(), name) != kReplaced.end();
}

std::string userCollections() {
  for (const char* name : {"ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_PATHS"})
    if (auto value = variable(name); !value.empty()) return value;
  return kDefaultCollections;
}

}  // namespace

core::Expected<std::string> ansibleConfig(const AnsibleSettings& settings) {
  const auto& work = settings.workFolder;
  std::string text = "[defaults]\n";
  text += fmt::format("inventory = {}/inventory.yml\n", work);
  text += "stdout_callback = supervisor_manager.supervisor.deploy\n";
  text += fmt::format("forks = {}\n", settings.forks > 0 ? settings.forks : forksFor(settings.hosts));
  // Ansible's own choice would be the same, but it would start ssh to learn whether it knows ControlPersist.
  text += "transport = ssh\n";
  text += "interpreter_python = /usr/bin/python3\n";
  text += "retry_files_enabled = False\nnocows = True\nforce_valid_group_names = ignore\n";
  // Rendered templates stay in the private folder, and go with it.
  text += fmt::format("local_tmp = {}/tmp\n", work);
  std::string roles;
  for (const auto& folder : settings.rolesFolders) {
    if (folder.find_first_of("\n\r;:$") != std::string::npos)
      return core::Err{
          core::Error{fmt::format("roles_folders: Ansible cannot have the path {}; rename the folder", folder)}};
    roles += (roles.empty() ? "" : ":") + folder;
  }
  if (!roles.empty()) text += fmt::format("roles_path = {}\n", roles);
  text += "\n[inventory]\nenable_plugins = yaml\nunparsed_is_failed = True\n";
  text += "\n[ssh_connection]\npipelining = True\n";
  text += fmt::format("ssh_args = -F \"{}/ssh_config\" -o ControlMaster=auto -o ControlPersist=60s\n", work);
  if (const auto folder = controlFolder(); !folder.empty()) text += fmt::format("control_path_dir = {}\n", folder);
  return text;
}

std::string sshConfig() {
  // ssh takes the first value that it finds, and reads no other file when it is given one.
  return "Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\nHost *\n  StrictHostKeyChecking accept-new\n";
}

std::string collectionsFolder() {
  const auto folder = core::directoryOf(core::ownExecutable());
  for (const char* beside : {"/../../ansible", "/../share/ansible/collections"}) {
    auto path = core::absolutePath(folder + beside, "/");
    if (core::isDirectory(path + kCollection)) return path;
  }
  return "";
}

std::vector<std::string> ansibleEnvironment(const AnsibleEnvironment& wanted) {
  std::vector<std::string> result;
  const bool needsLocale = !isUtf8Locale();
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view entry = *one;
    const auto name = entry.substr(0, entry.find('='));
    if (!isReplaced(name) && !(needsLocale && name == "LC_ALL")) result.emplace_back(entry);
  }
  // ansible-core refuses any other encoding.
  if (needsLocale) result.emplace_back("LC_ALL=C.UTF-8");
  result.push_back("ANSIBLE_CONFIG=" + wanted.configFile);
  result.push_back("ANSIBLE_COLLECTIONS_PATH=" + wanted.collections + ":" + userCollections());
  result.push_back("DEPLOY_ACTION=" + wanted.action);
  result.push_back("DEPLOY_RESULT=" + wanted.resultFile);
  if (wanted.json) result.emplace_back("DEPLOY_OUTPUT=json");
  return result;
}

}  // namespace deploy
