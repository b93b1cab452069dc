// The conversation: asks, watches the answer grow, keeps it in this browser, and moves between its parts by keyboard.
// The server draws every turn; what this script draws itself is text.

import * as actions from "./actions.js";
import * as cards from "./cards.js";
import * as consent from "./consent.js";
import * as kept from "./kept.js";
import * as panel from "./panel.js";
import * as side from "./side.js";
import { session } from "./stored.js";
import { button, failed, make, say, send, tell, toast } from "./words.js";
import "./language.js";

const FILTERS = ["topics", "places", "tiers", "year_from", "year_to"];
const UNSENT = "shanghai-qa.unsent"; // a question that the server has not answered
const PATIENCE_MS = 4_000; // without a word from the server, before it is asked whether it is there
const LONGEST_MS = 20_000; // without a first word, whatever it says

let conversation = null;
let pending = null; // {question, filters, key, at} while an answer is on its way
let chosen = {}; // the filters in the fields
const $ = (selector) => document.querySelector(selector);

// --- Asking

// False if nothing is asked.
function ask(question, filters = chosen) {
  question = question.trim();
  if (!question || pending) return false;
  settle();
  conversation ??= kept.begin();
  pending = { question, filters, key: `${Date.now()}`, at: performance.now() };
  session.set(UNSENT, JSON.stringify({ question, filters }));
  $("#past").append(waiting(question));
  document.body.classList.add("talking");
  tell(say.reading);
  const number = conversation.turns.length + 1;
  const detail = { question, number, key: pending.key, history: said(conversation.turns), filters, keep: consent.given() };
  hears.then(() => window.shanghaiQAHears(detail));
  watch(pending);
  return true;
}

// The server can be asked as soon as Gradio has begun.
const hears = new Promise((resolve) => {
  if (window.shanghaiQAHears) resolve();
  else document.addEventListener("shanghai-qa:hears", resolve, { once: true });
});

// What stands in the place of an answer until the server's first word.
function waiting(question) {
  const turn = make("article", { class: "turn", id: "soon" },
    make("h2", { class: "question" }, question),
    make("div", { class: "answer working" }, make("p", { class: "step" }, say.reading)));
  requestAnimationFrame(() => turn.scrollIntoView({ block: "start" }));
  return turn;
}

// The finished turn moves up to the earlier ones; the server's next word takes its place.
function settle() {
  const turn = $("#now .turn");
  $("#soon")?.remove();
  if (turn?.dataset.answer && !document.body.classList.contains("spent")) $("#past").append(turn);
  spend();
}
const spend = (yes = true) => document.body.classList.toggle("spent", yes);

// Turns as the messages that a later question may depend on.
const said = (turns) => turns.slice(-10).flatMap(({ answer }) => [
  { role: "user", content: answer.question },
  { role: "assistant", content: answer.statements.map((one) => one.text).join(" ") },
]);

new MutationObserver(() => {
  named();
  const turn = $("#now .turn");
  if (!pending || turn?.dataset.key !== pending.key) return;
  pending.at = performance.now();
  spend(false);
  if ($("#soon")) {
    $("#soon").remove();
    turn.scrollIntoView({ block: "start" });
  }
  tell(turn.querySelector("[data-status]")?.textContent ?? "");
  if (!turn.querySelector(".working")) finished(turn);
}).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["data-key"] });

function finished(turn) {
  pending = null;
  session.remove(UNSENT);
  if (!turn.dataset.answer) return;
  const answer = actions.answerOf(turn), filters = filtersOf(turn);
  turn.dataset.at = conversation.turns.length;
  const [now, taken] = kept.update(conversation, (one) => {
    one.title ||= answer.question;
    one.turns.push({ answer, filters });
    one.changed = Date.now();
  });
  conversation = now;
  if (!taken) toast(say.full);
  kept.makeCurrent(conversation.id);
  side.refresh();
}

// --- When the server falls silent

function watch(asked) {
  const timer = setInterval(async () => {
    if (pending !== asked) return clearInterval(timer);
    const silent = performance.now() - asked.at;
    if (silent < PATIENCE_MS) return;
    if ((await answers()) && (silent < LONGEST_MS || !$("#soon"))) return;
    if (pending !== asked) return clearInterval(timer);
    clearInterval(timer);
    lost(asked);
  }, 1_000);
}

async function answers() {
  try {
    return (await fetch("health", { signal: AbortSignal.timeout(PATIENCE_MS) })).ok;
  } catch {
    return false;
  }
}

// The question stays, also over the reload by which Gradio greets a server that comes back.
function lost({ question, filters }, words = say.lost) {
  pending = null;
  $("#soon")?.remove();
  spend();
  const line = make("p", { class: "outcome" }, words);
  const again = () => (location.href = actions.linkTo(question, filters));
  const turn = make("article", { class: "turn", id: "soon" }, make("h2", { class: "question" }, question),
    make("div", { class: "answer failed" }, line, make("p", { class: "tools" }, button(say.retry, again))));
  $("#past").append(turn);
  document.body.classList.add("talking");
  turn.scrollIntoView({ block: "start" });
  tell(words);
  const timer = setInterval(async () => {
    if (!turn.isConnected || line.textContent !== say.lost) return clearInterval(timer);
    if (await answers()) tell((line.textContent = say.back));
  }, 2_000);
}

// --- Conversations

async function open(one) {
  clear();
  conversation = one;
  kept.makeCurrent(one.id);
  side.refresh();
  if (!one.turns.length) return;
  document.body.classList.add("talking");
  try {
    const html = await (await send("turns", "POST", one.turns)).text();
    if (conversation?.id !== one.id) return; // another one was opened meanwhile
    $("#past").insertAdjacentHTML("afterbegin", html); // the server's templates escape
    const drawn = [...document.querySelectorAll("#past .turn[data-answer]")].slice(0, one.turns.length);
    for (const [at, turn] of drawn.entries()) {
      turn.dataset.at = at;
      if (one.turns[at].vote) actions.press(turn, one.turns[at].vote.helpful);
    }
    if (!pending) drawn.at(-1)?.scrollIntoView({ block: "start" });
  } catch (error) {
    failed(error);
  }
}

function anew() {
  clear();
  conversation = null;
  kept.makeCurrent(null);
  side.refresh();
  $("#box textarea").focus();
}

function clear() {
  if (pending) stop();
  panel.isOpen() && panel.close();
  $("#past").replaceChildren();
  spend();
  document.body.classList.remove("talking");
  window.scrollTo(0, 0);
}

// --- The question box

// What the box holds after Enter: nothing, or the question where another is on its way.
const submitted = (question) => (ask(question) ? "" : question);

function stop() {
  $("#box .stop-button")?.click();
  stopped();
}

function stopped() {
  if (!pending) return;
  const { question } = pending;
  pending = null;
  session.remove(UNSENT);
  $("#soon")?.remove();
  spend();
  fill(question);
  toast(say.stopped);
}

function fill(question) {
  const box = $("#box textarea");
  box.value = question;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
}

// The fields' values, as filters; the years may come in either order.
function narrowed(topics, places, tiers, ...years) {
  const [first, last] = years[0] && years[1] ? years.sort() : years;
  const all = { topics, places, tiers, year_from: Number(first), year_to: Number(last) };
  chosen = Object.fromEntries(Object.entries(all).filter(([, value]) => value?.length || value > 0));
}

window.shanghaiQA = { submitted, stopped, narrowed };

// --- Clicks and keys

const does = {
  copy: (turn) => actions.copy(turn),
  share: (turn) => actions.share(turn, filtersOf(turn)),
  export: (turn, { dataset }) => actions.exported([actions.answerOf(turn)], dataset.form),
  helpful: (turn) => actions.vote(turn, contextOf(turn), true),
  unhelpful: (turn) => actions.against(turn, contextOf(turn)),
  edit: (turn, { dataset }) => fill(dataset.question),
  retry: (turn) => ask(questionOf(turn), filtersOf(turn)),
  loosen: (turn) => ask(questionOf(turn), {}),
};
const questionOf = (turn) => turn.querySelector(".question").textContent;
const filtersOf = (turn) => JSON.parse(turn.dataset.filters);

// What a vote on a turn needs to know, and where it is kept.
function contextOf(turn) {
  const one = conversation, at = Number(turn.dataset.at);
  return {
    history: said(one.turns.slice(0, at)),
    get vote() {
      return (kept.find(one.id) ?? one).turns[at]?.vote;
    },
    keep: (vote) => kept.update(one, (now) => now.turns[at] && (now.turns[at].vote = vote)),
  };
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target) || event.target.closest("button")) menu.open = false;
  }
  const chip = event.target.closest("#chat .chip");
  if (chip) return void ask(chip.textContent);
  const acting = event.target.closest("#chat [data-do]");
  if (acting) return void does[acting.dataset.do](acting.closest(".turn"), acting);
  const mark = event.target.closest("#chat a.cite");
  if (!mark || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  cards.hide();
  panel.open(mark);
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select, [contenteditable]");
  if (event.key === "Escape") escape(event.target);
  else if (event.key === "/" && !typing && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    $("#box textarea").focus();
  } else if (/^Arrow(Left|Right)$/.test(event.key) && event.target.matches("#chat .mark")) {
    const marks = [...document.querySelectorAll("#chat .said a.mark")].filter((mark) => mark.offsetParent);
    const to = marks[marks.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : -1)];
    if (to) event.preventDefault(), to.focus();
  }
});

// Closes what lies on top.
function escape(target) {
  const menu = $("details.menu[open]"), form = target.closest(".reasons");
  if (menu) menu.open = false, menu.querySelector("summary").focus();
  else if (target.getAttribute("aria-expanded") === "true" && target.matches("[role=combobox], input")) return;
  else if (cards.isShown()) cards.hide();
  else if (form) actions.leave(form);
  else if (panel.isOpen()) panel.close();
  else if (side.isOpen()) side.shut();
}

// Gradio draws these without a name, and its lists without a word in them.
function named() {
  for (const list of document.querySelectorAll("#topics input, #places input")) {
    const word = list.closest(".wrap-inner")?.querySelector(".token") ? "" : say.any;
    if (list.placeholder !== word) list.placeholder = word;
  }
  $("#box .submit-button:not([aria-label])")?.setAttribute("aria-label", say.send_question);
  $("#box .stop-button:not([aria-label])")?.setAttribute("aria-label", say.stop);
}

// --- The beginning

async function begin() {
  if (!$("#past") || !$("#box textarea") || !$("#past-conversations")) return void requestAnimationFrame(begin);
  document.documentElement.lang = say.language;
  side.build({ open, anew, exported: (answers) => actions.exported(answers, "markdown") });
  consent.build($("#composer"));
  const wanted = new URL(location).searchParams, question = wanted.get("q");
  const one = kept.current(), unsent = left();
  if (one && (!question || unsent)) await open(one);
  if (question) {
    history.replaceState(null, "", location.pathname);
    if (wanted.get("corpus")) compareCorpus(wanted.get("corpus"));
    ask(question, filtersIn(wanted));
  } else if (unsent) lost(unsent, say.unanswered);
  renewed();
}

// Say so if a link was made with other documents than there are now.
async function compareCorpus(version) {
  const health = await fetch(new URL("health", document.baseURI)).then((reply) => reply.json(), () => null);
  if (health && health.corpus.version !== version) toast(say.another_corpus);
}

// What was asked here and not answered, if anything.
function left() {
  try {
    const { question, filters } = JSON.parse(session.get(UNSENT));
    return typeof question === "string" ? { question, filters: filters ?? {} } : null;
  } catch {
    return null;
  }
}

// The filters that a link names.
function filtersIn(wanted) {
  const value = (name) => (name.startsWith("year") ? Number(wanted.get(name)) : wanted.getAll(name));
  return Object.fromEntries(FILTERS.filter((name) => wanted.has(name)).map((name) => [name, value(name)]));
}

// While the documents are being renewed, a line says so.
async function renewed() {
  try {
    const { ingesting } = await (await fetch("health")).json();
    $("#renewing")?.remove();
    if (ingesting) $("#composer").append(make("p", { id: "renewing", class: "note", role: "status" }, say.ingesting));
  } catch {
    // the next question will tell
  }
  setTimeout(renewed, 30_000);
}

begin();
