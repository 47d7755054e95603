// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/xmlrpc/fault.hpp"
#include "lib/xmlrpc/reader.hpp"
#include "lib/xmlrpc/value.hpp"

struct XML_ParserStruct;

namespace xmlrpc {

/// Reads one XML-RPC text, from expat's events and without a document tree. Each object can be used once.
class Parser {
 public:
  explicit Parser(const Limits& limits);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// Parses the whole text. After a failure, error() is the reason.
  [[nodiscard]] bool parse(std::string_view xml);

  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  std::string method;
  Array params;
  std::optional<Value> fault;

 private:
  enum class Tag {
    Document,
    Call,
    Response,
    MethodName,
    Params,
    Param,
    Fault,
    Value,
    ArrayTag,
    Data,
    StructTag,
    Member,
    Name,
    Scalar
  };
  /// One open <value>.
  struct Slot {
    Value value;
    std::string memberName;
    bool typed = false;
  };

  template <class Call>
  void guarded(Call call) noexcept;
  [[nodiscard]] static std::optional<Tag> tagOf(std::string_view name, Tag parent) noexcept;
  void start(std::string_view name);
  void startValue();
  void end(std::string_view name);
  void finishScalar(std::string_view type);
  void finishValue();
  void deliver(Value value, Tag holder);
  void text(std::string_view piece);
  void fail(std::string text);

  XML_ParserStruct* expat_;
  Limits limits_;
  std::vector<Tag> open_{Tag::Document};
  std::vector<Slot> slots_;
  std::string text_;
  std::size_t count_ = 0;
  std::string error_;
  std::exception_ptr thrown_;
};

}  // namespace xmlrpc
