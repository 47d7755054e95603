// SPDX-License-Identifier: MIT
#pragma once

namespace config {

struct ReadContext;
class SectionReader;

/// Warns of keys that a program gives itself and that do nothing, because the key that they belong to is missing. Those
/// of [program-defaults] and of groups are for members that do have it.
void noteIdleKeys(ReadContext& context, const SectionReader& in);

}  // namespace config
