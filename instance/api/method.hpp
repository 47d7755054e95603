// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/completion.hpp"
#include "lib/core/result.hpp"
#include "lib/xmlrpc/fault.hpp"
#include "lib/xmlrpc/value.hpp"

namespace api {

/// The outcome of a call: one finished "<value>...</value>" (made with xmlrpc::Writer), or a fault.
using MethodResult = core::Result<std::string, xmlrpc::Fault>;
/// Carries out one call. `done` takes the outcome: during the call, or later from the loop.
using Handler = std::function<void(const xmlrpc::Array& params, core::Completion<MethodResult> done)>;
/// A handler that returns its outcome.
using Immediate = std::function<MethodResult(const xmlrpc::Array& params)>;

/// One method that clients may call.
struct Method {
  std::string name;  ///< with its namespace: "supervisor.startProcess"
  /// For system.methodSignature: the type of the result, then those of the parameters.
  std::vector<std::string_view> signature;
  std::size_t required = 0;  ///< number of parameters that must be given; the rest are optional
  std::string_view help;     ///< for system.methodHelp
  Handler call;
  bool listed = true;  ///< by system.listMethods; false: clients that compare the list with Supervisor's notice nothing
};

/// A handler that completes its call before it returns.
[[nodiscard]] Handler immediately(Immediate call);
/// A fault as an error: `return fail(FaultCode::BadName, name);`
[[nodiscard]] core::Err<xmlrpc::Fault> fail(xmlrpc::FaultCode code,
                                            std::optional<std::string_view> extra = std::nullopt);

// Finished values of the frequent kinds.
[[nodiscard]] MethodResult trueValue();
[[nodiscard]] MethodResult textValue(std::string_view text);
[[nodiscard]] MethodResult integerValue(std::int64_t number);

}  // namespace api
