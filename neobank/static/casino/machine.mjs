// The machine on its page. The house decides first; then the reels turn and stand where it has said. The same page without this
// module is a plain form. With less movement asked for there is none: the window changes, and the text is the result.

// By the addresses that the page names: those hold the version of the file.
const parts = document.querySelector("script[data-asking]").dataset;
const { Pending, ask, random } = await import(parts.asking);
const { Reels, celebrate, isCalm, sleep } = await import(parts.reels);

const BIG_TIMES = 10;
const HUGE_TIMES = 50;
const LINE_MS = 1000;
const BASE = { firstMs: 750, nextMs: 230 };
const FREE = { firstMs: 500, nextMs: 110 };
const MINUTE_MS = 60_000;

class Machine {
  constructor(root, words) {
    this.root = root;
    this.words = words.dataset;
    this.names = JSON.parse(root.dataset.names);
    this.money = JSON.parse(root.dataset.money);
    this.screen = root.querySelector("[data-screen]");
    this.reels = new Reels(root.querySelector(".reels"), { sprite: root.dataset.sprite, letters: Object.keys(this.names) });
    this.pending = new Pending(`casino:${root.dataset.player}:${root.dataset.page}`);
    this.isBusy = false;
    this.telling = 0;
    this.auto = null;
    const sitting = root.querySelector("[data-sitting]");
    this.satSince = Date.now() - 1000 * Number(sitting.dataset.seconds);
    this.net = Number(sitting.dataset.amount);
    this.hasSat = "begun" in sitting.dataset;
    root.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.auto) this.spin();
    });
    root.addEventListener("click", (event) => this.#clicked(event));
    window.setInterval(() => this.#showSitting(), MINUTE_MS / 2);
    this.#wake();
    const waiting = this.pending.read();
    if (waiting) this.#play(waiting, { wasFound: true });
  }

  // -- One spin -------------------------------------------------------------------------------------------------------

  async spin() {
    const stake = this.root.querySelector("input[name=bet_amount]:checked:not(:disabled)");
    if (this.isBusy || !stake || this.#button.disabled) return false;
    const config = this.root.querySelector("input[name=config]").value;
    const question = { key: `spin-${random(16)}`, body: { bet_amount: Number(stake.value), client_seed: random(16), config } };
    this.pending.write(question);
    return this.#play(question, {});
  }

  // Whether the round was played and nothing out of the ordinary came of it.
  async #play(question, { wasFound }) {
    this.isBusy = true;
    this.#works("working");
    this.#refuse("");
    this.stake = question.body.bet_amount;
    const wait = {};
    const heard = await ask(question, {
      endpoint: this.root.dataset.endpoint,
      token: this.root.querySelector("[name=csrfmiddlewaretoken]").value,
      says: (what) => this.#signal(what, wait),
      wait,
    });
    this.#signal("");
    if (heard.stays) {
      this.#refuse(this.words[heard.stays]);
      this.#rest();
      return false;
    }
    this.pending.clear();
    if (heard.answer) return this.#show(heard.answer, wasFound);
    await this.#refresh();
    this.#refuse(heard.refusal || this.words.strange);
    this.#rest();
    return false;
  }

  async #show(round, wasFound) {
    const mayPlayAgain = Date.now() + Number(this.root.dataset.pace);
    const isCommon = !round.free_spins.length && !wasFound;
    document.querySelector("[data-still]")?.remove();
    this.#works("turning");
    this.#say("");
    this.#wins([]);
    this.telling += 1;
    this.#balance(round.balance - round.win_amount);
    if (isCalm()) this.#showStill(round);
    else await this.#showMoving(round);
    this.#result(round);
    this.#checkSeal(round);
    if (wasFound) this.#refuse(this.words.found, "status");
    if (!isCalm() && !round.free_spins.length) this.#tellLines(round);
    if (!isCalm() && round.win_amount >= BIG_TIMES * round.bet) await this.#celebrate(round);
    await this.#pace(mayPlayAgain - Date.now());
    this.#rest();
    return isCommon;
  }

  #showStill(round) {
    const last = round.free_spins.at(-1) ?? round;
    this.reels.stand(last.reels);
    this.reels.light(last.winning_lines, last.scatter_win ? this.#scatter : "");
    this.#feature(round.free_spins.length ? this.#featureEnd(round) : "");
  }

  async #showMoving(round) {
    this.#feature("");
    await this.reels.turn(round.reels, BASE);
    if (!round.free_spins.length) return;
    this.reels.light(round.winning_lines, this.#scatter);
    this.#say(fill(this.words.gives, { count: round.free_spins.length }));
    await celebrate(this.screen, fill(this.words.gives, { count: round.free_spins.length }), "", 1500);
    await this.#freeSpins(round);
  }

  async #freeSpins(round) {
    const count = round.free_spins.length;
    let total = 0;
    this.isSkipped = false;
    this.screen.classList.add("in-feature");
    for (const [place, spin] of round.free_spins.entries()) {
      if (this.isSkipped) break;
      const title = fill(this.words.feature, { number: place + 1, count });
      this.#feature(`${title} · ${fill(this.words.total, { win: this.#shown(total) })}`, true);
      await this.reels.turn(spin.reels, FREE);
      if (this.isSkipped) break;
      total += spin.win;
      this.#feature(`${title} · ${fill(this.words.total, { win: this.#shown(total) })}`, true);
      this.reels.light(spin.winning_lines, spin.scatter_win ? this.#scatter : "");
      await this.#unlessSkipped(spin.win ? 900 : 250);
    }
    this.screen.classList.remove("in-feature");
    const last = round.free_spins.at(-1);
    this.reels.stand(last.reels);
    this.reels.light(last.winning_lines, last.scatter_win ? this.#scatter : "");
    this.#feature(this.#featureEnd(round));
  }

  #unlessSkipped(lengthMs) {
    return Promise.race([sleep(lengthMs), new Promise((resolve) => (this.skipNow = resolve))]);
  }

  #skip() {
    this.isSkipped = true;
    this.reels.hurry();
    this.skipNow?.();
  }

  // -- What is said ---------------------------------------------------------------------------------------------------

  #result(round) {
    const { bet, win_amount: win } = round;
    const key = win > bet ? "won" : win === bet ? "same" : win ? "back" : "nothing";
    const sentence = fill(this.words[key], { win: round.win_amount_display, stake: round.bet_display });
    this.root.querySelector("[data-outcome]").classList.toggle("won", win > bet);
    this.#say(round.free_spins.length ? `${this.#featureEnd(round)}. ${sentence}` : sentence);
    this.#wins([...this.#sentences(round), ...round.free_spins.map((spin, place) => this.#freeSentence(spin, place, round))]);
    const link = this.root.querySelector("[data-round]");
    link.hidden = false;
    link.querySelector("a").href = `/casino/rounds/${round.round_id}`;
    this.#describe((round.free_spins.at(-1) ?? round).grid);
    this.#balance(round.balance, round.balance_display);
    this.net += win - bet;
    if (!this.hasSat) this.satSince = Date.now();
    this.hasSat = true;
    this.#showSitting();
  }

  #sentences(spin) {
    const lines = spin.winning_lines.map((line) => fill(this.words.line, { line: line.line + 1, count: line.count, symbol: line.symbol_name, win: line.win_display }));
    if (spin.scatter_win) lines.push(fill(this.words.scatter, { count: spin.scatter_count, symbol: this.names[this.#scatter], win: spin.scatter_win_display }));
    return lines;
  }

  #freeSentence(spin, place, round) {
    return `${fill(this.words.feature, { number: place + 1, count: round.free_spins.length })}: ${spin.win_display}`;
  }

  #featureEnd(round) {
    const total = round.free_spins.reduce((sum, spin) => sum + spin.win, 0);
    return fill(this.words.featureEnd, { count: round.free_spins.length, win: this.#shown(total) });
  }

  // One line after the other, then all of them; the next spin ends it.
  async #tellLines(round) {
    const mine = this.telling;
    const lines = round.winning_lines;
    const listed = [...this.root.querySelectorAll("[data-wins] li")];
    if (lines.length > 1) {
      for (const [place, line] of lines.entries()) {
        this.reels.light([line]);
        this.reels.tell(true);
        listed.forEach((item, other) => item.classList.toggle("told", other === place));
        await sleep(LINE_MS);
        if (this.telling !== mine) return;
      }
      listed.forEach((item) => item.classList.remove("told"));
    }
    this.reels.light(lines, round.scatter_win ? this.#scatter : "");
  }

  async #celebrate(round) {
    const title = round.win_amount >= HUGE_TIMES * round.bet ? this.words.huge : this.words.big;
    await celebrate(this.screen, title, round.win_amount_display, 2400);
  }

  #describe(grid) {
    const rows = grid.map((row, place) => fill(this.words.row, { row: place + 1, symbols: row.map((letter) => this.names[letter]).join(", ") }));
    this.reels.place.setAttribute("aria-label", fill(this.words.shows, { symbols: rows.join("; ") }));
  }

  // The seal that stood on the page is the one that the round was drawn under; else the page says so.
  #checkSeal(round) {
    const seal = document.querySelector("[data-fresh=seal] .hash");
    if (!seal || seal.textContent === round.fairness.server_seed_hash) return;
    this.#refuse(this.words.seal, "status");
    this.#refresh(["seal"]);
  }

  #say(sentence) {
    if (!sentence) this.root.querySelector("[data-outcome]").classList.remove("won");
    this.root.querySelector("[data-verdict]").textContent = sentence;
  }

  #wins(sentences) {
    this.root.querySelector("[data-wins]").replaceChildren(...sentences.map((sentence) => element("li", { textContent: sentence })));
  }

  #feature(text, maySkip = false) {
    const bar = this.root.querySelector("[data-feature]");
    bar.hidden = !text;
    const said = bar.querySelector("span") ?? bar.appendChild(document.createElement("span"));
    said.textContent = text;
    bar.querySelector("button").hidden = !maySkip;
  }

  #refuse(sentence, role = "alert") {
    this.root.querySelector("[data-refusal]")?.remove();
    if (!sentence || this.root.querySelector("[data-stopped]")?.textContent === sentence) return;
    const notice = element("div", { className: `notice${role === "alert" ? " bad" : ""}`, role });
    notice.dataset.refusal = "";
    notice.append(element("p", { textContent: sentence }));
    this.root.querySelector(".machine-foot").prepend(notice);
  }

  #signal(what, wait) {
    let notice = this.root.querySelector(".notice.signal");
    if (!what) {
      notice?.remove();
      return;
    }
    if (!notice) {
      notice = element("div", { className: "notice signal" });
      const button = element("button", { type: "button", className: "second", textContent: this.words.now });
      button.addEventListener("click", () => wait.skip?.());
      notice.append(element("p", { role: "status" }), button);
      this.root.querySelector(".machine-foot").append(notice);
    }
    const said = notice.querySelector("p");
    if (said.textContent !== this.words[what]) said.textContent = this.words[what];
  }

  // -- Money and time -------------------------------------------------------------------------------------------------

  #balance(amount, shown = this.#shown(amount)) {
    for (const place of document.querySelectorAll("[data-balance]")) place.textContent = shown;
  }

  #shown(amount) {
    const digits = String(Math.abs(amount)).padStart(this.money.exponent + 1, "0");
    const whole = digits.slice(0, digits.length - this.money.exponent).replace(/\B(?=(\d{3})+$)/g, ",");
    const rest = this.money.exponent ? `.${digits.slice(-this.money.exponent)}` : "";
    return `${amount < 0 ? "−" : ""}${this.money.symbol}${whole}${rest}`;
  }

  #showSitting() {
    if (!this.hasSat) return;
    const minutes = Math.floor((Date.now() - this.satSince) / MINUTE_MS);
    const values = { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
    const time = minutes < 1 ? this.words.moment : fill(minutes < 60 ? this.words.minutes : this.words.hours, values);
    const net = element("strong", { textContent: `${this.net > 0 ? "+" : ""}${this.#shown(this.net)}`, className: this.net > 0 ? "up" : "" });
    this.root.querySelector("[data-sitting]").replaceChildren(`${fill(this.words.time, { time })} · ${this.words.altogether} `, net);
  }

  // -- The button -----------------------------------------------------------------------------------------------------

  get #button() {
    return this.root.querySelector("[data-spin]");
  }

  get #scatter() {
    return this.root.dataset.scatter;
  }

  #works(what) {
    const button = this.#button;
    button.setAttribute("aria-disabled", "true");
    if (what === "working") button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
    button.textContent = this.words[what];
    this.root.querySelector("fieldset").inert = true;
  }

  async #pace(leftMs) {
    if (leftMs <= 0) return;
    this.#works("waits");
    await sleep(leftMs);
  }

  #rest() {
    this.isBusy = false;
    this.root.querySelector("fieldset").inert = false;
    this.#wake();
  }

  #wake() {
    const button = this.#button;
    button.removeAttribute("aria-disabled");
    button.removeAttribute("aria-busy");
    button.textContent = this.words.spin;
    const auto = this.root.querySelector("[data-auto]");
    if (auto) auto.hidden = Boolean(this.auto);
  }

  // What the house says of the machine now: the payout, the stakes, the seals.
  async #refresh(parts = ["payout", "stakes", "seal"]) {
    try {
      const answer = await fetch(this.root.dataset.page, { headers: { Accept: "text/html" } });
      if (!answer.ok || !answer.headers.has("X-Request-Id") || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const isFocused = document.activeElement === this.#button;
      for (const part of parts) {
        const fresh = page.querySelector(`[data-fresh=${part}]`);
        if (fresh) document.querySelector(`[data-fresh=${part}]`)?.replaceWith(fresh);
      }
      const same = this.root.querySelector(`input[name=bet_amount][value="${this.stake}"]:not(:disabled)`);
      if (same) same.checked = true;
      if (isFocused) this.#button.focus();
      document.dispatchEvent(new Event("casino-fresh"));
    } catch {
      // What stands here stays; the next spin asks again.
    }
  }

  // -- By itself ------------------------------------------------------------------------------------------------------

  #clicked(event) {
    if (event.target.closest("[data-skip]")) this.#skip();
    if (event.target.closest("[data-auto-start]") && !this.isBusy) this.#playOn();
    if (event.target.closest("[data-auto-stop]")) this.auto = null;
  }

  async #playOn() {
    const count = Number(this.root.querySelector("[data-auto-count]").value);
    const stakes = Number(this.root.querySelector("[data-auto-loss]").value);
    const stake = Number(this.root.querySelector("input[name=bet_amount]:checked")?.value ?? 0);
    const mine = (this.auto = { lowest: this.net - stakes * stake });
    const stop = element("button", { type: "button", className: "second stop" });
    stop.dataset.autoStop = "";
    this.root.querySelector("[data-auto]").hidden = true;
    this.root.querySelector(".machine-foot").append(stop);
    let isCommon = true;
    for (let left = count; left > 0 && this.auto === mine && isCommon && this.net - stake >= mine.lowest; left -= 1) {
      stop.textContent = fill(this.words.auto, { left });
      isCommon = await this.spin();
    }
    const wasStopped = this.auto !== mine;
    this.auto = null;
    stop.remove();
    this.#wake();
    if (!wasStopped && !this.root.querySelector("[data-refusal]")) this.#refuse(this.words.autoEnded, "status");
  }
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function element(name, values) {
  return Object.assign(document.createElement(name), values);
}

function prepare() {
  const root = document.querySelector("[data-machine]");
  const words = document.getElementById("machine-words");
  if (root?.querySelector("[data-form]") && words && !root.dataset.isAwake) {
    root.dataset.isAwake = "1";
    new Machine(root, words);
  }
}

prepare();
document.addEventListener("page-shown", prepare);
