// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ctl/deploy/language/kinds.hpp"

namespace deploy {

/// One attribute of an item. The table of them is what sources are checked with and what the manual page is made from.
struct Attribute {
  enum class Form {
    Scalar,
    List,
    ListOrScalar,  ///< a scalar is a list of one
    CommaList,     ///< a text with commas, or a list, which is joined
    Map            ///< with `members`
  };

  std::string_view name = {};
  const Kind* kind = &kText;
  std::string_view about = {};  ///< for the manual: one or two sentences
  Form form = Form::Scalar;
  bool required = false;
  /// The default as text; empty: none. NAME in it is the name of the item.
  std::string_view fallback = {};
  /// A default that depends on other attributes, in words: for the manual only.
  std::string_view computed = {};
  std::int64_t least = 0;
  std::int64_t most = 2147483647;
  std::span<const std::string_view> words = {};
  std::span<const Attribute> members = {};
  bool late = false;  ///< Ansible may compute it, though its kind is one that is needed before
};

/// The plug-in of a section: a word of --scope.
enum class Plugin { None, Users, Files, Systemd, Supervisor, Ansible };
[[nodiscard]] std::string_view toText(Plugin plugin) noexcept;

/// One section of an application file.
struct Section {
  enum class Shape {
    Items,   ///< a list of maps
    Map,     ///< names and any values
    Texts,   ///< a list of texts, or one
    Boolean  ///< yes or no
  };

  std::string_view name;
  Shape shape = Shape::Items;
  Plugin plugin = Plugin::None;
  std::string_view about = {};
  std::string_view key = {};  ///< the attribute that names an item, or empty
  std::span<const Attribute> attributes = {};
  std::string_view fallback = {};  ///< of a section that is one value
};

/// All sections, in the order of the manual.
[[nodiscard]] std::span<const Section> sections();
[[nodiscard]] const Section* findSection(std::string_view name) noexcept;
[[nodiscard]] const Attribute* findAttribute(std::span<const Attribute> attributes, std::string_view name) noexcept;

/// The attributes of each section, for sections().
[[nodiscard]] std::span<const Attribute> hostAttributes();
[[nodiscard]] std::span<const Attribute> hostOverrideAttributes();
[[nodiscard]] std::span<const Attribute> hostGroupAttributes();
[[nodiscard]] std::span<const Attribute> hostGroupOverrideAttributes();
[[nodiscard]] std::span<const Attribute> groupAttributes();
[[nodiscard]] std::span<const Attribute> userAttributes();
[[nodiscard]] std::span<const Attribute> folderAttributes();
[[nodiscard]] std::span<const Attribute> fileAttributes();
[[nodiscard]] std::span<const Attribute> treeAttributes();
[[nodiscard]] std::span<const Attribute> unitAttributes();
[[nodiscard]] std::span<const Attribute> supervisorAttributes();
[[nodiscard]] std::span<const Attribute> programAttributes();
[[nodiscard]] std::span<const Attribute> programGroupAttributes();
[[nodiscard]] std::span<const Attribute> playbookAttributes();

}  // namespace deploy
