// SPDX-License-Identifier: MIT
#include "daemon/layout/apply.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "daemon/layout/present.hpp"
#include "daemon/layout/remove_tree.hpp"
#include "daemon/layout/tree.hpp"
#include "lib/core/files.hpp"

namespace layout {
namespace {

constexpr mode_t kModeBits = 07777;

/// Gives `temporary` its name. With `fresh`, never over something that appeared there meanwhile (where the file system
/// can promise that). Returns 0 or an errno.
int putInPlace(int parent, const std::string& temporary, const std::string& name, bool fresh) {
  if (fresh && ::renameat2(parent, temporary.c_str(), parent, name.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (fresh && errno != EINVAL && errno != ENOSYS) return errno;
  return ::renameat(parent, temporary.c_str(), parent, name.c_str()) == 0 ? 0 : errno;
}

}  // namespace

class Applying::Steps {
 public:
  Steps(const Tree& tree, const std::vector<Node>& nodes, Mode mode)
      : tree_(tree), nodes_(nodes), dry_(mode == Mode::DryRun) {}
  ~Steps() {
    for (const auto& file : written_) discard(file);
  }
  Steps(const Steps&) = delete;
  Steps& operator=(const Steps&) = delete;

  /// Files in a row are synced together, and have their names before the next node is looked at.
  std::vector<Unsynced*> proceed() {
    for (const auto& file : std::exchange(written_, {})) finish(file);
    for (; next_ < nodes_.size(); ++next_) {
      if (!written_.empty() && !std::holds_alternative<File>(nodes_[next_])) break;
      begin(nodes_[next_]);
    }
    std::vector<Unsynced*> out;
    for (auto& file : written_) out.push_back(&file.state);
    return out;
  }

  Report takeReport() { return std::move(report_); }

 private:
  /// A file beside its place.
  struct Written {
    const File& want;
    Tree::Parent at;
    std::string temporary;
    bool fresh;  // nothing was there
    core::UniqueFd fd;
    Unsynced state;
  };

  void begin(const Node& node) {
    const auto& path = pathOf(node);
    const bool removal = std::holds_alternative<Removal>(node);
    auto parent = tree_.parentOf(path, !dry_ && !removal);
    if (!parent) {
      report_.errors.push_back(parent.error().text);
    } else if (!parent->safe) {
      report_.delegated.push_back(node);
    } else if (parent->missing) {
      if (!removal)
        changed(std::holds_alternative<Directory>(node) ? kCreateDirectory
                : std::holds_alternative<File>(node)    ? "create file"
                                                        : "create link",
                path);
    } else {
      std::visit([&](const auto& n) { apply(n, *parent); }, node);
    }
  }

  void changed(std::string_view what, const std::string& path) { report_.changes.push_back({std::string(what), path}); }
  void failed(const std::string& path, const std::string& reason) { report_.errors.push_back(path + ' ' + reason); }
  void failed(const std::string& path, const char* what, int code) {
    report_.errors.push_back(fmt::format("{}: {}: {}", path, what, ::strerrordesc_np(code)));
  }
  /// Ids are only for a privileged process to give.
  [[nodiscard]] bool mayChown() const { return tree_.judges() && tree_.trusted() == 0; }

  /// The uid that the manager's files have where this process works; a helper's are the owner's.
  [[nodiscard]] uid_t uidOf(uid_t wanted) const { return mayChown() ? wanted : ::geteuid(); }
  [[nodiscard]] std::optional<Present> look(const Tree::Parent& at, uid_t wanted) const {
    struct stat info {};
    if (::fstatat(at.fd.get(), at.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
    return Present(at.fd.get(), at.name, info, uidOf(wanted));
  }

  void apply(const Directory& want, const Tree::Parent& at) {
    const auto there = look(at, want.uid);
    if (!there) return make(want, at);
    const core::UniqueFd fd(openBelow(at.fd.get(), at.name.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK));
    struct stat now {};
    if (!fd || ::fstat(fd.get(), &now) != 0) {
      if (!S_ISDIR(there->info().st_mode))
        return failed(want.path, "exists and is not a directory: remove or rename it");
      return failed(want.path, "cannot be opened", errno);
    }
    if (!mayUse(want, fd.get(), now) || !want.own()) return;
    const bool owners = !mayChown() || (now.st_uid == want.uid && now.st_gid == want.gid);
    if (owners && (now.st_mode & kModeBits) == want.mode) return;
    if (dry_ || settle(want, fd.get())) changed("change mode and owner of directory", want.path);
  }

  /// A directory that is there must be the owner's already; one at the default place may also be root's and empty.
  bool mayUse(const Directory& want, int fd, const struct stat& now) {
    if (now.st_uid == uidOf(want.uid)) return true;
    if (want.standard && mayChown() && now.st_uid == tree_.trusted() && isEmptyDirectory(fd)) return true;
    failed(want.path,
           fmt::format("exists and belongs to {}, not to {}: it is not taken over. Name another directory in the "
                       "entry, or give this one to its owner",
                       ownerText(now.st_uid), ownerText(uidOf(want.uid))));
    return false;
  }

  bool settle(const Directory& want, int fd) {
    const bool good = (!mayChown() || ::fchown(fd, want.uid, want.gid) == 0) && ::fchmod(fd, want.mode) == 0;
    if (!good) failed(want.path, "mode and owner cannot be set", errno);
    return good;
  }

  /// Created under another name: a crash then leaves no directory of root's at the final path.
  void make(const Directory& want, const Tree::Parent& at) {
    if (dry_) return changed(kCreateDirectory, want.path);
    const auto temporary = temporaryName(at.name);
    ::unlinkat(at.fd.get(), temporary.c_str(), AT_REMOVEDIR);
    if (::mkdirat(at.fd.get(), temporary.c_str(), 0700) != 0) return failed(want.path, "cannot be made", errno);
    const core::UniqueFd fd(openBelow(at.fd.get(), temporary.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK));
    int code = fd ? 0 : errno;
    if (!code && settle(want, fd.get())) {
      code = putInPlace(at.fd.get(), temporary, at.name, true);
      if (!code) return changed(kCreateDirectory, want.path);
    }
    ::unlinkat(at.fd.get(), temporary.c_str(), AT_REMOVEDIR);
    if (code) failed(want.path, "cannot be made", code);
  }

  void apply(const File& want, Tree::Parent& at) {
    const auto there = look(at, want.uid);
    if (there && there->hasContent(want.content)) {
      const auto& info = there->info();
      const bool group = !mayChown() || info.st_gid == want.gid;
      if (group && (info.st_mode & kModeBits) == want.mode && info.st_nlink == 1) return;
    }
    if (there)
      if (const auto objection = there->objectionTo(want)) return failed(want.path, *objection);
    if (dry_) return changed(there ? "update file" : "create file", want.path);
    if (auto written = write(want, at, !there)) written_.push_back(std::move(*written));
  }

  /// Written beside its place and renamed over it: what is there, a link included, is never written through.
  std::optional<Written> write(const File& want, Tree::Parent& at, bool fresh) {
    auto temporary = temporaryName(at.name);
    ::unlinkat(at.fd.get(), temporary.c_str(), 0);
    core::UniqueFd fd(
        ::openat(at.fd.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    int code = fd ? core::writeAll(fd.get(), want.content) : errno;
    if (!code && mayChown() && ::fchown(fd.get(), want.uid, want.gid) != 0) code = errno;
    if (!code && ::fchmod(fd.get(), want.mode) != 0) code = errno;
    if (code) {
      if (fd) ::unlinkat(at.fd.get(), temporary.c_str(), 0);
      failed(want.path, "cannot be written", code);
      return std::nullopt;
    }
    const int number = fd.get();
    return Written{want, std::move(at), std::move(temporary), fresh, std::move(fd), {number, 0}};
  }

  /// After the sync. While it took its time, another deployment of the same files may have taken the temporary name:
  /// then this one is done again, without a pause.
  void finish(const Written& file) {
    if (hasName(file)) return place(file);
    Tree::Parent at{core::UniqueFd(::fcntl(file.at.fd.get(), F_DUPFD_CLOEXEC, 0)), file.at.name};
    apply(file.want, at);
    if (written_.empty()) return;
    auto again = std::move(written_.back());
    written_.pop_back();
    again.state.code = core::syncFile(again.fd.get());
    place(again);
  }

  /// Synced before: otherwise a power failure could leave an empty file, which nobody would recognize as ours.
  void place(const Written& file) {
    const auto& path = file.want.path;
    int code = file.state.code;
    if (const auto there = code ? std::nullopt : look(file.at, file.want.uid))
      if (const auto objection = there->objectionTo(file.want)) {  // it came meanwhile
        discard(file);
        return failed(path, *objection);
      }
    if (!code) code = putInPlace(file.at.fd.get(), file.temporary, file.at.name, file.fresh);
    if (!code) return changed(file.fresh ? "create file" : "update file", path);
    discard(file);
    failed(path, "cannot be written", code);
  }

  [[nodiscard]] static bool hasName(const Written& file) {
    struct stat info {};
    return ::fstat(file.fd.get(), &info) == 0 && info.st_nlink > 0;
  }

  static void discard(const Written& file) {
    if (hasName(file)) ::unlinkat(file.at.fd.get(), file.temporary.c_str(), 0);
  }

  void apply(const Link& want, const Tree::Parent& at) {
    const auto there = look(at, 0);
    if (there && there->target() == want.target) return;
    if (there)
      if (const auto objection = there->objectionTo(want)) return failed(want.path, *objection);
    const auto* const what = there ? "update link" : "create link";
    if (dry_) return changed(what, want.path);
    const auto temporary = temporaryName(at.name);
    ::unlinkat(at.fd.get(), temporary.c_str(), 0);
    int code = ::symlinkat(want.target.c_str(), at.fd.get(), temporary.c_str()) == 0 ? 0 : errno;
    if (!code) code = putInPlace(at.fd.get(), temporary, at.name, !there);
    if (!code) return changed(what, want.path);
    ::unlinkat(at.fd.get(), temporary.c_str(), 0);
    failed(want.path, "cannot be linked", code);
  }

  void apply(const Removal& want, const Tree::Parent& at) {
    const auto there = look(at, tree_.trusted());
    if (!there) return;
    const bool directory = S_ISDIR(there->info().st_mode);
    if (want.what == Removal::What::Tree) {
      if (directory) removeDirectory(want, at, there->info());
      return;  // replaced by something that is not ours
    }
    if (directory) return;
    if (!there->isStill(want)) return changed("keep (it is not what the manager made)", want.path);
    if (!dry_ && ::unlinkat(at.fd.get(), at.name.c_str(), 0) != 0) return failed(want.path, "cannot be removed", errno);
    changed(want.what == Removal::What::Link ? "remove link" : "remove file", want.path);
  }

  /// The owner's directory is emptied with the owner's ids; only its own name is ours to remove.
  void removeDirectory(const Removal& want, const Tree::Parent& at, const struct stat& info) {
    if (!want.own) return changed("keep directory (the manager did not make it)", want.path);
    const core::UniqueFd fd(
        openBelow(at.fd.get(), at.name.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK, Mounts::SameMount));
    if (!fd && errno == EXDEV) return changed("keep directory (something is mounted there)", want.path);
    if (!fd) return failed(want.path, "cannot be opened", errno);
    const bool empty = isEmptyDirectory(fd.get());
    if (tree_.judges() && info.st_uid != tree_.trusted() && !empty) {
      report_.delegated.push_back(want);
      report_.afterwards.push_back(want);
      return;
    }
    if (tree_.judges() && !empty) return failed(want.path, "is not empty and belongs to the manager: it stays");
    if (dry_) return changed("remove directory", want.path);
    if (!empty)
      if (const int code = emptyDirectory(fd.get())) return failed(want.path, "cannot be emptied", code);
    if (::unlinkat(at.fd.get(), at.name.c_str(), AT_REMOVEDIR) == 0) return changed("remove directory", want.path);
    // The owner may not remove the name itself from root's directory; that follows.
    if (tree_.judges() || (errno != EACCES && errno != EPERM)) failed(want.path, "cannot be removed", errno);
  }

  /// Helpers of two deployments may work side by side, each with files of its own.
  [[nodiscard]] std::string temporaryName(const std::string& name) const {
    return '.' + name.substr(0, 200) + ".new~" + (tree_.judges() ? "" : std::to_string(::getpid()));
  }

  const Tree& tree_;
  const std::vector<Node>& nodes_;
  std::size_t next_ = 0;
  bool dry_;
  std::vector<Written> written_;
  Report report_;
};

Applying::Applying(const Tree& tree, const std::vector<Node>& nodes, Mode mode)
    : steps_(std::make_unique<Steps>(tree, nodes, mode)) {}
Applying::~Applying() = default;
std::vector<Applying::Unsynced*> Applying::proceed() { return steps_->proceed(); }
Report Applying::takeReport() { return steps_->takeReport(); }

Report applyNodes(const Tree& tree, const std::vector<Node>& nodes, Mode mode) {
  Applying applying(tree, nodes, mode);
  for (auto files = applying.proceed(); !files.empty(); files = applying.proceed())
    for (auto* const file : files) file->code = core::syncFile(file->fd);
  return applying.takeReport();
}

}  // namespace layout
