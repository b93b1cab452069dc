// What a reader can do with an answer: copy, share, export, say whether it helped.

import { button, failed, make, say, send, toast } from "./words.js";

export const answerOf = (turn) => JSON.parse(turn.dataset.answer);

async function copied(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(say.copy_this).append(make("textarea", { readonly: true, rows: 3, "aria-label": say.copy_this }, text));
  }
}

export function copy(turn) {
  const answer = answerOf(turn);
  const marks = (statement) => statement.citations.map((n) => `[${n}]`).join("");
  const source = ({ number, source: { title, publisher, published, tier, url } }) =>
    `[${number}] ${[title, publisher, published, tier, url].filter(Boolean).join(", ")}`;
  const lines = [answer.question, "", ...answer.statements.map((one) => `${one.text} ${marks(one)}`)];
  if (answer.caveats.length) lines.push("", ...answer.caveats);
  return copied([...lines, "", `${say.sources}:`, ...answer.citations.map(source)].join("\n"), say.copied);
}

// The address at which a question is asked with these filters.
export function linkTo(question, filters) {
  const address = new URL(location.pathname, location.origin);
  address.searchParams.set("q", question);
  for (const [name, value] of Object.entries(filters)) {
    for (const one of [value].flat()) address.searchParams.append(name, one);
  }
  return address;
}

export function share(turn, filters) {
  const answer = answerOf(turn), address = linkTo(answer.read_as ?? answer.question, filters);
  address.searchParams.set("corpus", answer.corpus.version);
  return copied(address.href, say.link_copied);
}

export async function exported(answers, form) {
  try {
    const file = await send(`export/${form}`, "POST", answers);
    const name = /filename="([^"]+)"/.exec(file.headers.get("Content-Disposition"))[1];
    const address = URL.createObjectURL(await file.blob());
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  } catch (error) {
    failed(error);
  }
}

// A turn has one vote: {id, undo, helpful}, or null. `context` is {history, vote, keep(vote)}.
export async function vote(turn, context, helpful, reason = "") {
  const before = context.vote;
  try {
    if (before) await takenBack(turn, context);
    if (before?.helpful === helpful && !reason) return note(turn, say.undone);
    const body = { answer: answerOf(turn), history: context.history, helpful, reason };
    context.keep({ ...(await (await send("feedback", "POST", body)).json()), helpful });
    press(turn, helpful);
    note(turn, helpful ? say.thanks : say.noted, button(say.undo, () => undo(turn, context)));
  } catch (error) {
    failed(error);
  }
}

async function undo(turn, context) {
  try {
    await takenBack(turn, context);
    note(turn, say.undone);
  } catch (error) {
    failed(error);
  }
}

async function takenBack(turn, context) {
  const { id, undo: proof } = context.vote;
  await send(`feedback/${id}?undo=${proof}`, "DELETE");
  context.keep(null);
  press(turn, null);
}

export function press(turn, helpful) {
  turn.querySelector("[data-do=helpful]").setAttribute("aria-pressed", helpful === true);
  turn.querySelector("[data-do=unhelpful]").setAttribute("aria-pressed", helpful === false);
}

function note(turn, words, ...more) {
  const line = make("p", { class: "note vote", role: "status" }, `${words} `, ...more);
  turn.querySelector(".reasons")?.remove();
  turn.querySelector(".note.vote")?.remove();
  turn.querySelector("div.tools").after(line);
}

// A vote against an answer asks what is wrong with it; pressed again, it is taken back.
export function against(turn, context) {
  if (context.vote?.helpful === false) return vote(turn, context, false);
  if (turn.querySelector(".reasons")) return;
  turn.querySelector(".note.vote")?.remove();
  const own = make("textarea", { rows: 2, maxlength: 1000, "aria-label": say.words, placeholder: say.words });
  const choices = ["wrong", "beside", "incomplete", "doubtful", "other"].map((name) =>
    make("label", {}, make("input", { type: "radio", name: "reason", value: say[name] }), ` ${say[name]}`));
  const form = make("form", { class: "reasons", onsubmit: submit },
    make("fieldset", {}, make("legend", {}, say.why), ...choices), own, make("p", { class: "note" }, say.stored),
    make("p", { class: "tools" }, make("button", { type: "submit" }, say.send), button(say.cancel, () => leave(form))));
  function submit(event) {
    event.preventDefault();
    const chosen = form.querySelector("input:checked")?.value ?? "";
    vote(turn, context, false, [chosen, own.value.trim()].filter(Boolean).join(": "));
  }
  turn.querySelector("div.tools").after(form);
  form.querySelector("input").focus({ preventScroll: true });
  form.scrollIntoView({ block: "center" });
}

// Give a form of reasons up.
export function leave(form) {
  const turn = form.closest(".turn");
  form.remove();
  turn.querySelector("[data-do=unhelpful]").focus();
}
