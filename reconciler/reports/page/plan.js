"use strict";
(() => {
  const form = document.getElementById("filters");
  const status = document.getElementById("shown");
  const unchanged = document.querySelector("#unchanged details");
  let items = null;
  let waiting = 0;

  const find = (element, name) => element.closest(`[data-${name}]`)?.dataset[name] ?? "";

  function list() {
    return [...document.querySelectorAll("[data-channel], #unchanged tbody tr")].map((element) => {
      const holders = [];
      for (let holder = element.parentElement; holder; holder = holder.parentElement) {
        if (holder.hasAttribute("data-holder")) holders.push(holder);
      }
      const verdict = find(element, "verdict");
      const place = find(element, "place");
      const name = form.elements.place.querySelector(`[value="${place}"]`)?.textContent ?? "";
      return {
        element, holders, verdict, place,
        risks: find(element, "risks").split(" "),
        origins: find(element, "origins").split(" "),
        text: `${element.textContent} ${name}`.toLowerCase().replace(/\s+/g, " "),
      };
    });
  }

  function read() {
    const value = (name) => form.elements[name]?.value ?? "";
    return {
      words: value("text").toLowerCase().split(/\s+/).filter(Boolean),
      risk: value("risk"), verdict: value("verdict"), place: value("place"), origin: value("origin"),
    };
  }

  const fits = (item, wanted) =>
    (!wanted.risk || item.risks.includes(wanted.risk)) &&
    (!wanted.verdict || item.verdict === wanted.verdict) &&
    (!wanted.place || item.place === wanted.place) &&
    (!wanted.origin || item.origins.includes(wanted.origin)) &&
    wanted.words.every((word) => item.text.includes(word));

  const hide = (element, isHidden) => { if (element.hidden !== isHidden) element.hidden = isHidden; };

  function filter() {
    waiting = 0;
    items ??= list();
    const wanted = read();
    const held = new Map();
    const shown = { changed: 0, unchanged: 0 }, all = { changed: 0, unchanged: 0 };
    for (const item of items) {
      const kind = item.verdict === "no-op" ? "unchanged" : "changed";
      const isShown = fits(item, wanted);
      all[kind] += 1;
      shown[kind] += isShown;
      hide(item.element, !isShown);
      for (const holder of item.holders) {
        if (!held.has(holder)) held.set(holder, { shown: 0, all: 0 });
        held.get(holder).all += 1;
        held.get(holder).shown += isShown;
      }
    }
    for (const [holder, number] of held) {
      hide(holder, !number.shown);
      if (holder.id) count(holder, number);
    }
    const isActive = wanted.words.length || wanted.risk || wanted.verdict || wanted.place || wanted.origin;
    form.classList.toggle("active", Boolean(isActive));
    say(shown, all);
    if (unchanged && isActive && !shown.changed && shown.unchanged) unchanged.open = true;
  }

  function count(section, number) {
    const text = number.shown === number.all ? `${number.all}` : `${number.shown} of ${number.all}`;
    const entry = document.querySelector(`nav a[href="#${section.id}"]`);
    hide(entry.parentElement, !number.shown);
    for (const place of [entry, section.querySelector("h2")]) place.querySelector(".number").textContent = text;
  }

  function say(shown, all) {
    const changed = `${shown.changed} of ${all.changed} ${all.changed === 1 ? "change" : "changes"} shown`;
    const rest = all.unchanged ? `, ${shown.unchanged} of ${all.unchanged} unchanged` : "";
    status.textContent = `${changed}${rest}`;
  }

  const schedule = () => { waiting ||= requestAnimationFrame(filter); };
  form.addEventListener("input", schedule);
  form.addEventListener("reset", () => setTimeout(schedule));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  schedule();

  function light(picture, box) {
    const id = box?.dataset.box;
    picture.classList.toggle("dimmed", Boolean(id));
    const near = new Set([id]);
    for (const arrow of picture.querySelectorAll(".arrow")) {
      const isNear = arrow.dataset.used === id || arrow.dataset.user === id;
      arrow.classList.toggle("near", isNear);
      if (isNear) near.add(arrow.dataset.used).add(arrow.dataset.user);
    }
    for (const other of picture.querySelectorAll(".box")) other.classList.toggle("near", near.has(other.dataset.box));
  }

  // On the figure: an svg that listens to focus would take the focus itself.
  for (const figure of document.querySelectorAll(".formulas")) {
    const picture = figure.querySelector("svg");
    if (!picture) continue;
    for (const kind of ["focusin", "pointerover"]) {
      figure.addEventListener(kind, (event) => light(picture, event.target.closest(".box")));
    }
    for (const kind of ["focusout", "pointerleave"]) figure.addEventListener(kind, () => light(picture, null));
  }
})();
