// One spin is asked for until there is an answer, always with the same one-time key: whatever the line does, it is played once.
// A question stays in the tab's memory until its answer has come, so that a page that was loaded again asks for it again.

const SLOW_AFTER_MS = 4000;
const PATIENCE_MS = 20_000;
const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];
// What the house wants us to wait before it answers: longer than this, and the person should read why.
const RETRY_AFTER_S_MAX = 10;
const ASK_AGAIN = new Set(["in_flight", "too_fast", "rate_limited"]);

export function random(bytes) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Where the question lies that has no answer yet.
export class Pending {
  constructor(name) {
    this.name = name;
  }

  read() {
    try {
      return JSON.parse(window.sessionStorage.getItem(this.name));
    } catch {
      return null;
    }
  }

  write(question) {
    try {
      window.sessionStorage.setItem(this.name, JSON.stringify(question));
    } catch {
      // Without such a memory the spin is found among one's rounds.
    }
  }

  clear() {
    try {
      window.sessionStorage.removeItem(this.name);
    } catch {
      // Nothing was kept.
    }
  }
}

// {answer}: the round. {refusal}: a sentence; nothing was played. {stays}: why the question cannot be asked from this page.
// `says(what)` hears "asking", "slow" and "busy"; `wait.skip()` ends a pause or a silence at once.
export async function ask(question, { endpoint, token, says, wait }) {
  for (let tries = 0; ; tries += 1) {
    if (tries) says("asking");
    const heard = await once(question, { endpoint, token, says, wait });
    if (heard.answer || heard.refusal || heard.stays) return heard;
    if (heard.isReached && !heard.isQuiet) says("busy");
    else if (!heard.isReached) says("asking");
    await pause(heard.waitMs ?? PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)], wait);
  }
}

async function once({ key, body }, { endpoint, token, says, wait }) {
  const abort = new AbortController();
  wait.skip = () => abort.abort();
  const patience = window.setTimeout(wait.skip, PATIENCE_MS);
  const slow = window.setTimeout(() => says("slow"), SLOW_AFTER_MS);
  try {
    const headers = { Accept: "application/json", "Content-Type": "application/json", "Idempotency-Key": key, "X-CSRFToken": token };
    return await understood(await fetch(endpoint, { method: "POST", headers, body: JSON.stringify(body), signal: abort.signal }));
  } catch {
    return {};
  } finally {
    window.clearTimeout(patience);
    window.clearTimeout(slow);
  }
}

async function understood(answer) {
  // Whoever answers without it is not the house but something on the way.
  if (!answer.headers.has("X-Request-Id")) return {};
  const waitS = Number(answer.headers.get("Retry-After") ?? NaN);
  const waitMs = waitS <= RETRY_AFTER_S_MAX ? waitS * 1000 : undefined;
  if (answer.status >= 500 || answer.status === 408) return { isReached: true, waitMs };
  const said = await answer.json();
  if (answer.ok) return { answer: said };
  if (answer.status === 401) return { stays: "signedOut" };
  if (said.code === "csrf_failed") return { stays: "old" };
  if (ASK_AGAIN.has(said.code) && (waitMs !== undefined || said.code === "in_flight")) {
    return { isReached: true, isQuiet: true, waitMs };
  }
  return { refusal: said.detail ?? said.error ?? "", code: said.code };
}

// Until the time is over, the phone finds a network, or the person hurries.
function pause(lengthMs, wait) {
  return new Promise((resolve) => {
    const on = () => {
      window.clearTimeout(timer);
      window.removeEventListener("online", on);
      resolve();
    };
    const timer = window.setTimeout(on, lengthMs);
    window.addEventListener("online", on);
    wait.skip = on;
  });
}
