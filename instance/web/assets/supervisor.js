// SPDX-License-Identifier: MIT
// Updates the pages of the server: the part that all pages share. Without scripts everything works by forms and links.
"use strict";

const byId = (id) => document.getElementById(id);

/** Shows a message over the page, so that nothing moves. */
function say(text) {
  byId("statusmessage").textContent = text;
  byId("message").className = text ? "status_msg" : "hidden";
}

const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

/* ---- states ---- */

const TROUBLE = ["FATAL", "BACKOFF", "UNKNOWN"];
const classOf = (state) =>
  state === "RUNNING" ? "statusrunning" : TROUBLE.includes(state) ? "statuserror"
    : state === "STARTING" || state === "STOPPING" ? "statusbusy" : "statusnominal";
const OFFERS = { start: ["STOPPED", "EXITED", "FATAL"], restart: ["RUNNING"], stop: ["RUNNING", "STARTING", "BACKOFF"] };

function uptime(seconds) {
  const s = Math.max(0, Math.floor(seconds)), days = Math.floor(s / 86400), two = (n) => String(n).padStart(2, "0");
  const clock = `${Math.floor(s / 3600) % 24}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return days ? `${days} day${days > 1 ? "s" : ""}, ${clock}` : clock;
}

/** What the page shows of one program, in a row of the table or above its log. */
class ProgramView {
  constructor(root) {
    this.root = root;
    this.badge = root.querySelector(".status span, span.status span");
    this.description = root.querySelector(".description");
    this.buttons = [...root.querySelectorAll("[data-act]")].filter((button) => button.dataset.act in OFFERS);
    this.program = null;
  }
  /** `skew` is our clock minus the server's, in seconds. */
  show(program, skew) {
    this.program = program;
    setText(this.badge, program.state.toLowerCase());
    this.badge.className = classOf(program.state);
    const focused = this.buttons.includes(document.activeElement) ? document.activeElement : null;
    for (const button of this.buttons)
      button.hidden = !OFFERS[button.dataset.act].includes(program.state) && !(program.waits && button.dataset.act === "stop");
    // The focus moves from Stop to Start, not to the top of the page.
    if (focused && focused.hidden) (this.buttons.find((b) => !b.hidden) || this.root.querySelector("summary, a"))?.focus();
    this.describe(skew);
  }
  describe(skew) {
    const { state, pid, start, description, health } = this.program;
    const running = () => `pid ${pid}, uptime ${uptime(Date.now() / 1000 - skew - start)}${health ? `, ${health}` : ""}`;
    const text = state === "RUNNING" ? running() : description;
    if (this.description.textContent === text) return;
    this.description.textContent = text;
    if (this.description.hasAttribute("title")) this.description.title = text;
  }
}

/** Follows a stream of events while the page is visible, and reconnects when it ends. */
class Stream {
  /** `address()` is called for each connection; `take(message)` gets messages; `tell(text)` the state of the stream. */
  constructor(address, take, tell) {
    Object.assign(this, { address, take, tell, source: null, retry: null, held: false });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", () => this.open());
    this.open();
  }
  open() {
    if (this.source || this.held || document.hidden) return;
    clearTimeout(this.retry);
    const source = this.source = new EventSource(this.address());
    source.onopen = () => this.tell("live");
    source.onmessage = (event) => this.take(JSON.parse(event.data));
    source.onerror = () => {
      this.tell("connection lost, trying again");
      // Browsers stop to reconnect after an error page of a proxy or of a server that is starting.
      if (source.readyState !== EventSource.CLOSED) return;
      this.close();
      this.retry = setTimeout(() => this.open(), 2000);
    };
  }
  close() {
    clearTimeout(this.retry);
    if (this.source) this.source.close();
    this.source = null;
  }
  /** Stops until release(). */
  hold() {
    this.held = true;
    this.close();
  }
  release() {
    this.held = false;
    this.open();
  }
}

/* ---- actions ---- */

/** Asks a question; resolves to true if the answer is yes. */
function ask(text) {
  const dialog = document.createElement("dialog"), question = document.createElement("p"), row = document.createElement("div");
  question.textContent = text;
  question.id = "question";
  dialog.setAttribute("aria-labelledby", "question");
  row.className = "bar";
  for (const [word, value] of [["No", ""], ["Yes, do it", "yes"]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word;
    button.addEventListener("click", () => dialog.close(value));
    row.append(button);
  }
  dialog.append(question, row);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
  });
}

/** Sends a form button's action without leaving the page. */
async function act(event) {
  const button = event.submitter;
  if (!button || !button.hasAttribute("formaction")) return;
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  if (button.dataset.ask && !(await ask(button.dataset.ask))) return;
  button.setAttribute("aria-disabled", "true");  // not "disabled": that would take the focus away
  try {
    const form = new URLSearchParams(new FormData(event.target));
    form.set("confirmed", "yes");
    const reply = await fetch(button.getAttribute("formaction"), {
      method: "POST", headers: { Accept: "application/json" }, body: form,
    });
    if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
    if (!reply.headers.get("Content-Type").includes("json")) throw new Error("this page is out of date, reload it");
    say((await reply.json()).message);
  } catch (problem) {
    say(`Nothing was done: ${problem.message}`);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

/** The server was restarted: its forms have another token. Resolves to the new page. */
async function fetchPage(address) {
  const reply = await fetch(address);
  if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const token = page.querySelector("#actions [name=token]"), ours = document.querySelector("#actions [name=token]");
  if (token && ours) ours.value = token.value;
  return page;
}

/* ---- the whole page ---- */

document.addEventListener("submit", (event) => {
  if (event.target.id === "actions") act(event);
});
byId("dismiss").addEventListener("click", (event) => {
  event.preventDefault();
  say("");
});
// A reload must not show the message of the last action again.
if (new URLSearchParams(location.search).has("message")) history.replaceState(null, "", location.pathname);

const closeMenus = (but) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== but) menu.open = false;
};
for (const kind of ["click", "focusin"])
  document.addEventListener(kind, (event) => {
    // A dialog about an item of the menu belongs to the menu.
    if (!event.target.closest("dialog")) closeMenus(event.target.closest("details.menu"));
  });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog")) {
    const menu = event.target.closest("details.menu[open]");
    closeMenus();
    if (menu) menu.querySelector("summary").focus();
  }
  if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const field = byId("filter") || byId("search");
  if (field) {
    event.preventDefault();
    field.focus();
  }
});
