// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/line_editor.hpp"

#include <dlfcn.h>
#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cwchar>

#include "ctl/supervisorctl/keyboard.hpp"
#include "ctl/supervisorctl/output.hpp"
#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

constexpr const char* kLibrary = "libedit.so.2";
constexpr int kHistoryLines = 1000;

/// The functions of libedit that we use.
struct Library {
  decltype(&::el_init) init = nullptr;
  decltype(&::el_end) end = nullptr;
  decltype(&::el_set) set = nullptr;
  decltype(&::el_get) get = nullptr;
  decltype(&::el_gets) gets = nullptr;
  decltype(&::el_line) line = nullptr;
  decltype(&::el_insertstr) insert = nullptr;
  decltype(&::el_resize) resize = nullptr;
  decltype(&::el_source) source = nullptr;
  decltype(&::history_init) historyInit = nullptr;
  decltype(&::history_end) historyEnd = nullptr;
  decltype(&::history) history = nullptr;

  bool load() {
    void* handle = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return false;
    return find(handle, "el_init", init) && find(handle, "el_end", end) && find(handle, "el_set", set) &&
           find(handle, "el_get", get) && find(handle, "el_gets", gets) && find(handle, "el_line", line) &&
           find(handle, "el_insertstr", insert) && find(handle, "el_resize", resize) &&
           find(handle, "el_source", source) && find(handle, "history_init", historyInit) &&
           find(handle, "history_end", historyEnd) && find(handle, "history", history);
  }

 private:
  template <class F>
  static bool find(void* handle, const char* name, F& function) {
    function = reinterpret_cast<F>(::dlsym(handle, name));
    return function != nullptr;
  }
};

/// The longest common prefix of the words.
std::string commonBeginning(const std::vector<std::string>& words) {
  std::string common = words.front();
  for (const std::string& word : words)
    common.resize(static_cast<std::size_t>(std::mismatch(common.begin(), common.end(), word.begin(), word.end()).first -
                                           common.begin()));
  return common;
}

class LibeditEditor final : public LineEditor {
 public:
  LibeditEditor(Library library, std::string prompt, Completer completer)
      : lib_(library), prompt_(std::move(prompt)), completer_(std::move(completer)) {
    editor_ = lib_.init("supervisorctl", stdin, stdout, stderr);
    history_ = lib_.historyInit();
    HistEvent event;
    lib_.history(history_, &event, H_SETSIZE, kHistoryLines);
    lib_.history(history_, &event, H_SETUNIQUE, 1);
    lib_.set(editor_, EL_CLIENTDATA, this);
    lib_.set(editor_, EL_PROMPT, &LibeditEditor::promptOf);
    lib_.set(editor_, EL_HIST, lib_.history, history_);
    lib_.set(editor_, EL_EDITOR, "emacs");
    lib_.set(editor_, EL_SIGNAL, 1);
    lib_.set(editor_, EL_GETCFN, &LibeditEditor::onRead);
    lib_.set(editor_, EL_ADDFN, "complete-word", "Complete the word", &LibeditEditor::onTab);
    lib_.set(editor_, EL_BIND, "^I", "complete-word", nullptr);
    lib_.set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    lib_.source(editor_, nullptr);  // the user's own key bindings: ~/.editrc
  }
  ~LibeditEditor() override {
    lib_.end(editor_);
    lib_.historyEnd(history_);
  }
  LibeditEditor(const LibeditEditor&) = delete;
  LibeditEditor& operator=(const LibeditEditor&) = delete;

  ReadResult readLine(std::string& line) override {
    const Interrupt interrupt;
    interrupt_ = &interrupt;
    interrupted_ = false;
    int count = 0;
    const char* text = lib_.gets(editor_, &count);
    interrupt_ = nullptr;
    if (interrupted_) return ReadResult::Interrupted;
    if (!text || count <= 0) return ReadResult::End;
    line.assign(text, static_cast<std::size_t>(count));
    if (line.ends_with('\n')) line.pop_back();
    return ReadResult::Line;
  }

  void remember(const std::string& line) override {
    HistEvent event;
    lib_.history(history_, &event, H_ENTER, line.c_str());
  }

 private:
  static LibeditEditor& self(EditLine* editor);
  static const char* promptOf(EditLine* editor);
  static int onRead(EditLine* editor, wchar_t* character);
  static unsigned char onTab(EditLine* editor, int key);

  int readCharacter(wchar_t* character);
  unsigned char completeWord();
  void list(const std::vector<std::string>& found);

  static Library shared_;
  Library lib_;
  std::string prompt_;
  Completer completer_;
  EditLine* editor_ = nullptr;
  History* history_ = nullptr;
  const Interrupt* interrupt_ = nullptr;
  bool interrupted_ = false;

  friend class ctl::LineEditor;
};

Library LibeditEditor::shared_;

LibeditEditor& LibeditEditor::self(EditLine* editor) {
  void* data = nullptr;
  shared_.get(editor, EL_CLIENTDATA, &data);
  return *static_cast<LibeditEditor*>(data);
}

const char* LibeditEditor::promptOf(EditLine* editor) { return self(editor).prompt_.c_str(); }

int LibeditEditor::onRead(EditLine* editor, wchar_t* character) { return self(editor).readCharacter(character); }

unsigned char LibeditEditor::onTab(EditLine* editor, int) { return self(editor).completeWord(); }

/// Reads one character of the terminal, or Ctrl-C. Returns what libedit expects: 1, 0 at the end, -1 for a failure.
int LibeditEditor::readCharacter(wchar_t* character) {
  std::mbstate_t state{};
  for (;;) {
    if (interrupt_->wait(STDIN_FILENO) == Interrupt::Woken::Interrupted) {
      interrupted_ = true;
      return -1;
    }
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    if (::poll(&ready, 1, 0) <= 0) {  // woken by a signal: the size of the window may have changed
      lib_.resize(editor_);
      lib_.set(editor_, EL_REFRESH);
      continue;
    }
    char byte = 0;
    const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) return static_cast<int>(count);
    const std::size_t used = std::mbrtowc(character, &byte, 1, &state);
    if (used == static_cast<std::size_t>(-2)) continue;
    if (used == static_cast<std::size_t>(-1)) *character = static_cast<unsigned char>(byte);
    return 1;
  }
}

unsigned char LibeditEditor::completeWord() {
  const LineInfo* info = lib_.line(editor_);
  const std::string_view line(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
  const std::size_t blank = line.find_last_of(" \t");
  const std::string_view word = blank == std::string_view::npos ? line : line.substr(blank + 1);
  const std::vector<std::string> found = completer_(line);
  if (found.empty()) return CC_ERROR;
  std::string text = commonBeginning(found).substr(word.size());
  if (found.size() == 1) text += ' ';
  if (!text.empty()) return lib_.insert(editor_, text.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  list(found);
  return CC_REDISPLAY;
}

void LibeditEditor::list(const std::vector<std::string>& found) {
  const std::vector<std::string_view> words(found.begin(), found.end());
  const std::string text = '\n' + inColumns(words, static_cast<std::size_t>(Output::width() - 1));
  static_cast<void>(core::writeAll(STDOUT_FILENO, text));
}

}  // namespace

std::unique_ptr<LineEditor> LineEditor::make(std::string prompt, Completer completer) {
  if (!LibeditEditor::shared_.load()) return nullptr;
  return std::make_unique<LibeditEditor>(LibeditEditor::shared_, std::move(prompt), std::move(completer));
}

}  // namespace ctl
