// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "instance/state/state.hpp"
#include "lib/core/result.hpp"

/// The state as text: lines that people can read, and that older and newer programs understand.
///
///   supervisord-state 1            the format's major number
///   program 17                     a record: its type and its key
///    group=web                     its fields, one a line, with a blank in front
///    out.pipe=p17.out              a field of a member; a member of a list has its place: "processes.0.name"
///   end 2                          the number of records
///
/// In values, backslashes and control bytes are escaped: \\, \n, \xHH. A field that has its default is left out; a
/// list has its size. Unknown fields and types of records are skipped, unless a part of their name begins with '!':
/// those must be understood.
///
/// A journal is the same without `end`: a later record replaces the one with the same type and key, and
/// "gone TYPE KEY" removes it.
namespace state {

/// The first line of a document and of a journal.
inline constexpr std::string_view kFirstLine = "supervisord-state 1\n";

[[nodiscard]] std::string encode(const State& state);
/// The error is complete: it names the line, the record and the field, and says if a newer program wrote the document.
[[nodiscard]] core::Expected<State> decode(std::string_view document);
/// What the records of a journal amount to. Lists have the order in which their members first appeared. A program that
/// was being started may have no process yet: see checkProcesses() in check.hpp.
[[nodiscard]] core::Expected<State> replay(std::string_view journal);

// One record each. Events: without its lists; Configuration: without its groups. They have records of their own.
void append(std::string& out, const Daemon& value);
void append(std::string& out, const config::CommandLine& value);
void append(std::string& out, const config::Configuration& value);
void append(std::string& out, const config::GroupConfig& value);
void append(std::string& out, const Program& value);
void append(std::string& out, const SharedSocket& value);
void append(std::string& out, const Events& value);
void append(std::string& out, const Event& value);
void append(std::string& out, const Pool& value);
void append(std::string& out, const Listener& value);
/// All that waits: several writers may have the same target.
void append(std::string& out, const std::vector<Unsent>& value);
void append(std::string& out, const Server& value);
void append(std::string& out, const Connection& value);
void append(std::string& out, const Descriptor& value);
/// As it was last read, for a journal: it has a copy even of a group that runs.
void appendConfigured(std::string& out, const config::GroupConfig& group);
void appendReread(std::string& out, const config::Configuration& value);

/// "TYPE KEY", the head of a value's record: "program 17", "listener mailers:mailer_0", "daemon".
[[nodiscard]] std::string headOf(const config::GroupConfig& value);
[[nodiscard]] std::string headOf(const Program& value);
[[nodiscard]] std::string headOf(const SharedSocket& value);
[[nodiscard]] std::string headOf(const Event& value);
[[nodiscard]] std::string headOf(const Pool& value);
[[nodiscard]] std::string headOf(const Listener& value);
/// Removes the record with this head from a journal.
void appendGone(std::string& out, std::string_view head);
/// The same, for a key that is known: it is escaped here.
void appendGone(std::string& out, std::string_view type, std::string_view key);

}  // namespace state
