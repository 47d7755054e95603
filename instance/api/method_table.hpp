// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "instance/api/method.hpp"

namespace api {

/// All methods that clients can call, by their full names. Supervisor finds methods by reflection; here a client
/// reaches only what was added on purpose.
class MethodTable {
 public:
  /// `hook` is called before each method, to update the state that the method sees.
  void beforeEach(std::function<void()> hook) { hook_ = std::move(hook); }
  /// Replaces a method of the same name.
  void add(Method method);
  [[nodiscard]] const Method* find(std::string_view name) const noexcept;
  /// Calls the method if there is one and the number of parameters fits; UNKNOWN_METHOD and INCORRECT_PARAMETERS
  /// otherwise. Takes `done` over, except when the method throws: the caller then still has it, and answers itself.
  void call(std::string_view name, const xmlrpc::Array& params, core::Completion<MethodResult>& done) const;
  /// Sorted by name.
  [[nodiscard]] const std::map<std::string, Method, std::less<>>& methods() const noexcept { return methods_; }

 private:
  std::function<void()> hook_;
  std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace api
