// The list of conversations beside the chat, and the sheet that it is on a phone.

import * as kept from "./kept.js";
import { opened } from "./sheets.js";
import { button, make, say, toast } from "./words.js";

let list, search, hooks, sheet;

// `on` says what to do: {open(conversation), anew(), exported(answers)}.
export function build(on) {
  hooks = on;
  const place = document.getElementById("past-conversations");
  search = make("input", { type: "search", placeholder: say.search, "aria-label": say.search, oninput: refresh });
  list = make("ul", {});
  place.replaceChildren(button(say.new, () => (hooks.anew(), shut()), { id: "anew" }), search, list);
  opener().addEventListener("click", () => (isOpen() ? shut() : show()));
  kept.onChange(refresh);
  refresh();
}

export function refresh() {
  if (!list) return;
  const any = kept.all().length > 0, found = kept.matching(search.value), current = kept.current()?.id;
  search.hidden = !any;
  const items = found.map((one) => item(one, one.id === current));
  list.replaceChildren(...(items.length ? items : [make("li", { class: "none" }, any ? say.none_found : say.none_yet)]));
}

function item(one, here) {
  const opener = button(one.title, () => (hooks.open(one), shut()), { class: "opens", "data-id": one.id, "aria-current": here ? "true" : null, title: one.title });
  const menu = make("details", { class: "menu" },
    make("summary", { "aria-label": `${say.more}: ${one.title}` }),
    make("ul", {},
      make("li", {}, button(say.rename, () => rename(line, one))),
      make("li", {}, button(say.export, () => hooks.exported(one.turns.map((turn) => turn.answer)))),
      make("li", {}, button(say.delete, () => remove(one)))));
  const line = make("li", {}, opener, menu);
  return line;
}

function rename(line, one) {
  const field = make("input", { value: one.title, "aria-label": say.rename, maxlength: 120 });
  const done = (title) => {
    if (title) kept.update(one, (now) => (now.title = title));
    refresh();
    [...list.querySelectorAll(".opens")].find((opens) => opens.dataset.id === one.id)?.focus();
  };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") done(field.value.trim());
    if (event.key === "Escape") {
      event.stopPropagation();
      done("");
    }
  });
  field.addEventListener("blur", () => field.isConnected && done(field.value.trim()));
  line.replaceChildren(field);
  field.select();
}

function remove(one) {
  const here = kept.current()?.id === one.id;
  kept.remove(one.id);
  if (here) hooks.anew();
  refresh();
  toast(say.deleted, { label: say.undo, run: () => (kept.put(one), here && hooks.open(one), refresh()) });
}

// On a phone the side is a sheet.
const opener = () => document.getElementById("open-side");
export const isOpen = () => document.body.classList.contains("with-side");

function turn(on) {
  document.body.classList.toggle("with-side", on);
  document.getElementById("chat").inert = on;
  opener().setAttribute("aria-expanded", on);
}

function show() {
  turn(true);
  sheet = opened(shut);
  document.querySelector("#side button")?.focus();
}

export function shut() {
  if (!isOpen()) return;
  turn(false);
  sheet();
  opener().focus();
}
