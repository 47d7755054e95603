// SPDX-License-Identifier: MIT
// Makes the server's pages live. Without it everything still works, by forms and links.
"use strict";

const byId = (id) => document.getElementById(id);

function say(text) {
  const area = byId("statusmessage");
  area.textContent = text;
  area.className = text ? "status_msg" : "hidden";
}

/* ---- the table of programs ---- */

const classOf = (state) =>
  state === "RUNNING" ? "statusrunning" : state === "FATAL" || state === "BACKOFF" ? "statuserror"
    : state === "STARTING" || state === "STOPPING" ? "statusbusy" : "statusnominal";

function uptime(seconds) {
  const s = Math.max(0, Math.floor(seconds)), days = Math.floor(s / 86400), two = (n) => String(n).padStart(2, "0");
  const clock = `${Math.floor(s / 3600) % 24}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return days ? `${days} day${days > 1 ? "s" : ""}, ${clock}` : clock;
}

function bytes(n) {
  if (n === null) return "";
  for (const unit of ["B", "KB", "MB", "GB"]) {
    if (n < 1024 || unit === "GB") return `${n < 10 && unit !== "B" ? n.toFixed(1) : Math.round(n)} ${unit}`;
    n /= 1024;
  }
}

class Table {
  constructor(body) {
    this.programs = new Map();
    this.rows = new Map();
    for (const row of body.querySelectorAll("tr[data-name]")) this.rows.set(row.dataset.name, row);
    this.skew = 0;  // our clock minus the server's, in seconds
  }
  /** Takes one message of the server's event stream. */
  take(message) {
    this.skew = Date.now() / 1000 - message.now;
    for (const program of message.programs || []) {
      if (!this.rows.has(program.name)) return renewTable();
      this.programs.set(program.name, program);
      this.show(program);
    }
    for (const usage of message.usage || []) {
      const row = this.rows.get(usage.name);
      if (!row) continue;
      row.querySelector(".cpu").textContent = usage.cpu === null ? "" : `${usage.cpu.toFixed(1)} %`;
      row.querySelector(".memory").textContent = bytes(usage.memory);
    }
    if (message.table) renewTable();
  }
  show(program) {
    const row = this.rows.get(program.name), badge = row.querySelector(".status span");
    const state = program.state.toLowerCase();
    if (badge.textContent !== state) {
      badge.textContent = state;
      badge.className = classOf(program.state);
    }
    const offer = (action, states) => {
      row.querySelector(`[data-act=${action}]`).closest("li").hidden = !states.includes(program.state);
    };
    if (!program.pid) row.querySelector(".cpu").textContent = row.querySelector(".memory").textContent = "";
    offer("start", ["STOPPED", "EXITED", "FATAL"]);
    offer("restart", ["RUNNING"]);
    offer("stop", ["RUNNING", "STARTING", "BACKOFF"]);
    this.describe(program, row);
  }
  describe(program, row) {
    const text = program.state === "RUNNING"
      ? `pid ${program.pid}, uptime ${uptime(Date.now() / 1000 - this.skew - program.start)}` : program.description;
    const cell = row.querySelector(".description");
    if (cell.textContent !== text) cell.textContent = text;
  }
  tick() {
    for (const [name, program] of this.programs)
      if (program.state === "RUNNING") this.describe(program, this.rows.get(name));
  }
}

let table = null;

/** Fetches the page again and puts its table in place of ours: programs came or went. */
async function renewTable() {
  const page = new DOMParser().parseFromString(await (await fetch("index.html")).text(), "text/html");
  byId("content").replaceWith(document.adoptNode(page.getElementById("content")));
  startTable();
}

function startTable() {
  table = new Table(byId("content"));
  byId("filter-label").hidden = false;
  const filter = byId("filter");
  const apply = () => {
    const wanted = filter.value.trim().toLowerCase();
    let shown = 0;
    for (const [name, row] of table.rows) {
      const state = row.querySelector(".status span").textContent;
      row.hidden = wanted !== "" && !name.toLowerCase().includes(wanted) && !state.includes(wanted);
      if (!row.hidden) shown++;
    }
    for (const head of document.querySelectorAll("tr.group"))
      head.hidden = ![...head.parentElement.querySelectorAll("tr[data-name]")].some((row) => !row.hidden);
    if (wanted) byId("live").textContent = `${shown} of ${table.rows.size} programs shown`;
  };
  filter.addEventListener("input", apply);
}

function followStates() {
  let source = null, ticker = null;
  const start = () => {
    if (source) return;
    source = new EventSource("events");
    source.onopen = () => { byId("live").textContent = "live"; };
    source.onerror = () => { byId("live").textContent = "connection lost, trying again"; };
    source.onmessage = (event) => table.take(JSON.parse(event.data));
    ticker = setInterval(() => table.tick(), 1000);
  };
  const stop = () => {
    if (source) source.close();
    clearInterval(ticker);
    source = null;
  };
  // A page nobody looks at costs the server nothing.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  start();
}

/** Sends a form button's action without leaving the page. */
async function act(event) {
  const button = event.submitter;
  if (!button || !button.hasAttribute("formaction")) return;
  event.preventDefault();
  button.disabled = true;
  try {
    const reply = await fetch(button.getAttribute("formaction"), {
      method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(event.target)),
    });
    if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
    say((await reply.json()).message);
  } catch (problem) {
    say(`Nothing was done: ${problem.message}`);
  } finally {
    button.disabled = false;
  }
}

/* ---- the log view ---- */

class LogView {
  constructor(area) {
    this.area = area;
    this.limit = 512 * 1024;  // characters kept on the page
    this.text = "";
    this.paused = false;
    this.waiting = "";
  }
  append(piece) {
    if (this.paused) {
      this.waiting = (this.waiting + piece).slice(-this.limit);
      return;
    }
    const atEnd = this.area.scrollHeight - this.area.scrollTop - this.area.clientHeight < 40;
    this.text = (this.text + piece).slice(-this.limit);
    this.render();
    if (atEnd) this.area.scrollTop = this.area.scrollHeight;
  }
  pause(on) {
    this.paused = on;
    if (on) return;
    const piece = this.waiting;
    this.waiting = "";
    this.append(piece);
  }
  /** Shows the text with each match marked; text nodes only, so log text can inject nothing. */
  render() {
    const wanted = byId("search").value, parts = [];
    let count = 0;
    if (wanted) {
      const low = this.text.toLowerCase(), find = wanted.toLowerCase();
      let at = 0;
      for (let hit; (hit = low.indexOf(find, at)) >= 0; at = hit + find.length, count++) {
        const mark = document.createElement("mark");
        mark.textContent = this.text.slice(hit, hit + find.length);
        parts.push(this.text.slice(at, hit), mark);
      }
      parts.push(this.text.slice(at));
    } else {
      parts.push(this.text);
    }
    this.area.replaceChildren(...parts);
    byId("matches").textContent = wanted ? `${count} matches` : "";
  }
}

async function followLog() {
  const area = byId("log"), view = new LogView(area);
  byId("log-tools").hidden = false;
  byId("pause").addEventListener("click", (event) => {
    const on = !view.paused;
    view.pause(on);
    event.target.textContent = on ? "Continue" : "Pause";
    event.target.setAttribute("aria-pressed", String(on));
  });
  byId("search").addEventListener("input", () => {
    view.render();
    const first = area.querySelector("mark");
    if (first) first.scrollIntoView({ block: "center" });
  });
  const cutter = new AbortController();
  addEventListener("pagehide", () => cutter.abort());
  try {
    const reply = await fetch(area.dataset.stream, { signal: cutter.signal });
    if (!reply.ok) return;
    area.textContent = "";
    byId("live").textContent = "live";
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      view.append(value);
    }
    byId("live").textContent = "the stream has ended";
  } catch (problem) {
    if (problem.name !== "AbortError") byId("live").textContent = "connection lost";
  }
}

/* ---- start ---- */

if (byId("programs")) {
  byId("actions").addEventListener("submit", act);
  startTable();
  followStates();
}
if (byId("log")) followLog();
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const field = byId("filter") || byId("search");
  if (field) {
    event.preventDefault();
    field.focus();
  }
});
