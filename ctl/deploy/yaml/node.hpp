// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deploy {

/// A place in a source file. Lines and columns count characters, from 1; line 0: the value did not come from a file.
struct Mark {
  std::shared_ptr<const std::string> file;
  std::size_t line = 0;
  std::size_t column = 0;
};

/// A value of a source file. The text of a scalar is kept as it was written, since the type comes from the attribute
/// that it is for: mode: 0755 is the text "0755".
struct Node {
  enum class Kind { Scalar, Map, List };
  /// How the text of a scalar corresponds to the source, so that a place in it can be named: one line as it was
  /// written, a block (|) of such lines, or neither (escapes, folded lines).
  enum class Form { Loose, Line, Block };
  struct Member;

  Kind kind = Kind::Scalar;
  bool quoted = false;      ///< scalar in quotes, or a block (| or >)
  bool hidden = false;      ///< scalar with a value of ${env.NAME}: a password in it is not in the file
  bool unresolved = false;  ///< scalar whose expression was wrong and is reported: the text is not the value
  Form form = Form::Loose;
  std::size_t textColumn = 0;  ///< Line, Block: the column where each line of the text begins
  Mark mark;
  std::string text;             ///< scalar
  std::vector<Member> members;  ///< map, in the order of the file
  std::vector<Node> items;      ///< list

  /// The value of a key, or nullptr.
  [[nodiscard]] const Node* find(std::string_view key) const noexcept;
};

struct Node::Member {
  std::string key;
  Mark mark;  ///< of the key
  Node value;
};

inline const Node* Node::find(std::string_view key) const noexcept {
  for (const auto& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

}  // namespace deploy
