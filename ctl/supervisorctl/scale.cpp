// SPDX-License-Identifier: MIT
// scale: another number of processes of a program.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/names.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "ctl/supervisorctl/unknown_option.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

using xmlrpc::FaultCode;

/// One PROGRAM=N.
struct Wish {
  std::string program;
  std::int64_t count;
};

/// nullopt: the word is not of that form.
std::optional<Wish> wishOf(const std::string& word) {
  const auto equals = word.rfind('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  const auto number = word.substr(equals + 1);
  if (number.empty() || number.size() > 6 || number.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return Wish{word.substr(0, equals), std::stoll(number)};
}

std::string whyNot(const Failure& failure) {
  switch (static_cast<FaultCode>(failure.code)) {
    case FaultCode::BadName: return "no such program";
    case FaultCode::UnknownMethod: return "this supervisord cannot scale";
    default: break;
  }
  const auto colon = failure.text.find(": ");
  return colon == std::string::npos ? failure.text : failure.text.substr(colon + 2);
}

void report(Session& session, const Wish& wish, const xmlrpc::Value& result) {
  const std::string group = textOf(result, "group");
  bool changed = false;
  for (const char* what : {"added", "removed"}) {
    const auto* names = result.member(what);
    const auto* array = names ? names->array() : nullptr;
    if (!array) continue;
    for (const auto& name : *array) {
      if (!name.string()) continue;
      session.out.line(joinName(group, *name.string()) + ": " + what);
      changed = true;
    }
  }
  if (!changed) session.out.line(wish.program + ": " + std::to_string(wish.count) + " processes, as before");
}

}  // namespace

Answer<void> runScale(Session& session, const std::string& argument) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  auto words = core::splitBlanks(argument);
  const auto saves = std::erase(words, "--save") > 0;
  std::vector<Wish> wishes;
  for (const auto& word : words) {
    auto wish = wishOf(word);
    if (!wish && looksLikeOption(word)) {
      refuseOption(session, "scale", word);
      return {};
    }
    if (!wish) {
      session.refuse("Error: " + word + " is not PROGRAM=N, with a number up to 100000", ExitStatus::InvalidArguments);
      return {};
    }
    wishes.push_back(std::move(*wish));
  }
  if (wishes.empty()) {
    session.refuse("Error: scale requires a program and a number", ExitStatus::InvalidArguments);
    printHelp(session, "scale");
    return {};
  }
  for (const auto& wish : wishes) {
    auto answer = session.call("supervisor.scaleProgram",
                               {xmlrpc::Value{wish.program}, xmlrpc::Value{wish.count}, xmlrpc::Value{saves}});
    if (answer) {
      report(session, wish, *answer);
    } else if (answer.error().kind == Failure::Kind::Fault) {
      session.out.line(wish.program + ": ERROR (" + whyNot(answer.error()) + ")");
      session.exitStatus = ExitStatus::Generic;
    } else {
      return core::Err{std::move(answer).error()};
    }
  }
  return {};
}

}  // namespace ctl
