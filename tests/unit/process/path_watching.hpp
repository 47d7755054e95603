// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "instance/process/path_watcher.hpp"

template <>
struct doctest::StringMaker<std::set<std::string>> {
  static doctest::String convert(const std::set<std::string>& paths) {
    std::string text;
    for (const auto& path : paths) text += path + " ";
    return text.c_str();
  }
};

/// A directory, a watcher, and what it has reported.
struct Watching final : process::PathWatcher::Listener {
  /// `parent`: where the directory is. Large trees are made in memory.
  explicit Watching(const std::string& parent = "/tmp") {
    auto name = parent + "/watch-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root = std::filesystem::canonical(name);
  }
  ~Watching() {
    watches.clear();
    std::filesystem::remove_all(root);
  }
  void changed(std::string_view path) noexcept override { seen.insert(std::string(path)); }

  void watch(const std::string& path, const std::vector<std::string>& ignored = {"*~", "*.pyc", ".git"}) {
    REQUIRE(watcher.watch(root + "/" + path, ignored, *this, watches));
    settle();
  }
  void until(const std::function<bool()>& reached) {
    for (int i = 0; i < 3000 && !reached(); ++i) loop.step(core::milliseconds(10));
    REQUIRE(reached());
  }
  void settle() {
    until([&] { return watcher.settled(); });
  }
  /// What was reported, without the path of the directory. Something that is reported last shows that no more comes.
  std::set<std::string> reported() {
    Watching* const self = this;
    const auto mark = root + "/mark";
    std::filesystem::create_directories(mark);
    std::vector<process::PathWatcher::Watch> marking;
    REQUIRE(watcher.watch(mark, {}, *this, marking));
    settle();
    write("mark/er");
    until([&] { return self->seen.contains(mark + "/er") && watcher.settled(); });
    marking.clear();
    std::set<std::string> out;
    for (const auto& path : seen)
      if (!path.starts_with(mark)) out.insert(path.substr(std::min(path.size(), root.size() + 1)));
    seen.clear();
    std::filesystem::remove_all(mark);
    return out;
  }
  void write(const std::string& path, const std::string& text = "x") const { std::ofstream(root + "/" + path) << text; }
  void rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(root + "/" + from, root + "/" + to);
  }
  void link(const std::string& to, const std::string& path) const {
    std::filesystem::create_symlink(to, root + "/" + path);
  }
  void make(const std::string& path) const { std::filesystem::create_directories(root + "/" + path); }
  void remove(const std::string& path) const { std::filesystem::remove_all(root + "/" + path); }

  core::EventLoop loop;
  process::PathWatcher watcher{loop};
  std::string root;
  std::vector<process::PathWatcher::Watch> watches;
  std::set<std::string> seen;
};

using Paths = std::set<std::string>;
