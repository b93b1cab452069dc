// On a phone the source and the side are sheets over the conversation, which the browser's Back closes.

const closers = [];

// Call it when a sheet opens; the function that it gives, when it closes.
export function opened(close) {
  closers.push(close);
  history.pushState({ sheet: closers.length }, "");
  return () => {
    const at = closers.indexOf(close);
    if (at < 0) return;
    closers.splice(at, 1);
    if (history.state?.sheet) history.back();
  };
}

window.addEventListener("popstate", () => closers.pop()?.());
