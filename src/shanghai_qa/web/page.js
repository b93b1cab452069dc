// What the page does in the browser: opens the source behind a mark beside the conversation, brings a new question to
// the top, and tells screen readers how far the answer is. Without it, a mark opens the same source as a page.

const NARROW = window.matchMedia("(max-width: 1099px)");

const panel = document.createElement("dialog");
panel.id = "panel";
panel.setAttribute("aria-label", "Source");
const bar = document.createElement("div");
bar.className = "bar";
const permanent = document.createElement("a");
permanent.className = "permanent";
permanent.target = "_blank";
permanent.rel = "noopener";
permanent.textContent = "Open as a page";
const closer = document.createElement("button");
closer.type = "button";
closer.className = "close";
closer.textContent = "Close";
bar.append(permanent, closer);
const content = document.createElement("div");
content.className = "content";
content.tabIndex = -1;
panel.append(bar, content);

const status = document.createElement("p");
status.className = "unseen";
status.setAttribute("role", "status");

document.body.append(panel, status);

let opener = null; // the mark whose source is shown

async function open(mark) {
  const address = new URL(mark.getAttribute("href"), document.baseURI);
  opener?.classList.remove("shown");
  opener = mark;
  opener.classList.add("shown");
  permanent.href = address;
  show();
  const fragment = new URL(address);
  fragment.searchParams.set("panel", "true");
  const html = await load(fragment);
  if (opener !== mark) return; // closed, or another one was asked for meanwhile
  content.innerHTML = html; // from `render.source`, which escapes
  (content.querySelector(".text") ?? content).focus({ preventScroll: true });
  content.querySelector("#quote")?.scrollIntoView({ block: "center" });
}

async function load(address) {
  try {
    const response = await fetch(address);
    return response.ok || response.status === 404 ? await response.text() : failed;
  } catch {
    return failed;
  }
}
const failed = "<article class='source'><h2>This source could not be loaded</h2><p>Is the server still running?</p></article>";

function show() {
  if (!panel.open) NARROW.matches ? panel.showModal() : panel.show();
  document.body.classList.add("with-panel");
}

function close() {
  panel.close();
  forget();
}

function forget() {
  document.body.classList.remove("with-panel");
  content.replaceChildren();
  opener?.classList.remove("shown");
  opener?.focus({ preventScroll: true });
  opener = null;
}

// The browser may close a sheet too; its event comes late, when another source may be open already.
panel.addEventListener("close", () => {
  if (!panel.open && opener) forget();
});

document.addEventListener("click", (event) => {
  if (event.target === panel || event.target.closest("#panel .close")) return close();
  const mark = event.target.closest("a.cite");
  if (!mark || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open(mark);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && panel.open) close();
});

// A new turn goes to the top of the window, so that its answer is read from its beginning.
let latest = 0;
new MutationObserver(() => {
  const turn = document.querySelector("#now .turn");
  const said = turn?.querySelector("[data-status]")?.textContent ?? "";
  if (status.textContent !== said) status.textContent = said;
  nameButtons();
  const number = Number(turn?.dataset.turn ?? 0);
  if (number > latest) requestAnimationFrame(() => turn.scrollIntoView({ block: "start", behavior: "auto" }));
  latest = number;
}).observe(document.body, { childList: true, subtree: true, characterData: true });

// Gradio draws these two as pictures without a name.
function nameButtons() {
  document.querySelector("#box .submit-button:not([aria-label])")?.setAttribute("aria-label", "Ask");
  document.querySelector("#box .stop-button:not([aria-label])")?.setAttribute("aria-label", "Stop");
}
