// Light or dark without leaving the page, so that nothing typed is lost. Without this the form does it.

// On the document: a page that was shown in this one's place has a form of its own.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const chosen = event.submitter;
  if (!chosen || !form.matches("form.look")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const data = new FormData(form);
  data.set(chosen.name, chosen.value);
  show(form, chosen);
  // Where there is no signal it holds for this page.
  fetch(form.action, { method: "POST", body: new URLSearchParams(data), redirect: "manual" }).catch(() => {});
}, true);

function show(form, chosen) {
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === chosen));
  }
  if (chosen.value) document.documentElement.dataset.theme = chosen.value;
  else delete document.documentElement.dataset.theme;
  document.querySelector('meta[name="color-scheme"]').content = chosen.value || "dark light";
}
