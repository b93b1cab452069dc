// Conversations, kept in this browser alone. One is {id, title, changed, turns: [{answer, filters}]}.

const KEY = "shanghai-qa.conversations";
const CURRENT = "shanghai-qa.current";
const MOST = 200;

const whole = (turn) => typeof turn?.answer?.question === "string" && Array.isArray(turn.answer.statements);

const read = () => {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => one?.id && Array.isArray(one.turns) && one.turns.every(whole)) : [];
  } catch {
    return [];
  }
};

// False where the browser has no room.
function write(all) {
  try {
    localStorage.setItem(KEY, JSON.stringify(all.slice(0, MOST)));
    return true;
  } catch {
    return false;
  }
}

export const all = () => read().sort((a, b) => b.changed - a.changed);
export const find = (id) => read().find((one) => one.id === id);
export const current = () => find(sessionStorage.getItem(CURRENT) ?? localStorage.getItem(CURRENT));

export function makeCurrent(id) {
  for (const storage of [sessionStorage, localStorage]) {
    if (id) storage.setItem(CURRENT, id);
    else storage.removeItem(CURRENT);
  }
}

export const begin = () => ({ id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, title: "", changed: Date.now(), turns: [] });

export function save(conversation) {
  return write([conversation, ...read().filter((one) => one.id !== conversation.id)]);
}

export function remove(id) {
  write(read().filter((one) => one.id !== id));
}

const text = (one) => [one.title, ...one.turns.flatMap(({ answer }) => [answer.question, ...answer.statements.map((s) => s.text)])].join(" ");

export function matching(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return all().filter((one) => wanted.every((word) => text(one).toLowerCase().includes(word)));
}
