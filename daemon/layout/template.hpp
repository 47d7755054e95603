// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace layout {

using Variables = std::map<std::string, std::string, std::less<>>;

/// Fills a configuration template: `{{{ name }}}` is the value of a variable (an unknown one is an error), and
/// `{{% if NAME is defined %}}` (or `is not defined`) ... `{{% else %}}` ... `{{% endif %}}` keeps or drops lines. A
/// line break right after such a tag goes with it. The error names the line.
[[nodiscard]] core::Expected<std::string> fillTemplate(std::string_view text, const Variables& variables);

/// The configuration file of an instance as this project generates it, as a template.
[[nodiscard]] std::string_view builtinTemplate() noexcept;

}  // namespace layout
