// SPDX-License-Identifier: MIT
#include "instance/config/sockets.hpp"

#include <map>
#include <set>

#include "lib/core/text.hpp"
#include "lib/dialect/activation.hpp"
#include "lib/dialect/context.hpp"
#include "lib/dialect/section_reader.hpp"

namespace config {

core::Status checkSockets(ReadContext& context, const std::vector<GroupPtr>& groups) {
  std::set<std::string_view> used;
  for (const auto& group : groups)
    for (const auto& program : group->processes)
      for (const auto& socket : program->extension->activation.sockets) used.insert(socket.name);
  std::map<std::string, std::string> owners;  // of addresses: the section
  for (const auto& section : context.document.sections()) {
    if (kindOf(section.name()) != SectionKind::Socket) continue;
    SectionReader in(context.document, section, SectionKind::Socket);
    const auto sockets = readSocketSection(in, context.withHere());
    for (const auto& socket : sockets)
      if (const auto [other, added] = owners.emplace(socket.url, section.name()); !added)
        in.fail("socket", socket.url + " is the address of section " + core::pythonRepr(other->second) + ", too");
    if (!in.ok()) return in.error();
    if (used.count(sockets.front().name) == 0)
      context.warn("No program has " + core::pythonRepr(sockets.front().name) +
                   " among its sockets: it is not opened," + placeText(section.name(), section.place()));
  }
  return {};
}

std::vector<SectionKeys> socketSections(const core::IniDocument& document) {
  std::vector<SectionKeys> out;
  for (const auto& section : document.sections()) {
    if (kindOf(section.name()) != SectionKind::Socket) continue;
    SectionKeys found{section.name(), {}};
    for (const auto* entry : document.entriesOf(section)) found.keys.emplace_back(entry->key, entry->value);
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace config
