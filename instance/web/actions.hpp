// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/core/completion.hpp"

namespace api {
class MethodTable;
}
namespace process {
class Table;
}

namespace web {

/// What a request to index.html is to do.
struct Action {
  std::string verb;     ///< "start", "stopall", ...
  std::string process;  ///< for verbs of one program
  std::string group;    ///< for verbs of one group
};

/// Whether the verb exists and has the name that it needs.
[[nodiscard]] bool known(const Action& action);
/// "Restart program1?", for people.
[[nodiscard]] std::string question(const Action& action);

/// Whether a person must confirm it: it stops all programs, or cannot be undone.
[[nodiscard]] bool asksFirst(const Action& action);
/// The address that performs it, relative to the page: index.html?processname=x&action=start
[[nodiscard]] std::string address(const Action& action);

/// Carries it out with `methods`. `done` takes Supervisor's text about the outcome ("Process x started").
void perform(const Action& action, const process::Table& table, const api::MethodTable& methods,
             core::Completion<core::Expected<std::string>> done);

}  // namespace web
