// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "instance/api/method.hpp"

namespace api {

/// Every method that can be called, by its full name. Nothing is found by reflection: what is not in here does not
/// exist for a client.
class MethodTable {
 public:
  /// `hook` is called before each method: what it is to see is brought up to date.
  void beforeEach(std::function<void()> hook) { hook_ = std::move(hook); }
  /// Replaces a method of that name.
  void add(Method method);
  [[nodiscard]] const Method* find(std::string_view name) const noexcept;
  /// Calls the method if there is one and the number of parameters fits; UNKNOWN_METHOD and INCORRECT_PARAMETERS
  /// otherwise. Takes `done` over, except when the method throws: the caller then still has it, and answers itself.
  void call(std::string_view name, const xmlrpc::Array& params, core::Completion<MethodResult>& done) const;
  /// In the order of their names.
  [[nodiscard]] const std::map<std::string, Method, std::less<>>& methods() const noexcept { return methods_; }

 private:
  std::function<void()> hook_;
  std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace api
