// The REST API of a NeoBank, as one person uses it from another origin. No page is touched here: what it throws, the page says.

/** The bank answered, and refused: `detail` is a sentence for the person, `errors` says which field it is about. */
export class Refused extends Error {
  constructor(problem, status, retryAfter) {
    super(problem.detail || `The bank answered with status ${status}.`);
    this.code = problem.code || "";
    this.status = status;
    this.fields = Object.fromEntries((problem.errors || []).map((error) => [error.field, error.message]));
    this.retryAfter = retryAfter;
  }
}

/** No answer came: no signal, no server, or CORS, which a browser does not tell apart. What was sent may have been done. */
export class NoAnswer extends Error {}

const PATIENCE_MS = 20_000;

export class Bank {
  /** `address` is the bank's origin; `store` keeps the tokens of this tab: sessionStorage, or anything like it. */
  constructor(address, store) {
    this.address = new URL(address).origin;
    this.store = store;
    this.refreshing = null;
  }

  get isSignedIn() {
    return this.store.getItem("access_token") !== null;
  }

  async signIn(characterName, password) {
    const body = { character_name: characterName, password, refresh: true, device_name: "Demo web client" };
    const headers = this.proof();
    const { answer } = await this.send("POST", "/auth/login", { body, headers });
    this.keep(answer);
    return answer.user;
  }

  async signOut() {
    try {
      await this.ask("POST", "/auth/logout");
    } finally {
      this.forget();
    }
  }

  async account() {
    return (await this.ask("GET", "/account")).answer;
  }

  /** Whom `query` may mean: an exact name or account number, or people paid before. */
  async payees(query) {
    return (await this.ask("GET", `/payees?q=${encodeURIComponent(query)}`)).answer.results;
  }

  /** `payment` is {to_account, amount, memo} with the amount in minor units. The same `key` again never pays twice. */
  async pay(payment, key) {
    return this.ask("POST", "/transfers", { body: payment, headers: { "Idempotency-Key": key } });
  }

  /** The newest lines, or those of `next`, an address that the list gave out. */
  async history(next) {
    if (!next) return (await this.ask("GET", "/transactions?limit=10")).answer;
    // Only its path: the token goes to the bank alone, whatever an answer names.
    const { pathname, search } = new URL(next, this.address);
    return (await this.ask("GET", pathname.replace(/^\/api\/v1/, "") + search)).answer;
  }

  /** A request as whoever is signed in. An access token that has run out is refreshed once, and the same request sent again. */
  async ask(method, path, options = {}) {
    try {
      return await this.sendWithToken(method, path, options);
    } catch (error) {
      if (error.code !== "token_expired" || this.store.getItem("refresh_token") === null) throw this.ended(error);
    }
    // Several requests may find out together; a refresh token works once, so they share one refresh.
    this.refreshing ??= this.refresh().finally(() => (this.refreshing = null));
    await this.refreshing;
    try {
      return await this.sendWithToken(method, path, options);
    } catch (error) {
      throw this.ended(error);
    }
  }

  sendWithToken(method, path, { body, headers = {} }) {
    const authorization = { Authorization: `Bearer ${this.store.getItem("access_token") || ""}` };
    return this.send(method, path, { body, headers: { ...headers, ...authorization } });
  }

  /** Whether anything answers there at all, whatever it lets this page see: so that CORS and no signal can be told apart. */
  async isThere() {
    try {
      await fetch(`${this.address}/health/live`, { mode: "no-cors", credentials: "omit", cache: "no-store" });
      return true;
    } catch {
      return false;
    }
  }

  /** When its answer is lost, the same refresh token may be sent again for ten seconds; so it is only replaced, never dropped. */
  async refresh() {
    const body = { refresh_token: this.store.getItem("refresh_token") };
    try {
      this.keep((await this.send("POST", "/auth/refresh", { body })).answer);
    } catch (error) {
      throw this.ended(error);
    }
  }

  async send(method, path, { body, headers = {} }) {
    const sent = { method, headers: { Accept: "application/json", ...headers }, credentials: "omit", cache: "no-store" };
    if (body !== undefined) {
      sent.headers["Content-Type"] = "application/json";
      sent.body = JSON.stringify(body);
    }
    let response, answer;
    try {
      response = await fetch(`${this.address}/api/v1${path}`, { ...sent, signal: AbortSignal.timeout(PATIENCE_MS) });
      answer = response.status === 204 ? null : await response.json();
    } catch (error) {
      // The answer may also be cut off in its middle, or be a proxy's page that is no JSON: then nobody knows either.
      throw new NoAnswer(`No answer came from ${this.address}.`, { cause: error });
    }
    if (!response.ok) throw new Refused(answer || {}, response.status, Number(response.headers.get("Retry-After")) || 0);
    return { answer, replayed: response.headers.get("Idempotent-Replayed") === "true" };
  }

  // -- what is kept in this tab ------------------------------------------------------------------------------------------

  keep(answer) {
    for (const name of ["access_token", "refresh_token", "device_proof"]) {
      if (answer[name]) this.store.setItem(name, answer[name]);
    }
  }

  /** The device's proof outlives the sign-in: with it, wrong passwords that others try do not make this person wait. */
  forget() {
    this.store.removeItem("access_token");
    this.store.removeItem("refresh_token");
  }

  proof() {
    const proof = this.store.getItem("device_proof");
    return proof ? { "X-Device-Proof": proof } : {};
  }

  ended(error) {
    if (error.status === 401) this.forget();
    return error;
  }
}

/** "12.50" or "12,50" in minor units, with `decimals` of them, in whole numbers all the way; null for what is no amount. */
export function minorUnits(typed, decimals) {
  const found = /^(\d{1,13})(?:[.,](\d+))?$/.exec(typed.trim());
  if (!found || (found[2] || "").length > decimals) return null;
  const amount = Number(found[1] + (found[2] || "").padEnd(decimals, "0"));
  return Number.isSafeInteger(amount) && amount > 0 ? amount : null;
}

/** How many decimals a ready string such as "₵1,234.56" shows: that many its currency has. */
export function decimalsOf(display) {
  return (/\.(\d+)\D*$/.exec(display) || ["", ""])[1].length;
}
