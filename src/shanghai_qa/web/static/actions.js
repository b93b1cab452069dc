// What a reader can do with an answer: copy, share, export, say whether it helped.

import { button, make, say, send, toast } from "./words.js";

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

export function share(turn, filters) {
  const answer = answerOf(turn), address = new URL(location.pathname, location.origin);
  address.searchParams.set("q", answer.read_as ?? answer.question);
  for (const [name, value] of Object.entries(filters)) {
    for (const one of [value ?? []].flat()) address.searchParams.append(name, one);
  }
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
    toast(say.failed.replace("{why}", error.message));
  }
}

export async function vote(turn, history, helpful, reason = "") {
  const pressed = turn.querySelector(helpful ? "[data-do=helpful]" : "[data-do=unhelpful]");
  try {
    const given = await (await send("feedback", "POST", { answer: answerOf(turn), history, helpful, reason })).json();
    pressed.setAttribute("aria-pressed", "true");
    const undo = async () => {
      await send(`feedback/${given.id}?undo=${given.undo}`, "DELETE");
      pressed.setAttribute("aria-pressed", "false");
      note(turn, say.undone);
    };
    note(turn, helpful ? say.thanks : say.noted, button(say.undo, () => undo().catch((e) => toast(say.failed.replace("{why}", e.message)))));
  } catch (error) {
    toast(say.failed.replace("{why}", error.message));
  }
}

function note(turn, words, ...more) {
  const line = make("p", { class: "note vote", role: "status" }, `${words} `, ...more);
  turn.querySelector(".reasons")?.remove();
  turn.querySelector(".note.vote")?.remove();
  turn.querySelector("div.tools").after(line);
}

// A vote against an answer asks what is wrong with it.
export function reasons(turn, history) {
  if (turn.querySelector(".reasons")) return;
  turn.querySelector(".note.vote")?.remove();
  const own = make("textarea", { rows: 2, maxlength: 1000, "aria-label": say.words, placeholder: say.words });
  const choices = ["wrong", "beside", "incomplete", "doubtful", "other"].map((name) =>
    make("label", {}, make("input", { type: "radio", name: "reason", value: say[name] }), ` ${say[name]}`));
  const form = make("form", { class: "reasons", onsubmit: submit },
    make("fieldset", {}, make("legend", {}, say.why), ...choices), own, make("p", { class: "note" }, say.stored),
    make("p", { class: "tools" }, make("button", { type: "submit" }, say.send), button(say.cancel, () => form.remove())));
  function submit(event) {
    event.preventDefault();
    const chosen = form.querySelector("input:checked")?.value ?? "";
    vote(turn, history, false, [chosen, own.value.trim()].filter(Boolean).join(": "));
  }
  turn.querySelector("div.tools").after(form);
  form.querySelector("input").focus({ preventScroll: true });
  form.scrollIntoView({ block: "center" });
}
