// SPDX-License-Identifier: MIT
#include "daemon/layout/apply.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <optional>

#include "daemon/layout/remove_tree.hpp"
#include "daemon/layout/tree.hpp"
#include "lib/core/files.hpp"

namespace layout {
namespace {

constexpr mode_t kModeBits = 07777;

std::optional<struct stat> look(int parent, const std::string& name) {
  struct stat info {};
  if (::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return info;
}

class Applier {
 public:
  Applier(const Tree& tree, Mode mode) : tree_(tree), dry_(mode == Mode::DryRun) {}

  Report run(const std::vector<Node>& nodes) {
    for (const auto& node : nodes) {
      const auto& path = pathOf(node);
      const bool removal = std::holds_alternative<Removal>(node);
      const auto parent = tree_.parentOf(path, !dry_ && !removal);
      if (!parent) {
        report_.errors.push_back(parent.error().text);
      } else if (!parent->safe) {
        report_.delegated.push_back(node);
      } else if (parent->missing) {
        if (!removal) changed("create", path);
      } else {
        std::visit([&](const auto& n) { apply(n, *parent); }, node);
      }
    }
    return std::move(report_);
  }

 private:
  void changed(const char* what, const std::string& path) { report_.changes.push_back({what, path}); }
  void failed(const std::string& path, const std::string& reason) { report_.errors.push_back(path + ' ' + reason); }
  void failed(const std::string& path, const char* what, int code) {
    report_.errors.push_back(fmt::format("{}: {}: {}", path, what, ::strerrordesc_np(code)));
  }
  /// Ids are only for a privileged process to give.
  [[nodiscard]] bool mayChown() const { return tree_.judges() && tree_.trusted() == 0; }

  void apply(const Directory& want, const Tree::Parent& at) {
    auto info = look(at.fd.get(), at.name);
    const bool made = !info;
    if (made && dry_) return changed("create directory", want.path);
    if (made && ::mkdirat(at.fd.get(), at.name.c_str(), 0700) != 0) return failed(want.path, "cannot be made", errno);
    const core::UniqueFd fd(openBelow(at.fd.get(), at.name.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK));
    struct stat now {};
    if (!fd || ::fstat(fd.get(), &now) != 0) {
      if (info && !S_ISDIR(info->st_mode)) return failed(want.path, "is in the way: it is not a directory");
      return failed(want.path, "cannot be opened", errno);
    }
    if (!adopt(want, fd.get(), now)) return;
    const bool owners = !mayChown() || (now.st_uid == want.uid && now.st_gid == want.gid);
    const bool modes = (now.st_mode & kModeBits) == want.mode;
    if (made) changed("create directory", want.path);
    if (owners && modes) return;
    if (!made) changed("change mode and owner of directory", want.path);
    if (dry_) return;
    if (!owners && ::fchown(fd.get(), want.uid, want.gid) != 0) return failed(want.path, "owner cannot be set", errno);
    if (::fchmod(fd.get(), want.mode) != 0) failed(want.path, "mode cannot be set", errno);
  }

  /// Whether a directory may become the wanted account's: it is already, or it is ours and empty.
  bool adopt(const Directory& want, int fd, const struct stat& now) {
    if (!tree_.judges() || now.st_uid == want.uid) return true;
    if (now.st_uid == tree_.trusted() && isEmptyDirectory(fd)) return true;
    failed(want.path, fmt::format("exists, is not empty and belongs to uid {}, not to {}: it is not taken over",
                                  now.st_uid, want.uid));
    return false;
  }

  void apply(const File& want, const Tree::Parent& at) {
    const auto info = look(at.fd.get(), at.name);
    if (info && !S_ISREG(info->st_mode) && (tree_.judges() || S_ISDIR(info->st_mode)))
      return failed(want.path, "is in the way: it is not a regular file");
    const bool fresh = !info;
    if (info && S_ISREG(info->st_mode) && hasContent(want, at)) {
      const bool owners = !mayChown() || (info->st_uid == want.uid && info->st_gid == want.gid);
      if (owners && (info->st_mode & kModeBits) == want.mode && info->st_nlink == 1) return;
    }
    changed(fresh ? "create file" : "update file", want.path);
    if (!dry_) write(want, at);
  }

  bool hasContent(const File& want, const Tree::Parent& at) const {
    const core::UniqueFd fd(openBelow(at.fd.get(), at.name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
    if (info.st_size != static_cast<off_t>(want.content.size())) return false;
    const auto text = readAll(fd.get(), want.content.size());
    return text && *text == want.content;
  }

  /// Written beside its place and renamed over it: what is there, a link included, is never written through.
  void write(const File& want, const Tree::Parent& at) {
    const auto temporary = temporaryName(at.name);
    ::unlinkat(at.fd.get(), temporary.c_str(), 0);
    const core::UniqueFd fd(
        ::openat(at.fd.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return failed(want.path, "cannot be written", errno);
    int code = core::writeAll(fd.get(), want.content);
    if (!code && mayChown() && ::fchown(fd.get(), want.uid, want.gid) != 0) code = errno;
    if (!code && ::fchmod(fd.get(), want.mode) != 0) code = errno;
    if (!code && ::renameat(at.fd.get(), temporary.c_str(), at.fd.get(), at.name.c_str()) != 0) code = errno;
    if (!code) return;
    ::unlinkat(at.fd.get(), temporary.c_str(), 0);
    failed(want.path, "cannot be written", code);
  }

  void apply(const Link& want, const Tree::Parent& at) {
    const auto info = look(at.fd.get(), at.name);
    if (info && !S_ISLNK(info->st_mode)) return failed(want.path, "is in the way: it is not a symbolic link");
    if (info) {
      char buffer[PATH_MAX];
      const auto n = ::readlinkat(at.fd.get(), at.name.c_str(), buffer, sizeof buffer);
      const std::string target(buffer, n > 0 ? static_cast<std::size_t>(n) : 0);
      if (target == want.target) return;
      if (tree_.judges() && !want.ours.empty() && !target.starts_with(want.ours + '/'))
        return failed(want.path, fmt::format("is in the way: a link to {} that is not the manager's", target));
    }
    changed(info ? "update link" : "create link", want.path);
    if (dry_) return;
    const auto temporary = temporaryName(at.name);
    ::unlinkat(at.fd.get(), temporary.c_str(), 0);
    if (::symlinkat(want.target.c_str(), at.fd.get(), temporary.c_str()) != 0 ||
        ::renameat(at.fd.get(), temporary.c_str(), at.fd.get(), at.name.c_str()) != 0)
      failed(want.path, "cannot be linked", errno);
  }

  void apply(const Removal& want, const Tree::Parent& at) {
    const auto info = look(at.fd.get(), at.name);
    if (!info) return;
    const bool directory = S_ISDIR(info->st_mode);
    if ((want.what == Removal::What::Tree) != directory || (want.what == Removal::What::Link) != S_ISLNK(info->st_mode))
      return;  // something else took its place: not ours
    if (directory) return removeDirectory(want, at, *info);
    changed(want.what == Removal::What::Link ? "remove link" : "remove file", want.path);
    if (!dry_ && ::unlinkat(at.fd.get(), at.name.c_str(), 0) != 0) failed(want.path, "cannot be removed", errno);
  }

  /// The owner's directory is emptied with the owner's ids; only its own name is ours to remove.
  void removeDirectory(const Removal& want, const Tree::Parent& at, const struct stat& info) {
    const core::UniqueFd fd(openBelow(at.fd.get(), at.name.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK));
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

  static std::string temporaryName(const std::string& name) { return '.' + name.substr(0, 200) + ".new~"; }

  const Tree& tree_;
  bool dry_;
  Report report_;
};

}  // namespace

Report applyNodes(const Tree& tree, const std::vector<Node>& nodes, Mode mode) {
  return Applier(tree, mode).run(nodes);
}

}  // namespace layout
