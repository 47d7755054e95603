// SPDX-License-Identifier: MIT
#include "ctl/deploy/inventory.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "ctl/deploy/documents.hpp"

namespace deploy {
namespace {

/// An attribute of a host and the variable of Ansible that has its value.
constexpr std::array<std::pair<std::string_view, std::string_view>, 19> kVariables{{
    {"ssh_host", "ansible_host"},
    {"ssh_user", "ansible_user"},
    {"ssh_private_key_file", "ansible_ssh_private_key_file"},
    {"ssh_password", "ansible_ssh_pass"},
    {"ssh_port", "ansible_port"},
    {"ssh_extra_args", "ansible_ssh_extra_args"},
    {"ssh_common_args", "ansible_ssh_common_args"},
    {"sftp_extra_args", "ansible_sftp_extra_args"},
    {"scp_extra_args", "ansible_scp_extra_args"},
    {"ssh_pipelining", "ansible_ssh_pipelining"},
    {"ssh_executable", "ansible_ssh_executable"},
    {"become", "ansible_become"},
    {"become_method", "ansible_become_method"},
    {"become_user", "ansible_become_user"},
    {"become_pass", "ansible_become_pass"},
    {"become_exe", "ansible_become_exe"},
    {"become_flags", "ansible_become_flags"},
    {"python_interpreter", "ansible_python_interpreter"},
    {"privileged", "hadeploy_privileged"},
}};

Value variablesOf(const Item& host) {
  Value::Map variables;
  for (const auto& [attribute, variable] : kVariables)
    if (const auto at = host.values.find(attribute); at != host.values.end())
      variables.emplace_back(std::string(variable), at->second);
  return map(std::move(variables));
}

}  // namespace

Value inventory(const Application& application) {
  Value::Map hosts;
  for (const auto& host : application.section("hosts")) hosts.emplace_back(host.text("name"), variablesOf(host));
  Value::Map groups;
  for (const auto& [name, members] : application.groups) {
    Value::Map names;
    for (const auto& member : members) names.emplace_back(member, map({}));
    groups.emplace_back(name, map({{"hosts", map(std::move(names))}}));
  }
  return map({{"all", map({{"hosts", map(std::move(hosts))}, {"children", map(std::move(groups))}})}});
}

Value groupVariables(const Application& application) {
  Value::Map variables = application.vars;
  for (const auto& [name, value] : application.encryptedVars)
    variables.emplace_back(name, map({{"__ansible_vault", value}}));
  return map(std::move(variables));
}

}  // namespace deploy
