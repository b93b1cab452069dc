// The source behind a mark, beside the conversation or as a sheet over it. Without this, a mark opens a page.

import { opened } from "./sheets.js";
import { local } from "./stored.js";
import { button, filled, make, say } from "./words.js";

const NARROW = window.matchMedia("(max-width: 1099px)");
const WIDTH = "shanghai-qa.panel";
const [LEAST, MOST] = [320, 900];

const place = make("span", { class: "place" });
const previous = button("", () => step(-1), { class: "previous", "aria-label": say.previous, title: say.previous });
const next = button("", () => step(1), { class: "next", "aria-label": say.next, title: say.next });
const permanent = make("a", { class: "permanent", target: "_blank", rel: "noopener" }, say.page);
const closer = button(say.close, close, { class: "close" });
const content = make("div", { class: "content", tabindex: -1 });
const grip = make("div", {
  class: "grip", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": say.width,
  "aria-valuemin": LEAST, "aria-valuemax": MOST,
});
const panel = make("dialog", { id: "panel", "aria-label": say.source },
  grip, make("div", { class: "bar" }, make("span", { class: "walk" }, previous, place, next), permanent, closer), content);
document.body.append(panel);

let opener = null; // the mark whose source is shown
let sheet = null; // how to tell that the sheet has closed

export const isOpen = () => panel.open;

export async function open(mark) {
  const address = new URL(mark.getAttribute("href"), document.baseURI);
  opener?.classList.remove("shown");
  opener = mark;
  opener.classList.add("shown");
  permanent.href = address;
  count();
  show();
  const fragment = new URL(address);
  fragment.searchParams.set("panel", "true");
  const loaded = await load(fragment);
  if (opener !== mark) return; // closed, or another one was asked for meanwhile
  if (loaded) content.innerHTML = loaded; // from the server's templates, which escape
  else content.replaceChildren(make("article", { class: "source" }, make("h2", {}, say.not_loaded), make("p", {}, say.is_it_running)));
  (content.querySelector(".text") ?? content).focus({ preventScroll: true });
  content.querySelector("#quote")?.scrollIntoView({ block: "center" });
}

async function load(address) {
  try {
    const response = await fetch(address);
    return response.ok || response.status === 404 ? await response.text() : "";
  } catch {
    return "";
  }
}

// The cited passages of an answer in the order of their numbers, one mark each.
function passages() {
  const marks = opener?.closest(".turn")?.querySelectorAll(".sources .mark") ?? [];
  return [...marks].sort((a, b) => number(a) - number(b));
}
const number = (mark) => Number(mark.textContent.replace(/\D/g, ""));
const at = (marks) => marks.findIndex((mark) => mark.getAttribute("href") === opener.getAttribute("href"));

function count() {
  const marks = passages(), here = at(marks);
  place.textContent = here < 0 ? "" : filled(say.of, { n: here + 1, count: marks.length });
  previous.disabled = here <= 0;
  next.disabled = here < 0 || here === marks.length - 1;
}

function step(by) {
  const marks = passages(), to = marks[at(marks) + by];
  if (to) open(to);
}

function show() {
  if (!panel.open) {
    NARROW.matches ? panel.showModal() : panel.show();
    if (NARROW.matches) sheet = opened(close);
  }
  document.body.classList.add("with-panel");
}

export function close() {
  panel.close();
  forget();
}

function forget() {
  document.body.classList.remove("with-panel");
  content.replaceChildren();
  opener?.classList.remove("shown");
  opener?.focus({ preventScroll: true });
  opener = null;
  sheet?.();
  sheet = null;
}

// The browser may close a sheet too; its event comes late, when another source may be open already.
panel.addEventListener("close", () => {
  if (!panel.open && opener) forget();
});
panel.addEventListener("click", (event) => {
  if (event.target === panel) close();
});

// Its width, by pointer or by arrows, is kept.
function widen(to) {
  const width = Math.round(Math.min(Math.max(to, LEAST), MOST, window.innerWidth - 400));
  document.documentElement.style.setProperty("--panel", `${width}px`);
  grip.setAttribute("aria-valuenow", width);
  local.set(WIDTH, width);
}
grip.setAttribute("aria-valuenow", 480);
const kept = Number(local.get(WIDTH));
if (kept) widen(kept);
grip.addEventListener("pointerdown", (event) => {
  grip.setPointerCapture(event.pointerId);
  event.preventDefault();
});
grip.addEventListener("pointermove", (event) => {
  if (grip.hasPointerCapture(event.pointerId)) widen(window.innerWidth - event.clientX);
});
grip.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: 24, ArrowRight: -24 }[event.key];
  if (by) widen(panel.offsetWidth + by);
});
