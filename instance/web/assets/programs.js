// SPDX-License-Identifier: MIT
// The table of programs: states, order, filter and folds change in place. Rows keep their elements.
"use strict";

function bytes(n) {
  if (n === null) return "";
  for (const unit of ["B", "KB", "MB", "GB"]) {
    if (n < 1024 || unit === "GB") return `${n < 10 && unit !== "B" ? n.toFixed(1) : Math.round(n)} ${unit}`;
    n /= 1024;
  }
}

class Row extends ProgramView {
  constructor(element, block) {
    super(element);
    this.block = block;
    this.name = element.dataset.name;
    this.cpuCell = element.querySelector(".cpu");
    this.memoryCell = element.querySelector(".memory");
    this.cpu = this.memory = 0;
  }
  show(program, skew) {
    super.show(program, skew);
    if (!program.pid) this.use({ cpu: null, memory: null });
  }
  use({ cpu, memory }) {
    this.cpu = cpu || 0;
    this.memory = memory || 0;
    setText(this.cpuCell, cpu === null ? "" : `${cpu.toFixed(1)} %`);
    setText(this.memoryCell, bytes(memory));
  }
  get state() { return this.badge.textContent; }
  /** Lower comes first. */
  key(sort) {
    switch (sort) {
      case "problems": return TROUBLE.includes(this.state.toUpperCase()) ? 0 : 1;
      case "uptime": return this.program?.pid ? -this.program.start : 0;
      case "cpu": return -this.cpu;
      case "memory": return -this.memory;
      default: return 0;
    }
  }
}

/** A group: its part of the table, with or without a head. */
class Block {
  constructor(body) {
    this.body = body;
    this.name = body.dataset.group;
    this.rows = [];
    this.setHead(body.querySelector("tr.group"));
  }
  setHead(head) {
    this.head = head;
    if (!head) return;
    this.tally = head.querySelector(".tally");
    this.fold = head.querySelector(".fold");
    this.fold.hidden = false;
  }
}

const compareText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

class Programs {
  constructor(table) {
    this.table = table;
    this.blocks = new Map();
    this.rows = new Map();
    this.skew = 0;
    this.life = null;
    this.fetching = null;
    this.late = false;  // sort again as soon as the table is not in use
    const query = new URLSearchParams(location.search), sort = query.get("sort") || "problems";
    this.view = { sort: sort.replace(/^-/, ""), reversed: sort.startsWith("-"), state: query.get("state") || "",
                  filter: query.get("filter") || "" };
    this.folded = new Set(JSON.parse(sessionStorage.getItem(this.foldKey()) || "[]"));
    this.adopt();
    this.listen();
    this.apply();
    this.arrange();
  }
  foldKey() { return `folded ${location.pathname}`; }

  /** Registers new rows of the table, and forgets removed ones. */
  adopt() {
    for (const body of this.table.tBodies) {
      let block = this.blocks.get(body.dataset.group);
      if (!block) this.blocks.set(body.dataset.group, block = new Block(body));
      for (const element of body.querySelectorAll("tr[data-name]")) {
        if (this.rows.has(element.dataset.name)) continue;
        const row = new Row(element, block);
        block.rows.push(row);
        this.rows.set(row.name, row);
      }
    }
  }
  /** Updates the table with added and removed programs. */
  async renew() {
    this.again = true;
    if (this.fetching) return;
    this.fetching = true;
    try {
      while (this.again) {
        this.again = false;
        this.merge(await fetchPage("index.html"));
        await new Promise((done) => setTimeout(done, 500));  // one new page for many programs that are added one by one
      }
    } catch (problem) {
      setTimeout(() => this.renew(), 2000);
    } finally {
      this.fetching = false;
    }
  }
  merge(page) {
    const fresh = page.getElementById("programs"), there = new Map(), groups = new Map();
    for (const body of fresh ? fresh.tBodies : []) {
      groups.set(body.dataset.group, body);
      for (const row of body.querySelectorAll("tr[data-name]")) there.set(row.dataset.name, row);
    }
    for (const [name, row] of this.rows) {
      if (there.has(name)) continue;
      row.root.remove();
      row.block.rows.splice(row.block.rows.indexOf(row), 1);
      this.rows.delete(name);
    }
    for (const [name, block] of this.blocks) {
      if (groups.has(name)) continue;
      block.body.remove();
      this.blocks.delete(name);
    }
    for (const [name, body] of groups) {
      const block = this.blocks.get(name);
      if (!block) {
        this.table.append(document.adoptNode(body));
        continue;
      }
      const head = body.querySelector("tr.group");
      if (!head !== !block.head) {
        if (block.head) block.head.remove();
        if (head) block.body.prepend(document.adoptNode(head));
        block.setHead(head);
      }
      for (const element of body.querySelectorAll("tr[data-name]"))
        if (!this.rows.has(element.dataset.name)) block.body.append(document.adoptNode(element));
    }
    const warnings = page.getElementById("config-warnings"), known = document.getElementById("config-warnings");
    if (known) known.remove();
    if (warnings) document.getElementById("content").prepend(document.adoptNode(warnings));
    this.adopt();
    this.changed();
  }

  /** Handles one message of the server's event stream. */
  take(message) {
    this.skew = Date.now() / 1000 - message.now;
    let missing = message.table === true, states = false;
    for (const program of message.programs || []) {
      const row = this.rows.get(program.name);
      if (!row) missing = true;
      else row.show(program, this.skew), states = true;
    }
    if (message.life) {  // the first message of a stream: all programs, perhaps after a restart of the server
      missing = missing || message.programs.length !== this.rows.size || (this.life !== null && this.life !== message.life);
      this.life = message.life;
    }
    for (const usage of message.usage || []) this.rows.get(usage.name)?.use(usage);
    if (missing) this.renew();
    if (states) this.changed();
    else if (message.usage && /cpu|memory/.test(this.view.sort)) this.arrangeLater();
  }
  changed() {
    this.count();
    this.apply();
    this.arrangeLater();
  }
  tick() {
    for (const row of this.rows.values())
      if (row.program?.state === "RUNNING" && !row.root.hidden) row.describe(this.skew);
  }

  /** The number of programs in each state, in total and for each group. */
  count() {
    const total = { "": this.rows.size };
    for (const block of this.blocks.values()) {
      const own = {};
      for (const { state } of block.rows) {
        own[state] = (own[state] || 0) + 1;
        total[state] = (total[state] || 0) + 1;
      }
      if (!block.head) continue;
      const order = [...document.querySelectorAll("#counts a")].map((link) => link.dataset.state);
      setText(block.tally, order.filter((state) => own[state]).map((state) => `${own[state]} ${state}`).join(", "));
      block.head.classList.toggle("trouble", block.rows.some((row) => TROUBLE.includes(row.state.toUpperCase())));
    }
    for (const link of document.querySelectorAll("#counts a")) {
      const { state } = link.dataset, number = total[state] || 0;
      setText(link.querySelector("b"), String(number));
      link.parentElement.hidden = number === 0 && state !== "" && state !== this.view.state;
    }
    const trouble = TROUBLE.reduce((sum, state) => sum + (total[state.toLowerCase()] || 0), 0);
    document.title = (trouble ? `(${trouble}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  }
  /** Hides rows by filter, state or folded group. */
  apply() {
    const { state, filter } = this.view, wanted = filter.trim().toLowerCase();
    let shown = 0;
    for (const block of this.blocks.values()) {
      const folded = block.head && this.folded.has(block.name) && !wanted && !state;
      let any = false;
      for (const row of block.rows) {
        const fits = (!state || row.state === state) &&
          (!wanted || row.name.toLowerCase().includes(wanted) || row.state.includes(wanted));
        const hidden = !fits || folded;
        if (row.root.hidden !== hidden) row.root.hidden = hidden;
        any = any || fits;
        if (fits) shown++;
      }
      if (!block.head) continue;
      block.head.hidden = !any;
      block.fold.setAttribute("aria-expanded", String(!folded));
      setText(block.fold, folded ? "▸" : "▾");
    }
    setText(byId("shown"), wanted || state ? `${shown} of ${this.rows.size} programs shown` : "");
    for (const link of document.querySelectorAll("#counts a"))
      if (link.dataset.state === state) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
  }

  /** Sorts as soon as the table is not in use: rows must not move under a pointer, a focus or an open menu. */
  arrangeLater() {
    this.late = true;
    if (!this.busy()) this.arrange();
  }
  busy() {
    return this.table.querySelector("tbody:hover, tbody:focus-within, details[open]") !== null;
  }
  arrange() {
    this.late = false;
    const { sort, reversed } = this.view, turn = reversed ? -1 : 1, byName = sort === "name" ? turn : 1;
    const place = (parent, elements, after) => {
      for (const element of elements) {
        const next = after ? after.nextElementSibling : parent.firstElementChild;
        if (element !== next) parent.insertBefore(element, next);
        after = element;
      }
    };
    const compare = (a, b) => turn * (a.key(sort) - b.key(sort)) || byName * compareText(a.name, b.name);
    for (const block of this.blocks.values()) {
      block.rows.sort(compare);
      place(block.body, block.rows.map((row) => row.root), block.head);
    }
    const key = (block) => (block.rows.length ? block.rows[0].key(sort) : 0);
    const blocks = [...this.blocks.values()]
      .sort((a, b) => turn * (key(a) - key(b)) || byName * compareText(a.name, b.name));
    place(this.table, blocks.map((block) => block.body), this.table.tHead);
    for (const link of this.table.tHead.querySelectorAll("a[data-sort]"))
      link.parentElement.setAttribute("aria-sort", link.dataset.sort !== sort ? "none" : reversed ? "descending" : "ascending");
  }
  /** Shows another view, and keeps it in the address for a reload. */
  look(change) {
    Object.assign(this.view, change);
    const { sort, reversed, state, filter } = this.view, query = new URLSearchParams();
    if (sort !== "problems" || reversed) query.set("sort", (reversed ? "-" : "") + sort);
    if (state) query.set("state", state);
    if (filter) query.set("filter", filter);
    history.replaceState(null, "", location.pathname + (String(query) && `?${query}`));
    this.count();
    this.apply();
    if ("sort" in change) this.arrange();
  }

  listen() {
    byId("filter").addEventListener("input", (event) => this.look({ filter: event.target.value }));
    byId("view").addEventListener("submit", (event) => event.preventDefault());
    byId("view").querySelector("button").hidden = true;
    byId("counts").addEventListener("click", (event) => {
      const link = event.target.closest("a[data-state]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.look({ state: link.dataset.state === this.view.state ? "" : link.dataset.state });
    });
    this.table.addEventListener("click", (event) => {
      const sort = event.target.closest("a[data-sort]"), fold = event.target.closest(".fold");
      if (sort && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        const same = this.view.sort === sort.dataset.sort;
        this.look({ sort: sort.dataset.sort, reversed: same && !this.view.reversed });
      }
      if (fold) {
        const name = fold.closest("tbody").dataset.group;
        if (!this.folded.delete(name)) this.folded.add(name);
        sessionStorage.setItem(this.foldKey(), JSON.stringify([...this.folded]));
        this.apply();
      }
    });
    const settle = () => {
      if (this.late && !this.busy()) this.arrange();
    };
    this.table.addEventListener("pointerleave", settle);
    this.table.addEventListener("focusout", () => setTimeout(settle));
  }
}

if (byId("programs")) {
  const programs = new Programs(byId("programs"));
  new Stream(() => "events", (message) => programs.take(message), (text) => setText(byId("live"), text));
  setInterval(() => document.hidden || programs.tick(), 1000);
} else if (byId("nothing")) {
  // The first program needs a table.
  let life = null;
  new Stream(() => "events", (message) => {
    if (message.table || (message.programs || []).length || (life && message.life && life !== message.life)) location.reload();
    life = message.life || life;
  }, (text) => setText(byId("live"), text));
}
