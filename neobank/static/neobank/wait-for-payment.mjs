// Asks every two seconds whether the code on this page was paid, and shows the page anew when it is over, one way or the other.
// Without this module there is a button that does the same.

const EVERY_MS = 2000;
const place = document.querySelector("[data-wait-for]");
const said = place?.querySelector("[data-waiting]");

async function ask() {
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch(place.dataset.waitFor, { headers: { Accept: "application/json" }, cache: "no-store" });
      // A sign-in that has ended, or a request that is gone: the page itself says what to do.
      if ((answer.status >= 400 && answer.status < 429) || (answer.ok && (await answer.json()).state !== "open")) {
        window.location.reload();
        return;
      }
      say(answer.ok ? said.dataset.waiting : said.dataset.noSignal);
    } catch {
      say(said.dataset.noSignal);
    }
  }
  window.setTimeout(ask, EVERY_MS);
}

// Only what is new is said: a screen reader would repeat it every two seconds.
function say(sentence) {
  if (said.textContent !== sentence) said.textContent = sentence;
}

if (said) window.setTimeout(ask, EVERY_MS);
