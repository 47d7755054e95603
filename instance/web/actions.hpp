// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lib/xmlrpc/fault.hpp"
#include "lib/xmlrpc/value.hpp"

namespace process {
class Table;
}

namespace web {

/// Calls a method of the API; `done` gets the fault, or nullptr when it went well, maybe later.
using Call = std::function<void(const std::string& method, xmlrpc::Array params,
                                std::function<void(const xmlrpc::Fault* fault)> done)>;

/// What a request to index.html asks for.
struct Action {
  std::string verb;     ///< "start", "stopall", ...
  std::string process;  ///< for verbs of one program
  std::string group;    ///< for verbs of one group
};

/// Whether `action` is one that changes something and can be asked for; nothing to ask for a refresh.
[[nodiscard]] bool known(const Action& action);
/// "Restart program1?", for people.
[[nodiscard]] std::string question(const Action& action);

/// Whether a person is asked before it is done: it ends all programs, or cannot be undone.
[[nodiscard]] bool asksFirst(const Action& action);
/// The address that asks for it, relative to the page: index.html?processname=x&action=start
[[nodiscard]] std::string address(const Action& action);

/// Does it and tells `done` Supervisor's words about the outcome ("Process x started").
void perform(const Action& action, const process::Table& table, const Call& call,
             std::function<void(std::string message)> done);

}  // namespace web
