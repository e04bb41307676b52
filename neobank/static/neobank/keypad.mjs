// Large keys for the amount, in place of the phone's own keyboard. Without this module the field is typed into as any other.

function prepare() {
  for (const pad of document.querySelectorAll("[data-keypad-for]")) {
    const field = document.getElementById(pad.dataset.keypadFor);
    if (!field) continue;
    pad.hidden = false;
    // A phone shows no keyboard of its own over the keys; one with real keys may still be typed on.
    if (window.matchMedia("(pointer: coarse)").matches) field.inputMode = "none";
    pad.addEventListener("click", (event) => {
      const key = event.target.closest("[data-key]")?.dataset.key;
      if (key === undefined) return;
      field.value = key === "back" ? field.value.slice(0, -1) : field.value + key;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}

prepare();
document.addEventListener("page-shown", prepare);
