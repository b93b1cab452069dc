// The small card over a mark, on hover or focus: title, publisher, date, tier and the exact words.

let shown = null;
let timer;

const markOf = (event) => event.target.closest?.("#chat .mark[aria-describedby]");

function show(mark) {
  const card = document.getElementById(mark.getAttribute("aria-describedby"));
  if (!card || card === shown) return;
  hide();
  shown = card;
  card.hidden = false;
  const { left, top, bottom } = mark.getBoundingClientRect();
  const { width, height } = card.getBoundingClientRect();
  const above = top - height - 8;
  card.style.left = `${Math.max(8, Math.min(left - 16, window.innerWidth - width - 8))}px`;
  card.style.top = `${above > 8 ? above : Math.min(bottom + 8, window.innerHeight - height - 8)}px`;
}

export function hide() {
  clearTimeout(timer);
  if (shown) shown.hidden = true;
  shown = null;
}

export const isShown = () => shown !== null;

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const mark = markOf(event);
  if (!mark && shown?.contains(event.target)) return clearTimeout(timer);
  clearTimeout(timer);
  if (mark) timer = setTimeout(show, 120, mark);
  else if (shown) timer = setTimeout(hide, 200);
});
document.addEventListener("focusin", (event) => {
  const mark = markOf(event);
  if (mark?.matches(":focus-visible")) show(mark);
  else hide();
});
document.addEventListener("scroll", hide, { capture: true, passive: true });
