// The verifier's page: takes a file, has it checked round by round without holding up the browser, and shows what was found.
// What it says stands in the document, in the page's language.
"use strict";

(() => {
  const SLICE_MS = 14;
  const SHOWN_AT_ONCE = 50;
  const FIRST_OF_HASH = 8;
  const GAPS_MAX = 20;
  const ORDER = ["wrong", "verified", "waiting", "sealed"];

  const words = JSON.parse(document.getElementById("words").textContent);
  const language = document.documentElement.lang;
  const part = (id) => document.getElementById(id);

  // -- words -----------------------------------------------------------------------------------------------------------

  const figure = (number) => number.toLocaleString(language);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
  const several = (pair, n) => fill(pair[n === 1 ? 0 : 1], { n: figure(n) });
  const short = (hash) => hash.slice(0, FIRST_OF_HASH);
  const titleOf = (game) => words.titles[game] ?? game;
  const symbolOf = (game, letter) => words.symbols[game]?.[letter] ?? letter;
  const step = (name, values = {}) => fill(words.steps[name], values);

  // Amounts of a file that says how many decimals people see; else as they are, in the smallest coin.
  function money(amount) {
    const exponent = current.exponent;
    const digits = String(amount).padStart((exponent ?? 0) + 1, "0");
    return exponent ? `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}` : digits;
  }

  function faultText(fault) {
    const values = { ...fault };
    if (["stake", "win"].includes(fault.code)) Object.assign(values, { ours: money(fault.ours), theirs: money(fault.theirs) });
    if (fault.game) values.game = titleOf(fault.game);
    return fill(words.faults[fault.code], values);
  }

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // -- taking a file ---------------------------------------------------------------------------------------------------

  let current = { run: 0, checker: null, found: [], shown: 0, exponent: null };

  part("file").addEventListener("click", (event) => { event.target.value = ""; });
  part("file").addEventListener("change", (event) => take(event.target.files[0]));
  part("check").addEventListener("click", () => {
    const text = part("text").value.trim();
    if (text) check(text);
    else refuse("empty");
  });

  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("drop");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("drop"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("drop");
    take(event.dataTransfer.files[0]);
  });

  async function take(file) {
    if (!file) return;
    try {
      check(await file.text());
    } catch {
      refuse("unreadable");
    }
  }

  function refuse(code) {
    current = { ...current, run: current.run + 1 };
    part("working").hidden = part("result").hidden = true;
    part("problem").hidden = false;
    part("problem").textContent = words.refusals[code];
  }

  // -- checking it -----------------------------------------------------------------------------------------------------

  async function check(text) {
    const file = Verifier.read(text.replace(/^\uFEFF/, ""));
    if (file.refusal) {
      refuse(file.refusal);
      return;
    }
    const run = current.run + 1;
    const exponent = Number.isInteger(file.exponent) && file.exponent >= 0 && file.exponent <= 8 ? file.exponent : null;
    current = { run, checker: new Verifier.Checker(file), found: [], shown: 0, exponent };
    part("problem").hidden = part("result").hidden = true;
    part("working").hidden = false;
    part("progress").max = Math.max(file.rounds.length, 1);
    while (current.found.length < file.rounds.length) {
      examineSome(file.rounds);
      await new Promise((resolve) => { setTimeout(resolve); });
      if (current.run !== run) return;
    }
    part("working").hidden = true;
    show(file);
  }

  // As many as fit between two pictures of the screen.
  function examineSome(rounds) {
    const { checker, found } = current;
    const until = performance.now() + SLICE_MS;
    do {
      const { verdict, faults } = checker.examine(rounds[found.length]);
      found.push({ at: found.length, verdict, faults });
    } while (found.length < rounds.length && performance.now() < until);
    part("progress").value = found.length;
    part("working-text").textContent = fill(words.checking, { n: figure(found.length), all: figure(rounds.length) });
  }

  // -- showing what was found ------------------------------------------------------------------------------------------

  function show(file) {
    const counts = Object.fromEntries(ORDER.map((verdict) => [verdict, current.found.filter((one) => one.verdict === verdict).length]));
    const isBad = counts.wrong > 0 || current.checker.faults.length > 0;
    const said = ["verified", "waiting", "sealed", "wrong"]
      .filter((verdict) => counts[verdict] || ["verified", "wrong"].includes(verdict))
      .map((verdict) => several(words[verdict], counts[verdict]));
    part("summary").textContent = current.found.length ? said.join(", ") : words.no_rounds;
    part("verdict").className = `hero ${isBad ? "bad" : counts.verified ? "good" : "idle"}`;
    if (current.exponent === null && current.found.length) part("summary").after(minorNote());
    current.found.sort((one, other) => (other.verdict === "wrong") - (one.verdict === "wrong") || one.at - other.at);
    list(part("file-faults"), current.checker.faults.map(faultText));
    list(part("missing"), missing(file));
    part("rests").replaceChildren(...restsOn(file));
    part("rounds").replaceChildren();
    showMore();
    part("result").hidden = false;
    part("result-title").focus({ preventScroll: true });
    part("result").scrollIntoView();
  }

  function minorNote() {
    document.getElementById("minor")?.remove();
    return make("p", { class: "quiet", id: "minor" }, words.minor);
  }

  function list(box, lines) {
    box.hidden = lines.length === 0;
    box.replaceChildren(make("ul", {}, ...lines.map((line) => make("li", {}, line))));
  }

  // Numbers of a seed before its last one here that are not in the file: rounds that somebody may have left out.
  function missing(file) {
    const used = new Map();
    for (const round of file.rounds) {
      if (!round || !Number.isSafeInteger(round.nonce) || typeof round.server_seed_hash !== "string") continue;
      if (!used.has(round.server_seed_hash)) used.set(round.server_seed_hash, []);
      used.get(round.server_seed_hash).push(round.nonce);
    }
    return [...used].flatMap(([hash, nonces]) => {
      const gaps = gapsOf(nonces.sort((one, other) => one - other));
      const told = gaps.length > GAPS_MAX ? [...gaps.slice(0, GAPS_MAX), "…"] : gaps;
      return gaps.length ? [fill(words.missing, { seed: short(hash), nonces: told.join(", ") })] : [];
    });
  }

  function gapsOf(nonces) {
    const gaps = [];
    let last = 0;
    for (const nonce of nonces) {
      if (nonce - last === 2) gaps.push(String(last + 1));
      else if (nonce - last > 2) gaps.push(`${last + 1}–${nonce - 1}`);
      last = nonce;
    }
    return gaps;
  }

  // What the rounds rest on that only the player can know: the hashes that were shown before the bets.
  function restsOn(file) {
    const { checker } = current;
    const hashes = (name) => [...new Set(file.rounds.map((round) => round?.[name]).filter((hash) => typeof hash === "string"))];
    const settings = hashes("configuration").filter((hash) => checker.configurations.get(hash)?.value).map((hash) => {
      const { value } = checker.configurations.get(hash);
      const told = { game: titleOf(value.game), seq: value.seq, payout: payoutText(value, file) };
      return [fill(words.configuration_shown, told), hash];
    });
    const seeds = hashes("server_seed_hash").map((hash) => {
      const state = checker.seeds.has(hash) ? words.seed_is_shown : words.seed_is_hidden;
      return [`${fill(words.seed_shown, { hash: short(hash) })}, ${state}`, hash];
    });
    return [...settings, ...seeds].map(([text, hash]) => make("li", {}, text, make("br"), make("code", {}, hash)));
  }

  function payoutText({ payout, commitment, payout_from: from, payout_to: to }, file) {
    if (payout !== undefined) return step("percent", { payout });
    return step(commitment in file.reveals ? "payout_scheduled" : "payout_sealed", { from, to });
  }

  part("more").addEventListener("click", () => {
    const first = part("rounds").children.length;
    showMore();
    part("rounds").children[first]?.querySelector("summary")?.focus();
  });

  function showMore() {
    const next = current.found.slice(current.shown, current.shown + SHOWN_AT_ONCE);
    part("rounds").append(...next.map(entryOf));
    current.shown += next.length;
    const left = current.found.length - current.shown;
    part("more").hidden = left === 0;
    part("more").textContent = several(words.more, Math.min(left, SHOWN_AT_ONCE));
  }

  function entryOf({ at, verdict, faults }) {
    const round = current.checker.file.rounds[at];
    const isRead = !faults.some((fault) => fault.code === "round_form");
    const name = isRead
      ? fill(words.round, { game: titleOf(round.game), nonce: round.nonce, seed: short(round.server_seed_hash) })
      : fill(words.round_unread, { n: at + 1 });
    const entry = make("li", { class: verdict },
      make("div", { class: "head" }, make("h3", {}, name), make("span", { class: "badge" }, words.verdicts[verdict])));
    if (isRead) {
      const when = new Date(round.played_at).toLocaleString(language, { dateStyle: "medium", timeStyle: "medium" });
      const amounts = fill(words.round_money, { stake: money(round.stake), win: money(round.win) });
      entry.append(make("p", { class: "quiet" }, `${when} · ${amounts}`));
    }
    if (faults.length) entry.append(make("ul", { class: "faults" }, ...faults.map((fault) => make("li", {}, faultText(fault)))));
    if (isRead) entry.append(detailsOf(round, name));
    return entry;
  }

  function detailsOf(round, name) {
    const details = make("details", {},
      make("summary", {}, words.steps_of, make("span", { class: "hidden" }, `: ${name}`)));
    details.addEventListener("toggle", () => {
      if (details.children.length === 1) details.append(stepsOf(current.checker.examine(round)));
    }, { once: true });
    return details;
  }

  // -- one round, step by step -----------------------------------------------------------------------------------------

  function stepsOf(out) {
    const sections = [seedStep, rulesStep, ...(out.game ? [drawsStep, stripsStep, windowStep, moneyStep] : [])];
    return make("div", { class: "steps" }, ...sections.map((section) => make("section", {}, ...section(out))));
  }

  const code = (text) => make("code", {}, text);
  const facts = (...rows) => make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));

  function seedStep({ round, seed, faults }) {
    const isOther = faults.some((fault) => fault.code === "seed_hash");
    const said = isOther ? "seed_bad" : seed === null ? "seed_hidden" : "seed_good";
    const shown = isOther ? round.server_seed : seed;
    return [
      make("h4", {}, step("seed")),
      facts(
        ...(shown === null ? [] : [[step("seed_text"), code(shown)]]),
        [step("seed_digest"), code(round.server_seed_hash)],
        [step("client_seed"), code(round.client_seed)],
        [step("nonce"), code(String(round.nonce))],
      ),
      make("p", {}, step(said)),
    ];
  }

  function rulesStep({ round, configuration, payout, isSealed }) {
    const rows = [[step("played_at"), code(round.played_at)]];
    if (configuration) {
      const { seq, version, commitment, payout_from: from, payout_to: to } = configuration;
      rows.push([step("configuration", { seq }), code(round.configuration)], [step("version"), code(version)]);
      if (commitment) rows.push([step("commitment"), code(commitment)]);
      if (isSealed) rows.push([step("payout"), step("payout_sealed", { from, to })]);
      else if (payout) rows.push([step("payout"), step(commitment ? "payout_revealed" : "percent", { payout })]);
    }
    return [make("h4", {}, step("rules")), facts(...rows)];
  }

  function drawsStep({ round, draws, blocks }) {
    const title = make("h4", {}, step("draws"));
    if (!draws.length) return [title, make("p", {}, step("no_draws"))];
    const messages = blocks.slice(0, 2).map((_, block) => `${round.client_seed}:${round.nonce}:${block}`).join(", ");
    const first = draws.filter(({ what }) => what !== "free");
    const after = draws.length > first.length ? [make("p", {}, step("free_below"))] : [];
    return [title, make("p", {}, step("stream", { first: messages })), tableOf(first), ...after];
  }

  function tableOf(draws) {
    const rows = draws.flatMap((drawn) => drawn.tries.map(({ bytes, isKept }, number) => {
      const name = step(drawn.what === "selector" ? "selector" : "stop", { reel: drawn.reel + 1 });
      return make("tr", {},
        make("th", { scope: "row" }, number ? step("again", { draw: name }) : name),
        make("td", { class: "code" }, isKept ? String(drawn.result) : step("passed")),
        make("td", { class: "code" }, String(drawn.n)),
        make("td", { class: "code" }, Verifier.hexOf(bytes)));
    }));
    const heads = ["draw", "result", "of", "bytes"].map((name) => make("th", { scope: "col" }, step(name)));
    const table = make("table", { class: "draws" }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
    return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": step("draws") }, table);
  }

  function stripsStep({ mix, selector, chosen, payout, isSealed }) {
    const title = make("h4", {}, step("strips"));
    if (isSealed || !mix) return [title, ...(isSealed ? [make("p", {}, step("strips_sealed"))] : [])];
    const told = { chosen: mix.chosen, most: mix.outOf - 1n, high: mix.high.name, low: mix.low.name, payout };
    const how = make("p", {}, step(mix.outOf === 1n ? "mix_one" : "mix", told));
    return chosen ? [title, how, make("p", {}, step("mixed", { selector, set: chosen.name }))] : [title, how];
  }

  function windowStep({ game, base, free, draws }) {
    const title = make("h4", {}, step("window"));
    if (!base) return [title];
    const spins = free.map((one, number) => {
      const drawn = draws.filter(({ what, spin }) => what === "free" && spin === number);
      const name = `${step("window_of", { number: number + 1, stops: one.stops.join(", ") })} · ${several(words.steps.prize, one.bets)}`;
      return make("details", {}, make("summary", {}, name), ...(drawn.length ? [tableOf(drawn)] : []), ...windowOf(game, one));
    });
    const gives = base.gives ? [make("p", {}, several(words.steps.gives, base.gives))] : [];
    return [title, make("p", {}, step("stopped", { stops: base.stops.join(", ") })), ...windowOf(game, base), ...gives, ...spins];
  }

  function windowOf(game, { window, wins, scatters, scatterBets }) {
    const won = new Set(wins.flatMap(({ line, count }) =>
      Array.from(game.lines[line]).slice(0, count).map((row, reel) => `${row} ${reel}`)));
    const rows = window.map((letters, row) => make("tr", {}, ...Array.from(letters, (letter, reel) => {
      const isWon = won.has(`${row} ${reel}`) || (scatterBets > 0 && letter === game.scatter);
      return make("td", isWon ? { class: "won" } : {},
        make("span", { "aria-hidden": "true" }, letter), make("span", { class: "hidden" }, symbolOf(game.game, letter)));
    })));
    const seen = [...new Set(window.join(""))].map((letter) => `${letter} ${symbolOf(game.game, letter)}`);
    const lines = wins.map(({ line, symbol, count, bets }) =>
      `${step("line", { line: line + 1, count, symbol: symbolOf(game.game, symbol) })}: ${several(words.steps.prize, bets)}`);
    if (scatterBets) {
      const told = { count: scatters, symbol: symbolOf(game.game, game.scatter) };
      lines.push(`${step("scatters", told)}: ${several(words.steps.prize, scatterBets)}`);
    }
    return [
      make("table", { class: "window" }, make("tbody", {}, ...rows)),
      make("p", { class: "quiet" }, seen.join(" · ")),
      lines.length ? make("ul", {}, ...lines.map((line) => make("li", {}, line))) : make("p", {}, step("nothing")),
    ];
  }

  function moneyStep({ round, game, bets }) {
    const [lines, bet] = [game.lines.length, BigInt(round.line_bet)];
    const prize = BigInt(bets ?? round.line_bets);
    return [
      make("h4", {}, step("money")),
      facts(
        [step("stake_name"), step("stake", { lines, bet: money(bet), stake: money(bet * BigInt(lines)) })],
        [step("win_name"), step("win", { bets: prize, bet: money(bet), win: money(bet * prize) })],
      ),
    ];
  }

  // A saved copy has no bank to go back to, and need not be saved.
  if (window.location.protocol === "file:") part("home").hidden = part("save").hidden = true;
})();
