// The phrases of the page's language, and small ways to make elements: all text goes in as text, never as markup.

export const say = JSON.parse(document.getElementById("phrases").textContent);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export const button = (label, onclick, attributes = {}) => make("button", { type: "button", onclick, ...attributes }, label);

export const filled = (phrase, values) => phrase.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// What screen readers are told.
const status = make("p", { class: "unseen", role: "status" });
document.body.append(status);
export function tell(words) {
  if (status.textContent !== words) status.textContent = words;
}

// A line at the bottom that goes away by itself; `action` is one more button in it.
const toasts = make("div", { id: "toasts", role: "region", "aria-live": "polite" });
document.body.append(toasts);
export function toast(words, action, seconds = 6) {
  const line = make("div", { class: "toast" }, make("span", {}, words));
  if (action) line.append(button(action.label, () => (line.remove(), action.run())));
  toasts.replaceChildren(line);
  setTimeout(() => line.remove(), (action ? 2 : 1) * seconds * 1000);
  return line;
}

// What could not be done, and why.
export const failed = (error) => toast(filled(say.failed, { why: error.message }));

// Sends and receives JSON; an error in words where the server cannot be had or refuses.
export async function send(address, method, body) {
  const answer = await fetch(address, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Error(typeof said.detail === "string" ? said.detail : `${answer.status} ${answer.statusText}`);
}
