// Light or dark without leaving the page, so that nothing typed is lost. Without this the form does it.

const form = document.querySelector("form.look");

form?.addEventListener("submit", (event) => {
  const chosen = event.submitter;
  if (!chosen) return;
  event.preventDefault();
  const data = new FormData(form);
  data.set(chosen.name, chosen.value);
  show(chosen);
  // Where there is no signal it holds for this page.
  fetch(form.action, { method: "POST", body: new URLSearchParams(data), redirect: "manual" }).catch(() => {});
});

function show(chosen) {
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === chosen));
  }
  if (chosen.value) document.documentElement.dataset.theme = chosen.value;
  else delete document.documentElement.dataset.theme;
  document.querySelector('meta[name="color-scheme"]').content = chosen.value || "dark light";
}
