// Copies a hash. Without this module the buttons are not there, and the text can be marked.

const SHOWN_MS = 2000;

function prepare() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button || button.disabled) return;
  const label = [...button.childNodes];
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return;
  }
  button.replaceChildren(button.dataset.done);
  window.setTimeout(() => button.replaceChildren(...label), SHOWN_MS);
});

prepare();
for (const event of ["page-shown", "casino-fresh"]) document.addEventListener(event, prepare);
