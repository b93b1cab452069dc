// Conversations, kept in this browser alone. One is {id, title, changed, turns: [{answer, filters, vote}]}.

import { local } from "./stored.js";

const KEY = "shanghai-qa.conversations";
const MOST = 200;
let here = null; // id of the conversation that this window shows
const CURRENT = "shanghai-qa.current"; // the one that was shown last, for the next visit

const whole = (turn) => typeof turn?.answer?.question === "string" && Array.isArray(turn.answer.statements);

const read = () => {
  try {
    const found = JSON.parse(local.get(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => one?.id && Array.isArray(one.turns) && one.turns.every(whole)) : [];
  } catch {
    return [];
  }
};

const write = (all) => local.set(KEY, JSON.stringify(all.slice(0, MOST)));

export const all = () => read().sort((a, b) => b.changed - a.changed);
export const find = (id) => read().find((one) => one.id === id);
export const current = () => find(here ?? local.get(CURRENT));

export function makeCurrent(id) {
  here = id;
  if (id) local.set(CURRENT, id);
  else local.remove(CURRENT);
}

export const begin = () => ({ id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, title: "", changed: Date.now(), turns: [] });

// Another window may have changed the same conversation meanwhile: `change` gets it as it stands now.
// Gives it as it is then, and whether the browser took it.
export function update(conversation, change) {
  const now = find(conversation.id) ?? conversation;
  change(now);
  return [now, put(now)];
}

export const put = (conversation) => write([conversation, ...read().filter((one) => one.id !== conversation.id)]);

export const remove = (id) => void write(read().filter((one) => one.id !== id));

export const onChange = (then) => window.addEventListener("storage", (event) => event.key === KEY && then());

const text = (one) => [one.title, ...one.turns.flatMap(({ answer }) => [answer.question, ...answer.statements.map((s) => s.text)])].join(" ");

export function matching(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return all().filter((one) => wanted.every((word) => text(one).toLowerCase().includes(word)));
}
