// The language that a reader chooses is kept, for the page as well as for the library and the pictures.

document.addEventListener("click", (event) => {
  const language = event.target.closest("a.language")?.hreflang;
  if (language) document.cookie = `language=${language};path=/;max-age=31536000;samesite=lax`;
});
