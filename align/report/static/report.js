// Draws the maps: dots (source across, target down) or ribbons (source above, target below).
"use strict";
(() => {
  const names = ["proposed", "accepted", "rejected", "edited"];
  let view = "dots";
  const draw = (canvas) => {
    const map = JSON.parse(document.getElementById(canvas.dataset.map).textContent);
    const style = getComputedStyle(document.documentElement);
    const colour = names.map((name) => style.getPropertyValue("--" + name).trim());
    const dim = style.getPropertyValue("--dim").trim();
    const scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.font = "12px system-ui, sans-serif";
    const left = 12, right = width - 12, top = 24, bottom = height - 24;
    const across = (at, of) => left + (right - left) * (of ? at / of : 0);
    const down = (at, of) => top + (bottom - top) * (of ? at / of : 0);
    pen.fillStyle = dim;
    pen.fillText(view === "dots" ? "source \u2192" : "source", left, 15);
    pen.fillText(view === "dots" ? "target \u2193" : "target", left, height - 8);
    pen.strokeStyle = dim;
    pen.globalAlpha = 0.4;
    pen.strokeRect(left, top, right - left, bottom - top);
    // Rejected links are drawn first, confirmed ones on top.
    const rank = [1, 2, 0, 2];
    const order = [...map.d].sort((a, b) => rank[a[5]] - rank[b[5]]);
    for (const [s0, s1, t0, t1, sure, status] of order) {
      pen.fillStyle = colour[status];
      pen.strokeStyle = colour[status];
      pen.globalAlpha = status === 2 ? 0.35 : status === 0 ? 0.25 + 0.0065 * sure : 0.9;
      const a = across(s0, map.s), b = across(s1 + 1, map.s);
      if (view === "dots") {
        const c = down(t0, map.t), d = down(t1 + 1, map.t);
        pen.fillRect(a, c, Math.max(b - a, 2.5), Math.max(d - c, 2.5));
      } else {
        const c = across(t0, map.t), d = across(t1 + 1, map.t);
        pen.globalAlpha *= 0.7;
        pen.beginPath();
        pen.moveTo(a, top);
        pen.lineTo(Math.max(b, a + 1), top);
        pen.bezierCurveTo(Math.max(b, a + 1), height / 2, Math.max(d, c + 1), height / 2, Math.max(d, c + 1), bottom);
        pen.lineTo(c, bottom);
        pen.bezierCurveTo(c, height / 2, a, height / 2, a, top);
        pen.fill();
      }
    }
    pen.globalAlpha = 1;
  };
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) { seen.add(entry.target); draw(entry.target); } else seen.delete(entry.target);
    }
  }, { rootMargin: "300px" });
  const again = () => seen.forEach(draw);
  for (const canvas of document.querySelectorAll("canvas")) watch.observe(canvas);
  window.addEventListener("resize", again);
  window.addEventListener("beforeprint", () => document.querySelectorAll("canvas").forEach(draw));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  const buttons = document.querySelectorAll(".views button");
  const press = () => buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === view)));
  for (const button of buttons) {
    button.addEventListener("click", () => { view = button.dataset.view; press(); again(); });
  }
  const views = document.querySelector(".views");
  if (views && document.querySelector("canvas")) views.hidden = false;
  press();
})();
