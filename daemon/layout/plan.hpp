// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/core/files.hpp"
#include "lib/core/result.hpp"
#include "lib/core/users.hpp"

namespace entries {
struct Entry;
}

/// From an entry to what must be on disk: pure data first, applied in a second step.
namespace layout {

/// What the manager remembers of a file or link: enough to distinguish it from what somebody else put there since.
struct Known {
  bool recorded = false;
  /// digestOf() what it wrote there last, or was about to. Empty in records of managers that wrote none: any content.
  std::vector<std::string> digests;
};

struct Directory {
  std::string path;
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0755;
  bool standard = false;  ///< at the default place: an empty one of root's is the instance's, too
  bool made = false;      ///< the manager made it
  /// Whether mode and owner are the manager's to set, and a purge may remove it.
  [[nodiscard]] bool own() const noexcept { return standard || made; }
};

struct File {
  std::string path;
  std::string content;
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0644;
  Known known = {};
  std::string adoptWith = {};  ///< a file with a line that begins so is replaced, whoever wrote it; empty: none is
};

struct Link {
  std::string path;
  std::string target;
  std::string ours;  ///< a recorded link is still ours if it points into this directory; empty: nobody else makes any
  Known known = {};
  bool adopt = false;  ///< a link or a script is replaced, whoever made it
};

/// Takes away what an earlier plan made.
struct Removal {
  enum class What { File, Link, Tree };
  What what = What::File;
  std::string path;
  Known known = {};  ///< of a file or link
  bool own = true;   ///< of a tree: see Directory; another one stays, and the report lists it
};

using Node = std::variant<Directory, File, Link, Removal>;
[[nodiscard]] const std::string& pathOf(const Node& node);

/// A digest of a content or the target of a link, to see whether it is still the same.
[[nodiscard]] std::string digestOf(std::string_view content);

struct Plan;
struct Change;

/// A draft of the ledger's file, with an intention.
struct Intention {
  std::string text;
  core::FileDraft file;
};

/// Remembers what was generated, to distinguish it from what others made.
class Ledger {
 public:
  virtual ~Ledger() = default;
  /// Sets in the nodes of the plan what is known of them now.
  virtual void inform(Plan& plan) const = 0;
  /// Writes what intend() with the same arguments will put in place, so that the caller can sync it together with those
  /// of others. Null: there is nothing to write, or it cannot be written; intend() then returns why.
  [[nodiscard]] virtual std::unique_ptr<Intention> draft(const Plan& plan, const std::vector<std::string>& making) = 0;
  /// Before anything is done: the plan is about to be applied, and these of its directories do not exist yet. On a
  /// failure nothing may be done. `draft`: from draft(), synced; null, or one that something else made obsolete
  /// meanwhile: it is written and synced here.
  [[nodiscard]] virtual core::Status intend(const Plan& plan, const std::vector<std::string>& making,
                                            Intention* draft) = 0;
  /// What was done of the plan, and of its directories that were to be made; `complete` if that is all of it.
  virtual void settle(const Plan& plan, const std::vector<std::string>& making, const std::vector<Change>& done,
                      bool complete) = 0;
};

/// What one instance needs on disk, in the order in which it is made. Where the owner can write, it is made with the
/// owner's ids, whatever uid is named here.
struct Plan {
  core::Identity owner;
  std::vector<Node> nodes;
  std::shared_ptr<Ledger> ledger = nullptr;  ///< null: nothing is remembered
};

/// The `what` of a Change for a directory that is made.
inline constexpr std::string_view kCreateDirectory = "create directory";

/// Something that applying a plan made, changed or removed ("create directory", "update file", ...).
struct Change {
  std::string what;
  std::string path;
  bool operator==(const Change&) const = default;
};

/// Where things are, with the root prefix in what is below it.
struct Places {
  std::string root;           ///< prefix; empty in production
  std::string links;          ///< directory of the chain of links, world-readable
  std::string supervisorctl;  ///< the installed client: where every chain ends
  uid_t managerUid = 0;       ///< who runs the manager: the owner of what the owner of an instance may not change
};

/// The plan of `entry`. `ownTemplate` is the text of conf_file_src, if the entry has one; it fails if that cannot be
/// used.
[[nodiscard]] core::Expected<Plan> planFor(const entries::Entry& entry, const Places& places,
                                           const std::optional<std::string>& ownTemplate);

}  // namespace layout
