// SPDX-License-Identifier: MIT
#include "lib/dialect/members.hpp"

#include "lib/dialect/values.hpp"

namespace config {

Members readMembers(SectionReader& in, const core::Names& names) {
  Members out;
  const auto programs = in.text("programs", names);
  in.take("priority", names, parseInteger, out.priority);
  out.programs = parseStrings(programs.value_or(""));
  return out;
}

}  // namespace config
