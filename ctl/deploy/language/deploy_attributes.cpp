// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>

#include "ctl/deploy/language/table.hpp"

/// Prints the table of sections and attributes for the manual page (man/app_page.py): a line for each, with tabs
/// between the fields.
namespace {

using deploy::Attribute;
using deploy::Section;

std::string_view shapeOf(const Section& section) {
  switch (section.shape) {
    case Section::Shape::Items: return "list of items";
    case Section::Shape::Map: return "map";
    case Section::Shape::Texts: return "text or list of texts";
    case Section::Shape::Boolean: return "yes or no";
  }
  return "";
}

std::string kindOf(const Attribute& attribute) {
  std::string kind(attribute.kind->name);
  if (attribute.form == Attribute::Form::Map) kind = "map";
  if (attribute.kind == &deploy::kNumber && (attribute.least != 0 || attribute.most < 2147483647))
    kind += attribute.least < -99999 ? std::string() : fmt::format(" from {} to {}", attribute.least, attribute.most);
  if (!attribute.words.empty()) kind = fmt::format("one of {}", fmt::join(attribute.words, ", "));
  if (attribute.form == Attribute::Form::List) kind = "list of " + kind;
  if (attribute.form == Attribute::Form::ListOrScalar || attribute.form == Attribute::Form::CommaList)
    kind += ", or a list";
  return kind;
}

/// Attribute, name, kind, whether it is required, default in words or as it is written, meaning.
void print(const Attribute& attribute, const std::string& prefix) {
  fmt::print("attribute\t{}{}\t{}\t{}\t{}\t{}\n", prefix, attribute.name, kindOf(attribute),
             attribute.required ? "required" : "", attribute.fallback.empty() ? attribute.computed : attribute.fallback,
             attribute.about);
  for (const auto& member : attribute.members) print(member, prefix + std::string(attribute.name) + ".");
}

}  // namespace

int main() {
  for (const auto& section : deploy::sections()) {
    fmt::print("section\t{}\t{}\t{}\t{}\n", section.name, shapeOf(section), section.fallback, section.about);
    for (const auto& attribute : section.attributes)
      if (attribute.name != "when") print(attribute, "");
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
