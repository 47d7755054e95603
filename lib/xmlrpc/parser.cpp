// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/parser.hpp"

#include <expat.h>
#include <sys/random.h>

#include <exception>
#include <limits>
#include <new>
#include <utility>

#include "lib/core/text.hpp"
#include "lib/xmlrpc/scalar.hpp"

namespace xmlrpc {

/// Catches exceptions, which must not pass through expat's C frames; parse() throws them again.
template <class Call>
void Parser::guarded(Call call) noexcept {
  try {
    call();
  } catch (...) {
    thrown_ = std::current_exception();
    XML_StopParser(expat_, XML_FALSE);
  }
}

namespace {

/// Seeds expat's hash tables against texts with colliding names: random, but of the process, as in Python. expat itself
/// would ask the kernel for a number for each text. 0: there is none, and expat does that.
unsigned long hashSalt() noexcept {
  static const unsigned long kSalt = [] {
    unsigned long number = 0;
    return ::getrandom(&number, sizeof number, GRND_NONBLOCK) == sizeof number ? number : 0;
  }();
  return kSalt;
}

}  // namespace

Parser::Parser(const Limits& limits) : expat_(XML_ParserCreate(nullptr)), limits_(limits) {
  if (expat_ == nullptr) throw std::bad_alloc();
  XML_SetHashSalt(expat_, hashSalt());
  XML_SetUserData(expat_, this);
  XML_SetElementHandler(
      expat_,
      [](void* data, const char* name, const char**) {
        auto* self = static_cast<Parser*>(data);
        self->guarded([=] { self->start(name); });
      },
      [](void* data, const char* name) {
        auto* self = static_cast<Parser*>(data);
        self->guarded([=] { self->end(name); });
      });
  XML_SetCharacterDataHandler(expat_, [](void* data, const char* bytes, int size) {
    auto* self = static_cast<Parser*>(data);
    self->guarded([=] { self->text({bytes, static_cast<std::size_t>(size)}); });
  });
  // Entities can only be declared in a document type. Without it, a small text cannot expand to gigabytes, and no file
  // or URL can be included.
  XML_SetStartDoctypeDeclHandler(expat_, [](void* data, const char*, const char*, const char*, int) {
    auto* self = static_cast<Parser*>(data);
    self->guarded([=] { self->fail("a document type is not allowed"); });
  });
}

Parser::~Parser() { XML_ParserFree(expat_); }

bool Parser::parse(std::string_view xml) {
  if (xml.size() > limits_.bytes || xml.size() > std::numeric_limits<int>::max()) {
    error_ = "the text has " + std::to_string(xml.size()) + " bytes, more than " + std::to_string(limits_.bytes);
    return false;
  }
  const bool ok = XML_Parse(expat_, xml.data(), static_cast<int>(xml.size()), XML_TRUE) == XML_STATUS_OK;
  if (thrown_) std::rethrow_exception(thrown_);
  if (ok) return error_.empty();
  if (XML_GetErrorCode(expat_) == XML_ERROR_NO_MEMORY) throw std::bad_alloc();
  if (error_.empty()) fail(XML_ErrorString(XML_GetErrorCode(expat_)));
  return false;
}

void Parser::fail(std::string text) {
  if (!error_.empty()) return;
  error_ = "line " + std::to_string(XML_GetCurrentLineNumber(expat_)) + ": " + std::move(text);
  XML_StopParser(expat_, XML_FALSE);
}

std::optional<Parser::Tag> Parser::tagOf(std::string_view name, Tag parent) noexcept {
  const auto only = [name](std::string_view wanted, Tag tag) {
    return name == wanted ? std::optional(tag) : std::nullopt;
  };
  switch (parent) {
    case Tag::Document: return name == "methodCall" ? std::optional(Tag::Call) : only("methodResponse", Tag::Response);
    case Tag::Call: return name == "methodName" ? std::optional(Tag::MethodName) : only("params", Tag::Params);
    case Tag::Response: return name == "params" ? std::optional(Tag::Params) : only("fault", Tag::Fault);
    case Tag::Params: return only("param", Tag::Param);
    case Tag::Param:
    case Tag::Fault:
    case Tag::Data: return only("value", Tag::Value);
    case Tag::Value:
      if (name == "array") return Tag::ArrayTag;
      return name == "struct" ? Tag::StructTag : Tag::Scalar;
    case Tag::ArrayTag: return only("data", Tag::Data);
    case Tag::StructTag: return only("member", Tag::Member);
    case Tag::Member: return name == "name" ? std::optional(Tag::Name) : only("value", Tag::Value);
    default: return std::nullopt;
  }
}

void Parser::start(std::string_view name) {
  if (!error_.empty()) return;
  const auto tag = tagOf(name, open_.back());
  if (!tag) return fail("<" + std::string(name.substr(0, 40)) + "> does not belong here");
  open_.push_back(*tag);
  text_.clear();
  switch (*tag) {
    case Tag::Value: return startValue();
    case Tag::ArrayTag:
    case Tag::StructTag:
    case Tag::Scalar:
      if (std::exchange(slots_.back().typed, true)) return fail("a <value> holds two types");
      if (*tag == Tag::ArrayTag) slots_.back().value.data = Array{};
      if (*tag == Tag::StructTag) slots_.back().value.data = Struct{};
      return;
    case Tag::Member: slots_.back().memberName.clear(); return;
    default: return;
  }
}

void Parser::startValue() {
  if (++count_ > limits_.values) return fail("more than " + std::to_string(limits_.values) + " values");
  if (slots_.size() >= limits_.depth) return fail("values nested deeper than " + std::to_string(limits_.depth));
  slots_.emplace_back();
}

void Parser::text(std::string_view piece) {
  if (error_.empty()) text_ += piece;
}

void Parser::end(std::string_view name) {
  if (!error_.empty()) return;
  const Tag tag = open_.back();
  open_.pop_back();
  switch (tag) {
    case Tag::Scalar: return finishScalar(name);
    case Tag::Value: return finishValue();
    case Tag::Name: slots_.back().memberName = std::move(text_); break;
    case Tag::MethodName: method = std::move(text_); break;
    default: break;
  }
  text_.clear();
}

void Parser::finishScalar(std::string_view type) {
  auto value = readScalar(type, std::exchange(text_, {}));
  if (!value) return fail(std::move(value).error().text);
  slots_.back().value = std::move(*value);
}

void Parser::finishValue() {
  Slot slot = std::move(slots_.back());
  slots_.pop_back();
  if (!slot.typed) slot.value.data = std::exchange(text_, {});
  deliver(std::move(slot.value), open_.back());
}

void Parser::deliver(Value value, Tag holder) {
  if (holder == Tag::Param) {
    params.push_back(std::move(value));
  } else if (holder == Tag::Fault) {
    fault = std::move(value);
  } else if (holder == Tag::Data) {
    std::get<Array>(slots_.back().value.data).push_back(std::move(value));
  } else {
    Slot& owner = slots_.back();
    std::get<Struct>(owner.value.data).push_back({owner.memberName, std::move(value)});
  }
}

}  // namespace xmlrpc
