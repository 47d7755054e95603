// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "instance/api/dispatcher.hpp"
#include "instance/api/method.hpp"
#include "instance/api/method_table.hpp"

namespace process {
class Table;
}

namespace api {

class Waiters;

// Calls that waited when another program took over from the one that began them: what they began continues, but of the
// call itself only its text is left.

/// The fault for one whose outcome nobody can tell any more.
[[nodiscard]] MethodResult lostCall();
/// The answer to one of which the text is lost, too.
[[nodiscard]] Answer lostAnswer();
/// The methods of `methods`, each of which answers lostCall().
[[nodiscard]] MethodTable lostCalls(const MethodTable& methods);
/// Replaces startProcess and stopProcess of one program by the wait for it, and upgrade by its outcome: true, or a
/// fault with `refused`, the reason why the program that began it continues. `prefix` is the namespace, with its dot.
/// `programs` and `waiters` must outlive the calls.
void addResumedCalls(MethodTable& table, const std::string& prefix, const process::Table& programs, Waiters& waiters,
                     const std::optional<std::string>& refused);

}  // namespace api
