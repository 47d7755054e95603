// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/path_control.hpp"

#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <string_view>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/core/users.hpp"

namespace ctl {
namespace {

constexpr int kMostLinksOnPath = 40;  // the limit of the kernel

/// Resolves one path, name by name. A system call that resolves the whole path would not show the links and directories
/// that it went through.
class Walk {
 public:
  Walk(const std::string& path, bool content) : content_(content) {
    prepend(path.starts_with('/') ? path : core::currentDirectory() + '/' + path);
  }

  PathControl run() {
    judgeDirectory();
    while (!names_.empty() && step()) continue;
    return std::move(found_);
  }

 private:
  void prepend(std::string_view path) {
    const auto names = core::split(path, '/');
    names_.insert(names_.begin(), names.begin(), names.end());
  }

  [[nodiscard]] std::string inHere(const std::string& name) const { return here_ + '/' + name; }

  /// Resolves the next name. False: the walk ends here.
  bool step() {
    const std::string name = std::move(names_.front());
    names_.pop_front();
    if (name.empty() || name == ".") return true;
    if (name == "..") {
      here_.resize(here_.empty() ? 0 : here_.rfind('/'));
      judgeDirectory();
      return true;
    }
    const std::string path = inHere(name);
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
      found_.vacant = sticky_;
      return false;
    }
    // In a sticky directory for everybody (/tmp), the owner of a name can replace it.
    if (sticky_ && info.st_uid != 0) found_.accounts.insert(info.st_uid);
    if (S_ISLNK(info.st_mode)) return follow(path);
    if (!S_ISDIR(info.st_mode)) {
      if (content_) judge(path, info);
      return false;
    }
    here_ = path;
    judgeDirectory();
    return true;
  }

  bool follow(const std::string& link) {
    std::array<char, PATH_MAX> bytes;
    const ssize_t count = ::readlink(link.c_str(), bytes.data(), bytes.size());
    if (count <= 0 || ++links_ > kMostLinksOnPath) return false;
    const std::string_view target(bytes.data(), static_cast<std::size_t>(count));
    prepend(target);
    if (target.front() == '/') {
      here_.clear();
      judgeDirectory();
    }
    return true;
  }

  void judgeDirectory() {
    const std::string path = here_.empty() ? "/" : here_;
    struct stat info {};
    sticky_ = false;
    if (::stat(path.c_str(), &info) != 0) return;
    sticky_ = (info.st_mode & S_ISVTX) != 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (sticky_)
      addOwner(info);
    else
      judge(path, info);
  }

  void addOwner(const struct stat& info) {
    if (info.st_uid != 0) found_.accounts.insert(info.st_uid);
  }

  void judge(const std::string& path, const struct stat& info) {
    addOwner(info);
    if ((info.st_mode & S_IWOTH) != 0) {
      found_.shared = path + " (everybody)";
    } else if ((info.st_mode & S_IWGRP) != 0) {
      // If there is an access control list, the group bits are the mask for all its accounts and groups.
      const bool list = ::getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
      if (info.st_gid == 0 && !list) return;
      const auto group = core::groupName(info.st_gid);
      found_.shared = path + (list ? " (its access control list)" : " (group " + group.value_or("unknown") + ')');
    }
  }

  bool content_;
  std::deque<std::string> names_;
  std::string here_;  ///< the directory reached, without links; empty: "/"
  bool sticky_ = false;
  int links_ = 0;
  PathControl found_;
};

}  // namespace

void PathControl::add(const PathControl& other) {
  accounts.insert(other.accounts.begin(), other.accounts.end());
  if (shared.empty()) shared = other.shared;
  vacant = vacant || other.vacant;
}

PathControl controlOf(const std::string& path, bool content) { return Walk(path, content).run(); }

}  // namespace ctl
