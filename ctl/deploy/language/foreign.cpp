// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/foreign.hpp"

#include <algorithm>
#include <array>

namespace deploy {
namespace {

struct Entry {
  std::string_view section;
  std::string_view plugin;
  std::string_view instead = {};
};

constexpr std::array kForeignSections = std::to_array<Entry>({
    {"hdfs_relay", "hdfs"},
    {"source_host_credentials", "hdfs"},
    {"hbase_relay", "hbase"},
    {"hbase_namespaces", "hbase"},
    {"hbase_tables", "hbase"},
    {"hbase_datasets", "hbase"},
    {"hive_relay", "hive"},
    {"hive_databases", "hive"},
    {"hive_tables", "hive"},
    {"kafka_relay", "kafka"},
    {"kafka_topics", "kafka"},
    {"storm_relay", "storm"},
    {"storm_topologies", "storm"},
    {"yarn_relay", "yarn"},
    {"yarn_services", "yarn"},
    {"elasticsearch_servers", "elasticsearch"},
    {"elasticsearch_indices", "elasticsearch"},
    {"elasticsearch_templates", "elasticsearch"},
    {"ranger_relay", "ranger"},
    {"hbase_ranger_policies", "ranger"},
    {"hdfs_ranger_policies", "ranger"},
    {"hive_ranger_policies", "ranger"},
    {"kafka_ranger_policies", "ranger"},
    {"storm_ranger_policies", "ranger"},
    {"yarn_ranger_policies", "ranger"},
    {"maven_repositories", "maven", "download the artifact, or give its http:// URL in files"},
    {"ansible_inventories", "ansible_inventories", "list the hosts in hosts"},
    {"ansible_roles", "ansible_roles", "write a playbook in ansible_playbooks"},
    {"plugins", "plugins", "remove it"},
    {"plugins_paths", "plugins_paths", "remove it"},
});

constexpr std::array kForeignPlugins = std::to_array<std::string_view>(
    {"hdfs", "hbase", "hive", "kafka", "storm", "yarn", "elasticsearch", "elastic", "ranger", "maven"});

}  // namespace

ForeignSection foreignSection(std::string_view name) noexcept {
  for (const auto& entry : kForeignSections)
    if (entry.section == name) return {entry.plugin, entry.instead};
  for (const auto plugin : kForeignPlugins)
    if (name.starts_with(plugin) && name.substr(plugin.size()).starts_with('_')) return {plugin, {}};
  return {};
}

bool isForeignPlugin(std::string_view name) noexcept {
  return std::find(kForeignPlugins.begin(), kForeignPlugins.end(), name) != kForeignPlugins.end();
}

}  // namespace deploy
