// Whether the server may keep what is asked: a box below the question, on a server that keeps any. It is the reader's to tick.

import { local } from "./stored.js";
import { make, say, toast } from "./words.js";

const KEY = "shanghai-qa.keep";

export const given = () => Boolean(say.keep) && local.get(KEY) === "yes";

export function build(place) {
  if (!say.keep) return;
  const box = make("input", { type: "checkbox", title: say.what_is_kept, checked: given(), onchange: chosen });
  place.append(make("label", { id: "keep", title: say.what_is_kept }, box, say.keep));
  window.addEventListener("storage", () => (box.checked = given())); // another window has one, too

  function chosen() {
    local.set(KEY, box.checked ? "yes" : "no");
    if (box.checked) toast(say.what_is_kept);
  }
}
