// Before textual.js starts: asks for the reviewer, sizes the terminal, and adds keys that phones lack.
"use strict";
(() => {
  const body = document.body;
  const card = (name) => {
    for (const each of document.querySelectorAll(".card")) each.hidden = each.id !== name;
  };
  // textual.js does not expose its socket; the key bar sends through the same one.
  const sockets = [];
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      sockets.push(this);
      let opened = false;
      let drawn = false;
      this.addEventListener("open", () => { opened = true; });
      this.addEventListener("message", (event) => {
        // textual.js would fetch a download from the root of the site, outside of the token.
        if (typeof event.data === "string" && event.data.startsWith('["deliver_file_start"')) {
          event.stopImmediatePropagation();
          const link = document.createElement("a");
          link.href = `download/${encodeURIComponent(JSON.parse(event.data)[1])}`;
          link.download = "";
          link.click();
          return;
        }
        if (drawn || typeof event.data === "string" || event.data.byteLength <= 10) return;
        drawn = true;
        card("");
        // The terminal gets the first key; but on a phone, no keyboard opens before it is requested.
        if (!matchMedia("(pointer: coarse)").matches) document.querySelector(".xterm-helper-textarea")?.focus();
      });
      this.addEventListener("close", () => {
        if (!opened) document.getElementById("why").textContent =
          "It could not be opened: all sessions are in use, or the server has stopped. Try again in a while.";
        card("closed");
        document.getElementById("again").focus();
      });
    }
  };

  const keys = JSON.parse(body.dataset.keys);
  const bar = document.getElementById("keys");
  for (const key of keys) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = key.label;
    button.title = key.title;
    // Not on click: the terminal keeps the focus, and no keyboard opens.
    button.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      sockets.at(-1)?.send(JSON.stringify(["stdin", key.types]));
    });
    bar.append(button);
  }
  bar.hidden = !(keys.length && matchMedia("(pointer: coarse)").matches);

  const open = (name) => {
    const terminal = document.createElement("div");
    terminal.className = "textual-terminal";
    const here = location.origin.replace(/^http/, "ws") + location.pathname;
    const scheme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
    terminal.dataset.sessionWebsocketUrl = `${here}ws/${scheme}/${encodeURIComponent(name)}`;
    // 60 columns fit a phone; a cell of Roboto Mono is 0.6 of its size wide.
    terminal.dataset.fontSize = String(Math.max(8, Math.min(16, Math.floor(innerWidth / 60 / 0.6))));
    document.getElementById("stage").append(terminal);
    card("opening");
    window.alignStart();
  };

  // textual.js starts all terminals when the page has loaded; here they wait for a name.
  let loaded = null;
  window.alignStart = () => { if (loaded) loaded(); };
  window.addEventListener("load", () => {
    loaded = window.onload;
    // The font first: cells are measured when the terminal starts.
    const begin = () => {
      const fixed = body.dataset.reviewer;
      if (fixed) open(fixed);
    };
    document.fonts.load("16px 'Roboto Mono'").then(begin, begin);
  });
  document.getElementById("who").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = document.getElementById("name").value.trim();
    try { localStorage.setItem("align-name", name); } catch { /* no storage in a private window */ }
    if (name) open(name);
  });
  document.getElementById("again").addEventListener("click", () => location.reload());
  try { document.getElementById("name").value = localStorage.getItem("align-name") || ""; } catch { /* as above */ }
  if (!body.dataset.reviewer) document.getElementById("name").focus();
  else card("opening");
})();
