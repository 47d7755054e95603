// SPDX-License-Identifier: MIT
#include "ctl/deploy/yaml/syntax_errors.hpp"

#include <fmt/core.h>

#include <array>

namespace deploy {
namespace {

struct Known {
  std::string_view problem;  // libyaml's
  std::string_view reason;
  std::string_view suggestion;
};

constexpr std::array kKnown = {
    Known{"did not find expected key", "a key is expected here", "check the indentation of this line"},
    Known{"did not find expected '-' indicator", "a '-' is expected here", "check the indentation of this line"},
    Known{"did not find expected ',' or '}'", "a ',' or '}' is expected here", ""},
    Known{"did not find expected ',' or ']'", "a ',' or ']' is expected here", ""},
    Known{"did not find expected node content", "a value is expected here", ""},
    Known{"did not find expected <document start>", "a new document needs a line '---' before it",
          "check the indentation of this line"},
    Known{"could not find expected ':'", "a ':' is missing after a key", ""},
    Known{"mapping values are not allowed in this context", "a ':' is not allowed here",
          "put a text that has ': ' in it in quotes, or check the indentation"},
    Known{"block sequence entries are not allowed in this context", "a '-' is not allowed here",
          "begin the list in a line of its own"},
    Known{"found character that cannot start any token", "this character cannot begin a value",
          "indent with blanks, not with tabs; put a text that begins with @ or ` in quotes"},
    Known{"found a tab character where an indentation space is expected", "a tab cannot indent", "indent with blanks"},
    Known{"found unexpected end of stream", "the file ends within a text in quotes", "close the quotes"},
    Known{"found unknown escape character", "this escape is not known in double quotes",
          "write \\\\ for a backslash, or use single quotes"},
};

/// What libyaml was reading, in plain words. Nothing for what does not help.
struct Context {
  std::string_view context;  // libyaml's
  std::string_view words;
};

constexpr std::array kContexts = {
    Context{"while parsing a flow mapping", "in the map"},
    Context{"while parsing a flow sequence", "in the list"},
    Context{"while parsing a block mapping", "in the map"},
    Context{"while parsing a block collection", "in the list"},
    Context{"while scanning a simple key", "in the key"},
    Context{"while scanning a quoted scalar", "in the text"},
    Context{"while parsing a quoted scalar", "in the text"},
    Context{"while scanning a block scalar", "in the text"},
    Context{"while scanning a plain scalar", "in the text"},
    Context{"while parsing a block node", ""},
    Context{"while parsing a flow node", ""},
    Context{"while scanning for the next token", ""},
};

std::string_view wordsFor(std::string_view context) {
  for (const auto& known : kContexts)
    if (known.context == context) return known.words;
  return context;
}

Known find(std::string_view problem) {
  for (const auto& known : kKnown)
    if (known.problem == problem) return known;
  return {problem, problem, {}};
}

}  // namespace

Explanation explainSyntaxError(std::string_view problem, std::string_view context, const std::string& contextPlace,
                               std::string_view line) {
  const auto known = find(problem);
  Explanation result{std::string(known.reason), std::string(known.suggestion)};
  if (const auto words = wordsFor(context); !words.empty())
    result.reason += fmt::format(", {} that begins at {}", words, contextPlace);
  const bool flow = context.find("flow") != std::string_view::npos;
  if (flow && line.find("${") != std::string_view::npos)
    result.suggestion = "inside { } and [ ] write <<name>>, or put ${name} in quotes";
  return result;
}

}  // namespace deploy
