"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const $ = (id) => document.getElementById(id);
  const sections = [...document.querySelectorAll("section")];
  const pick = $("pick"), floor = $("floor"), shown = $("floor-shown"), lines = $("lines"), card = $("card");
  const SVG = "http://www.w3.org/2000/svg";
  let section = null, pairs = [], lit = null, led = null, ledUntil = 0, stillUntil = 0, waiting = false;

  const keep = (name, value) => { try { localStorage.setItem("align-" + name, value); } catch { /* a file may have none */ } };
  const kept = (name) => { try { return localStorage.getItem("align-" + name); } catch { return null; } };

  // A link is {id, sure (0 to 100), status, kind, cross, left, right}; left and right are its two elements.
  function linksOf(place) {
    const ends = { left: new Map(), right: new Map() };
    for (const side of ["left", "right"])
      for (const element of place.querySelectorAll(".pane." + side + " .s"))
        for (const id of element.dataset.l.split(" ")) ends[side].set(id, element);
    return place.dataset.links.split(" ").filter(Boolean).map((told) => {
      const [id, sure, status, kind, cross] = told.split(",");
      return { id, sure: +sure, status, kind, cross: cross === "x", left: ends.left.get(id), right: ends.right.get(id) };
    }).filter((link) => link.left && link.right);
  }

  const passes = (link) => link.sure >= +floor.value;

  function show(next) {
    section = next;
    for (const one of sections) one.hidden = one !== next;
    if (!next) return;
    next.links ??= linksOf(next);
    light(null);
    sift();
  }

  function sift() {
    shown.textContent = floor.value + " %";
    if (!section) return;
    const on = new Set();
    for (const link of section.links)
      if (passes(link)) on.add(link.left).add(link.right);
    for (const element of section.querySelectorAll(".s")) {
      const off = !on.has(element);
      element.classList.toggle("off", off);
      element.tabIndex = off ? -1 : 0;
    }
    if (lit && !passes(lit)) light(null);
    measure();
  }

  function measure() {
    if (!section) return;
    const middle = (element) => element.offsetTop + element.offsetHeight / 2;
    pairs = section.links.filter(passes).map((link) => ({ link, l: middle(link.left), r: middle(link.right) }));
    later();
  }

  function later() {
    if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; draw(); }); }
  }

  function draw() {
    if (!section) return;
    const gutter = section.querySelector(".gutter");
    const left = section.querySelector(".left"), right = section.querySelector(".right");
    const width = gutter.clientWidth, height = gutter.clientHeight, paths = [];
    const inside = (y) => y > -20 && y < height + 20;
    for (const { link, l, r } of lines.checked ? pairs : []) {
      const y = l - left.scrollTop, z = r - right.scrollTop;
      if (!inside(y) && !inside(z)) continue;
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", `M0,${y} C${width / 2},${y} ${width / 2},${z} ${width},${z}`);
      path.classList.toggle("doubt", link.sure < 50);
      path.classList.toggle("cross", link.cross);
      path.classList.toggle("lit", link === lit);
      if (link === lit) paths.push(path); else paths.unshift(path);
    }
    gutter.replaceChildren(...paths);
  }

  // Scrolling one side takes the other along: between two links, in proportion.
  function lead(pane) {
    later();
    const now = performance.now();
    if (now < stillUntil || (led === pane && now < ledUntil)) return;
    const other = section.querySelector(pane.classList.contains("left") ? ".right" : ".left");
    const [from, to] = pane.classList.contains("left") ? ["l", "r"] : ["r", "l"];
    const spine = pairs.filter((pair) => !pair.link.cross).sort((a, b) => a[from] - b[from]);
    if (!spine.length) return;
    const at = pane.scrollTop + pane.clientHeight / 3;
    let next = spine.findIndex((pair) => pair[from] > at);
    if (next < 0) next = spine.length;
    const before = next > 0 ? spine[next - 1] : { [from]: 0, [to]: 0 };
    const after = next < spine.length ? spine[next] : { [from]: pane.scrollHeight, [to]: other.scrollHeight };
    const part = (at - before[from]) / Math.max(1, after[from] - before[from]);
    led = other;
    ledUntil = now + 150;
    other.scrollTop = before[to] + part * (after[to] - before[to]) - other.clientHeight / 3;
  }

  function light(link, tapped) {
    for (const element of document.querySelectorAll(".s.lit")) element.classList.remove("lit");
    lit = link;
    card.hidden = !link;
    if (!link) return later();
    link.left.classList.add("lit");
    link.right.classList.add("lit");
    tell(link);
    if (tapped) {
      const partner = tapped === link.left ? link.right : link.left;
      const pane = partner.closest(".pane"), own = tapped.closest(".pane");
      stillUntil = performance.now() + 300; // what still rolls must not take the partner away again
      pane.scrollTop = partner.offsetTop - (tapped.offsetTop - own.scrollTop);
    } else {
      for (const element of [link.left, link.right]) {
        const pane = element.closest(".pane");
        stillUntil = performance.now() + 300;
        pane.scrollTop = element.offsetTop - pane.clientHeight / 3;
      }
    }
    later();
  }

  function tell(link) {
    const line = (element) => {
      const p = document.createElement("p");
      p.lang = element.lang || element.closest("[lang]").lang;
      p.dir = "auto";
      p.textContent = element.textContent;
      return p;
    };
    const facts = document.createElement("p");
    facts.className = "facts";
    facts.textContent = [link.kind, link.status, "confidence " + link.sure + " %", link.cross ? "crosses others" : ""]
      .filter(Boolean).join(" · ");
    $("card-text").replaceChildren(line(link.left), line(link.right), facts);
  }

  function linkAt(element) {
    const ids = element.dataset.l.split(" ").map((id) => section.links.find((link) => link.id === id));
    const on = ids.filter((link) => link && passes(link));
    if (!on.length) return null;
    return on[(on.indexOf(lit) + 1) % on.length]; // tapped again: its next partner
  }

  document.addEventListener("click", (event) => {
    const element = event.target.closest(".s");
    if (element && section && section.contains(element)) {
      const link = linkAt(element);
      if (link) light(link, element);
    } else if (event.target.closest(".pane")) light(null);
  });
  document.addEventListener("keydown", (event) => {
    const here = event.target.closest && event.target.closest(".s");
    if (here && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      here.click();
    } else if (event.key === "Escape") light(null);
    else if (section && !event.target.closest("select, input, button") && (event.key === "j" || event.key === "k")) {
      const on = section.links.filter(passes);
      if (on.length) light(on[(on.indexOf(lit) + (event.key === "j" ? 1 : on.length * 2 - 1)) % on.length]);
    }
  });
  for (const pane of document.querySelectorAll(".pane"))
    pane.addEventListener("scroll", () => { if (section && section.contains(pane)) lead(pane); }, { passive: true });
  pick.addEventListener("change", () => show(sections[pick.selectedIndex]));
  floor.addEventListener("input", sift);
  lines.addEventListener("change", later);
  $("close").addEventListener("click", () => light(null));
  $("print").addEventListener("click", () => print());
  $("theme").addEventListener("click", () => {
    const dark = getComputedStyle(root).getPropertyValue("--paper").trim() === "#17181b";
    root.dataset.theme = dark ? "light" : "dark";
    keep("theme", root.dataset.theme);
  });
  if (kept("theme")) root.dataset.theme = kept("theme");
  new ResizeObserver(measure).observe(document.querySelector("main"));
  if (document.fonts) document.fonts.ready.then(measure);
  show(sections[0] ?? null);
})();
