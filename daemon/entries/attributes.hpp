// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/entries/entry.hpp"

namespace entries {

/// An entry while its attributes are read: what is not yet said is still unset.
struct Draft {
  Entry entry;
  std::string root;  ///< prefix of all paths
  std::string user;
  std::string group;
  std::optional<bool> http;  ///< http_server = yes or no
  HttpServer server;
  bool serverMentioned = false;  ///< some http_server.* was given
};

/// One attribute of [supervisor:NAME]: `set` stores the value, or returns the reason why it cannot.
struct Attribute {
  std::string_view key;
  std::optional<std::string> (*set)(Draft&, const std::string& value);
};

/// All attributes, sorted by key.
[[nodiscard]] std::span<const Attribute> attributes();
[[nodiscard]] const Attribute* findAttribute(std::string_view key);
/// The attribute that was probably meant, for "did you mean".
[[nodiscard]] std::optional<std::string_view> nearestAttribute(std::string_view key);

/// The default path of `key` for an instance, with the prefix: "/etc/supervisord_NAME.conf" for conf_file_dst.
[[nodiscard]] std::string defaultPath(std::string_view key, const std::string& name, const std::string& root);

}  // namespace entries
