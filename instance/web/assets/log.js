// SPDX-License-Identifier: MIT
// A log: new lines as they are written, older ones when the user scrolls up, and a search over all of it.
"use strict";

const withoutColours = (text) => text.replace(/\x1b\[[0-?]*[ -/]*[@-~]/g, "");

class LogView {
  constructor(area) {
    this.area = area;
    this.query = area.dataset.query;
    this.most = 2 * 1024 * 1024;  // characters kept on the page
    this.merged = 16 * 1024;      // of small pieces in one
    this.pieces = [];             // {element, text, begin, end}, side by side
    this.size = 0;
    this.older = area.dataset.older || null;
    this.newer = area.dataset.newer || null;
    this.loading = false;
    const text = area.textContent;
    area.textContent = "";
    if (area.dataset.end) this.add({ text, begin: area.dataset.begin, end: area.dataset.end });
    else area.append(this.placeholder = Object.assign(document.createElement("span"), { textContent: text }));
    this.stream = new Stream(() => `log-events?${this.query}${this.last() ? `&from=${this.last()}` : ""}`,
                             (piece) => this.grow(piece), (state) => setText(byId("live"), state));
    if (this.newer) this.leaveEnd();
    area.addEventListener("scroll", () => this.scrolled());
    this.toEnd();
    this.scrolled();
  }
  last() { return this.pieces.length ? this.pieces.at(-1).end : null; }
  atEnd() { return this.area.scrollHeight - this.area.scrollTop - this.area.clientHeight < 40; }
  toEnd() { this.area.scrollTop = this.area.scrollHeight; }

  /** Adds a piece at the end, or before everything. */
  add({ text, begin, end }, first = false) {
    if (this.placeholder) this.placeholder.remove();
    this.placeholder = null;
    const clean = withoutColours(text), tail = this.pieces.at(-1);
    this.size += clean.length;
    if (!first && tail && tail.text.length + clean.length < this.merged) {
      tail.text += clean;
      tail.end = end;
      return this.render(tail);
    }
    const piece = { text: clean, begin, end, element: document.createElement("span") };
    this.render(piece);
    if (first) {
      this.pieces.unshift(piece);
      this.area.prepend(piece.element);
    } else {
      this.pieces.push(piece);
      this.area.append(piece.element);
    }
  }
  /** Shows the text with each match marked; text nodes only, so log text can inject nothing. */
  render(piece) {
    const find = byId("search").value.toLowerCase(), parts = [];
    let at = 0;
    if (find) {
      const low = piece.text.toLowerCase();
      for (let hit; (hit = low.indexOf(find, at)) >= 0; at = hit + find.length) {
        const mark = document.createElement("mark");
        mark.textContent = piece.text.slice(hit, hit + find.length);
        parts.push(piece.text.slice(at, hit), mark);
      }
    }
    piece.element.replaceChildren(...parts, piece.text.slice(at));
  }
  mark() { this.pieces.forEach((piece) => this.render(piece)); }

  /** One piece of the stream. */
  grow(piece) {
    const follow = this.atEnd();
    if (piece.restarted) this.add({ text: "\n-- the log was restarted --\n", begin: piece.begin, end: piece.begin });
    this.add(piece);
    while (this.size > this.most && this.pieces.length > 1) this.drop(this.pieces.shift());
    if (follow) this.toEnd();
  }
  /** Removes a piece at the top (it can be loaded again) or at the bottom. */
  drop(piece, bottom = false) {
    this.size -= piece.text.length;
    piece.element.remove();
    if (bottom) this.newer = piece.begin;
    else this.older = piece.end;
  }
  async read(parameters) {
    const reply = await fetch(`log.json?${this.query}&limit=65536${parameters}`);
    if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
    return reply.json();
  }
  async scrolled() {
    if (this.loading) return;
    this.loading = true;
    try {
      while (this.older && this.area.scrollTop < 200) await this.loadOlder();
      while (this.newer && this.atEnd()) await this.loadNewer();
    } catch (problem) {
      say(`The log could not be read: ${problem.message}`);
    } finally {
      this.loading = false;
    }
  }
  async loadOlder() {
    const asked = this.older, got = await this.read(`&before=${asked}`);
    if (this.older !== asked) return;  // other lines are shown now
    this.older = got ? got.older : null;
    if (!got || !got.text) return;
    const height = this.area.scrollHeight, top = this.area.scrollTop;
    this.add(got, true);
    this.area.scrollTop = top + this.area.scrollHeight - height;
    while (this.size > this.most && this.pieces.length > 1) {
      this.leaveEnd();
      this.drop(this.pieces.pop(), true);
    }
  }
  async loadNewer() {
    const asked = this.newer, got = await this.read(`&after=${asked}`);
    if (this.newer !== asked) return;
    this.newer = got ? got.newer : null;
    if (got && got.text) this.add(got);
    while (this.size > this.most && this.pieces.length > 1) this.drop(this.pieces.shift());
    if (!this.newer && !paused()) this.stream.release();
  }
  /** The shown lines are not the end of the log: nothing is appended until they are. */
  leaveEnd() {
    this.stream.hold();
    setText(byId("live"), "older lines");
  }
  clear() {
    for (const piece of this.pieces) piece.element.remove();
    this.pieces = [];
    this.size = 0;
  }
  /** Shows other lines: those from `place` on, or the last ones. */
  async jump(place) {
    const got = await this.read(place ? `&after=${place}` : "");
    this.clear();
    this.older = got ? got.older : null;
    this.newer = got ? got.newer : null;
    if (got) this.add(got);
    if (this.newer) this.leaveEnd();
    else if (!paused()) this.stream.release();
    if (place) this.area.scrollTop = 0;
    else this.toEnd();
    await this.scrolled();
  }
}

const paused = () => byId("pause").getAttribute("aria-pressed") === "true";

/** Searches the whole log, part by part from its end; a later search ends it. */
class Search {
  constructor(view) {
    this.view = view;
    this.running = 0;
    byId("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    let pause = null;
    byId("search").addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => this.run(), 250);
    });
    byId("found").addEventListener("click", (event) => {
      const link = event.target.closest("a[data-place]");
      if (!link) return;
      event.preventDefault();
      view.jump(link.dataset.place).catch((problem) => say(`The log could not be read: ${problem.message}`));
    });
  }
  async run() {
    const wanted = byId("search").value, turn = ++this.running;
    this.view.mark();
    byId("found").hidden = !wanted;
    const list = byId("results"), further = byId("further");
    list.replaceChildren();
    if (further) further.parentElement.remove();
    let count = 0, older = null;
    try {
      while (wanted && count < 1000) {
        const found = await this.view.read(`&search=${encodeURIComponent(wanted)}${older ? `&before=${older}` : ""}`);
        if (turn !== this.running) return;
        for (const line of found.lines) list.append(this.item(line));
        count += found.lines.length;
        older = found.older;
        setText(byId("matches"), `${count} matching line${count === 1 ? "" : "s"}${older ? " so far" : " in all of the log"}`);
        if (!older) break;
      }
    } catch (problem) {
      setText(byId("matches"), `the search ended: ${problem.message}`);
    }
  }
  item(line) {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = `#log`;
    link.dataset.place = line.begin;
    link.textContent = withoutColours(line.text);
    item.append(link);
    return item;
  }
}

function startProgramBar(bar) {
  const view = new ProgramView(bar);
  let skew = 0, life = null;
  new Stream(() => `events?processname=${encodeURIComponent(bar.dataset.name)}`, (message) => {
    skew = Date.now() / 1000 - message.now;
    if (life !== null && life !== message.life) fetchPage(location.href).catch(() => {});
    life = message.life;
    const program = message.programs[0];
    if (program) view.show(program, skew);
    else setText(view.badge, "gone");
  }, () => {});
  setInterval(() => {
    if (view.program?.state === "RUNNING") view.describe(skew);
  }, 1000);
}

if (byId("log")) {
  const log = new LogView(byId("log"));
  new Search(log);
  for (const id of ["older", "newer"]) if (byId(id)) byId(id).parentElement.remove();
  byId("log-tools").hidden = false;
  byId("pause").addEventListener("click", (event) => {
    const on = !paused();
    event.target.textContent = on ? "Continue" : "Pause";
    event.target.setAttribute("aria-pressed", String(on));
    if (on) log.stream.hold();
    else if (!log.newer) log.stream.release();
    if (on) setText(byId("live"), "paused");
  });
  byId("newest").addEventListener("click", (event) => {
    event.preventDefault();
    log.jump(null).catch((problem) => say(`The log could not be read: ${problem.message}`));
  });
  if (byId("actions")) startProgramBar(byId("actions"));
}
