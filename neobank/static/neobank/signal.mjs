// What the pages do about bad signal. A form that is sent shows that it works and cannot be sent twice. When no answer comes, the
// page stays, with what was typed, and says what is known. A form that carries a one-time key is asked again by itself, with
// the same key, so that nothing is done twice; one that does not waits for the person. Without this module forms are plain.
//
// Whatever the bank answers is shown: where it leads to another page, that page; else the page that it sent, in place of this
// one. Other modules hear "page-shown" on the document then, and look for their elements anew.

const SLOW_AFTER_MS = 4000;
const PATIENCE_MS = 20_000;
const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];
// What the bank wants us to wait before it answers: longer than this, and the person should read why.
const RETRY_AFTER_S_MAX = 10;
// An answer may also be a file, and then nothing tells this page that it came.
const PLAIN_FORM_MS = 10_000;

const sent = new Map();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  const button = event.submitter ?? form.querySelector("button:not([type=button])");
  const texts = document.getElementById("signal");
  const shown = working(form, button, texts?.dataset.working);
  sent.set(form, shown);
  if (!texts || "plain" in form.dataset) {
    window.setTimeout(() => shown.end(), PLAIN_FORM_MS);
    return;
  }
  event.preventDefault();
  send(form, button, new Waiting(form, button, texts, shown));
});

// Back from the next page, out of the browser's memory: what was sent is over.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const shown of [...sent.values()]) shown.end();
});

// -- Sending ----------------------------------------------------------------------------------------------------------

async function send(form, button, waiting) {
  const question = questionOf(form, button);
  const isSafeTwice = isKeyed(form);
  const isStep = form.querySelector("input[name=step]")?.value === "check";
  for (let tries = 0; !waiting.isOver; tries += 1) {
    if (tries) waiting.say("asking");
    const answer = await ask(question, waiting);
    if (waiting.isOver) return;
    if (answer.leads) {
      waiting.say("arrived");
      go(answer.leads);
      return;
    }
    if (answer.page && !(isSafeTwice && answer.isPassing)) {
      waiting.end();
      show(answer.page);
      return;
    }
    const isReached = answer.page || answer.isBroken;
    if (!isSafeTwice) {
      waiting.giveBack(isReached ? "broken" : "kept");
      return;
    }
    waiting.say(isReached ? "busy" : isStep ? "unpaid" : "unknown");
    await waiting.pause(answer.waitMs ?? PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]);
  }
}

function isKeyed(form) {
  return Boolean(form.querySelector("input[name=key]")?.value);
}

function questionOf(form, button) {
  const data = new FormData(form);
  if (button?.name) data.append(button.name, button.value);
  const isUpload = form.getAttribute("enctype") === "multipart/form-data";
  const action = button?.getAttribute("formaction") ?? form.getAttribute("action") ?? "";
  return { url: new URL(action || window.location.href, window.location.href), body: isUpload ? data : new URLSearchParams(data) };
}

// {leads}: another page's address. {page}: a page to be shown here. Else nobody knows: the answer was lost, or was none.
async function ask({ url, body }, waiting) {
  const abort = new AbortController();
  waiting.skip = () => abort.abort();
  const patience = window.setTimeout(waiting.skip, PATIENCE_MS);
  const slow = window.setTimeout(() => waiting.say("slow"), SLOW_AFTER_MS);
  try {
    const answer = await fetch(url, { method: "POST", body, headers: { "X-Form": "1" }, signal: abort.signal });
    return await understood(answer);
  } catch {
    return {};
  } finally {
    window.clearTimeout(patience);
    window.clearTimeout(slow);
  }
}

async function understood(answer) {
  // Whoever answers without it is no bank but something on the way.
  if (!answer.headers.has("X-Request-Id")) return {};
  if (answer.headers.has("X-Location")) return { leads: answer.headers.get("X-Location") };
  if (answer.redirected) return { leads: answer.url };
  const waitS = Number(answer.headers.get("Retry-After") ?? NaN);
  const isPassing = waitS <= RETRY_AFTER_S_MAX;
  const waitMs = isPassing ? waitS * 1000 : undefined;
  // These are not about what was typed, and their pages have no form to keep it in.
  if (answer.status >= 500 || answer.status === 408) return { isBroken: true, waitMs };
  return { page: await answer.text(), isPassing, waitMs };
}

// -- What the person sees ---------------------------------------------------------------------------------------------

// The button of a form that is on its way; end() makes it as it was.
function working(form, button, text) {
  const label = button ? [...button.childNodes] : [];
  const fields = [...form.querySelectorAll(".field")];
  button?.setAttribute("aria-busy", "true");
  button?.setAttribute("aria-disabled", "true");
  if (text) button?.replaceChildren(text);
  return {
    lock: () => fields.forEach((field) => (field.inert = true)),
    end: () => {
      sent.delete(form);
      fields.forEach((field) => (field.inert = false));
      button?.removeAttribute("aria-busy");
      button?.removeAttribute("aria-disabled");
      if (text) button?.replaceChildren(...label);
    },
  };
}

// The notice about a form that is on its way, and the pauses between its tries.
class Waiting {
  constructor(form, button, texts, shown) {
    this.texts = texts.dataset;
    this.shown = shown;
    this.isOver = this.isHurried = false;
    this.notice = texts.content.firstElementChild.cloneNode(true);
    this.notice.hidden = true;
    this.button = this.notice.querySelector("button");
    this.button.addEventListener("click", () => this.hurry());
    if (!isKeyed(form)) this.button.remove();
    form.querySelectorAll(".notice.signal").forEach((earlier) => earlier.remove());
    const before = button?.closest(".actions");
    if (before && form.contains(before)) before.before(this.notice);
    else form.append(this.notice);
    // What was sent is what is asked again, whatever is typed now.
    shown.lock();
    const end = shown.end;
    shown.end = () => {
      end();
      this.isOver = true;
      this.notice.remove();
    };
  }

  say(what) {
    this.notice.hidden = false;
    if (what === "arrived") this.button.remove();
    this.notice.querySelector("p").textContent = this.texts[what];
    this.notice.scrollIntoView({ block: "nearest" });
  }

  // The person does not want to wait: neither for an answer, nor for the next try.
  hurry() {
    this.isHurried = true;
    this.skip();
  }

  // Until the time is over, the phone finds a network, or the person hurries.
  async pause(lengthMs) {
    if (!this.isHurried) await this.#rest(lengthMs);
    this.isHurried = false;
  }

  #rest(lengthMs) {
    return new Promise((resolve) => {
      const on = () => {
        window.clearTimeout(timer);
        window.removeEventListener("online", on);
        resolve();
      };
      const timer = window.setTimeout(on, lengthMs);
      window.addEventListener("online", on);
      this.skip = on;
    });
  }

  // The form is the person's again; what is known stays beside it.
  giveBack(what) {
    const notice = this.notice;
    const place = notice.nextSibling;
    const around = notice.parentNode;
    this.shown.end();
    around.insertBefore(notice, place);
    this.say(what);
  }

  end() {
    this.shown.end();
  }
}

function go(leads) {
  const to = new URL(leads, window.location.href);
  const isHere = to.href.split("#")[0] === window.location.href.split("#")[0];
  if (isHere && to.hash) {
    window.location.replace(to);
    window.location.reload();
  } else {
    window.location.assign(to);
  }
}

// The address stays: to load it again leads one step back, to the form as it was.
function show(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  document.title = page.title;
  for (const wanted of page.head.querySelectorAll("link[rel=stylesheet], script[src]")) {
    const address = wanted.getAttribute("src") ? "src" : "href";
    if (document.head.querySelector(`[${address}="${CSS.escape(wanted.getAttribute(address))}"]`)) continue;
    const copy = document.createElement(wanted.tagName);
    for (const { name, value } of wanted.attributes) copy.setAttribute(name, value);
    document.head.append(copy);
  }
  document.body.replaceWith(page.body);
  window.scrollTo(0, 0);
  document.querySelector("main")?.focus({ preventScroll: true });
  document.dispatchEvent(new Event("page-shown"));
}

// -- Installed --------------------------------------------------------------------------------------------------------

// The worker is no hurry: first the page itself. Where the connection is not secure there is none, and nothing is missed.
window.addEventListener("load", () => navigator.serviceWorker?.register("/service-worker.js").catch(() => {}));

if (document.querySelector("[data-offline]")) window.addEventListener("online", () => window.location.reload());
