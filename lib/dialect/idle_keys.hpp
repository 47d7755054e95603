// SPDX-License-Identifier: MIT
#pragma once

namespace config {

struct Extension;

struct ReadContext;
class SectionReader;

/// Warns of keys that a program gives itself and that do nothing, because the key that they belong to is missing. Those
/// of [program-defaults] and of groups are for members that do have it.
void noteIdleKeys(ReadContext& context, const SectionReader& in);

/// Warns of values that do nothing because of each other: a schedule that is never within the run_window.
void noteIdleValues(ReadContext& context, const SectionReader& in, const Extension& extension);

}  // namespace config
