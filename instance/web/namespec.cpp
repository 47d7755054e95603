// SPDX-License-Identifier: MIT
#include "instance/web/namespec.hpp"

#include "instance/process/table.hpp"

namespace web {

process::Process* findProgram(const process::Table& table, std::string_view name) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) return table.find(name, name);
  return table.find(name.substr(0, colon), name.substr(colon + 1));
}

std::optional<std::string> parameter(const http::Request& request, std::string_view name) {
  std::optional<std::string> value;
  if (request.method == "POST")
    for (auto& [key, text] : http::parseForm(request.body))
      if (key == name) value = std::move(text);
  if (value) return value;
  for (auto& [key, text] : http::parseForm(request.query()))
    if (key == name) return std::move(text);
  return std::nullopt;
}

}  // namespace web
