// Runs in the head: the theme is set before anything is painted, the rest begins when the page is there.
"use strict";
(() => {
  const root = document.documentElement;
  const KEY = "shanghai-qa-evaluation-theme";
  root.classList.add("js");
  try {
    root.dataset.theme = localStorage.getItem(KEY) ?? "";
  } catch {
    // no storage: the system's theme
  }

  document.addEventListener("DOMContentLoaded", () => {
    const data = JSON.parse(document.getElementById("data").textContent);
    theme();
    if (data.points.length) readings(data.points);
    cases(data.cases);
  });

  function theme() {
    const button = document.getElementById("theme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const name = () => {
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-label", `${button.textContent} colours`);
    };
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try {
        localStorage.setItem(KEY, root.dataset.theme);
      } catch {
        // no storage: for this visit alone
      }
      name();
    });
    system.addEventListener("change", name);
    name();
  }

  // The curve, read by pointer or by the slider: each point is [confidence, coverage, risk], by rising coverage.
  function readings(points) {
    const cursor = document.getElementById("cursor");
    const slider = document.getElementById("threshold");
    const { left, right, top, bottom, most } = Object.fromEntries(
      Object.entries(cursor.dataset).map(([name, value]) => [name, Number(value)]),
    );
    const percent = (share) => `${Math.round(100 * share)}%`;
    const read = (index) => {
      const [confidence, coverage, risk] = points[index];
      const x = left + (right - left) * coverage;
      cursor.removeAttribute("hidden");
      cursor.firstElementChild.setAttribute("x1", x);
      cursor.firstElementChild.setAttribute("x2", x);
      cursor.lastElementChild.setAttribute("cx", x);
      cursor.lastElementChild.setAttribute("cy", bottom - ((bottom - top) * risk) / most);
      slider.value = index;
      const text = `${percent(coverage)} answered, ${percent(risk)} of these wrong`;
      slider.setAttribute("aria-valuetext", text);
      document.getElementById("reading").textContent = `From a confidence of ${confidence.toFixed(2)} on: ${text}`;
    };
    read(Number(slider.value));
    cursor.setAttribute("hidden", ""); // until it is moved
    slider.addEventListener("input", () => read(Number(slider.value)));
    const drawing = cursor.ownerSVGElement;
    drawing.addEventListener("pointermove", (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
      const share = Math.min(Math.max((at.x - left) / (right - left), 0), 1);
      read(Math.max(0, Math.round(share * points.length) - 1));
    });
  }

  function cases(known) {
    const list = document.querySelector("ol.cases");
    const items = [...list.children];
    const form = document.getElementById("filters");
    const fields = ["q", "status", "slice", "part", "sort"];
    const place = new Map(known.map((each, index) => [each.id, index]));
    const texts = [];
    let current = "";

    const text = (index) => {
      texts[index] ??= [...items[index].querySelectorAll(".question, .name, .told dd")]
        .map((part) => part.textContent)
        .join("\n")
        .toLowerCase();
      return texts[index];
    };

    const last = (value) => value ?? -1;
    const orders = {
      id: (a, b) => (known[a].id < known[b].id ? -1 : 1),
      unsure: (a, b) => (known[a].confidence ?? 2) - (known[b].confidence ?? 2),
      sure: (a, b) => last(known[b].confidence) - last(known[a].confidence),
      slow: (a, b) => last(known[b].ms) - last(known[a].ms),
    };

    // What does not fit leaves the list: with `hidden` the browser takes seconds over 2,000 contained items.
    function show() {
      const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = [form.status.value, form.slice.value, form.part.value].filter(Boolean);
      const fits = (index) =>
        wanted.every((word) => known[index].words.includes(word)) && words.every((word) => text(index).includes(word));
      const shown = known.map((_, index) => index).filter(fits);
      if (orders[form.sort.value]) shown.sort(orders[form.sort.value]);
      if (shown.join() !== current) list.replaceChildren(...shown.map((index) => items[index]));
      current = shown.join();
      document.getElementById("count").textContent = `${shown.length} of ${known.length} cases`;
      document.getElementById("nothing").hidden = shown.length > 0;
    }

    // The view lives in the part of the address behind "#", so that it can be shared; one without "=" is an anchor.
    function read() {
      const hash = location.hash.slice(1);
      if (hash && !hash.includes("=")) return show();
      const view = new URLSearchParams(hash);
      for (const field of fields) form[field].value = view.get(field) ?? "";
      for (const field of form.querySelectorAll("select")) if (field.selectedIndex < 0) field.value = "";
      show();
      const item = items[place.get(view.get("case"))];
      if (item) {
        item.firstElementChild.open = true;
        item.scrollIntoView({ block: "center" });
        item.querySelector("summary").focus({ preventScroll: true });
      } else if (hash) {
        document.getElementById("cases").scrollIntoView();
      }
    }

    function write() {
      const view = new URLSearchParams(fields.map((field) => [field, form[field].value]).filter(([, value]) => value));
      history.replaceState(null, "", `#${view.size ? view : "cases"}`);
      show();
    }

    function clear() {
      form.reset();
      write();
      form.q.focus();
    }

    form.addEventListener("input", write);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(write));
    document.getElementById("clear").addEventListener("click", clear);
    addEventListener("hashchange", read);
    document.addEventListener("click", (event) => {
      if (event.target.matches(".copy")) copy(event.target);
      const link = event.target.closest("a");
      if (link?.hash && link.hash === location.hash && link.hash.includes("=")) read();
    });
    read();
  }

  async function copy(button) {
    const code = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  }
})();
