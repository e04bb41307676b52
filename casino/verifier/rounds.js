// Checks the rounds of a file "neobank-rounds-1" (docs/fairness.md). It computes, and does nothing else: no network, no library,
// nothing of the page. It brings its own SHA-256, because browsers keep theirs from pages on plain http.
"use strict";

globalThis.Verifier = (() => {
  // -- SHA-256 (FIPS 180-4) and HMAC (RFC 2104) ------------------------------------------------------------------------

  const CONSTANTS = new Uint32Array([
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
  ]);
  const START = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
  const BLOCK = 64;
  const utf8 = new TextEncoder();

  const bytesOf = (text) => utf8.encode(text);
  const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const bytesOfHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const turned = (word, by) => (word >>> by) | (word << (32 - by));

  function compress(state, view, offset, words) {
    for (let i = 0; i < 16; i += 1) words[i] = view.getUint32(offset + 4 * i);
    for (let i = 16; i < 64; i += 1) {
      const early = words[i - 15];
      const late = words[i - 2];
      const one = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
      const two = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
      words[i] = words[i - 16] + one + words[i - 7] + two;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
      const mixed = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const first = (h + mixed + ((e & f) ^ (~e & g)) + CONSTANTS[i] + words[i]) | 0;
      const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] += word; });
  }

  // The digest of `bytes`; `state` and `before` are what a key's block, hashed before them, has left.
  function sha256(bytes, state = START, before = 0) {
    const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) * BLOCK);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    const bits = (before + bytes.length) * 8;
    view.setUint32(padded.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(padded.length - 4, bits >>> 0);
    const hash = Uint32Array.from(state);
    const words = new Uint32Array(64);
    for (let offset = 0; offset < padded.length; offset += BLOCK) compress(hash, view, offset, words);
    const digest = new Uint8Array(32);
    hash.forEach((word, i) => new DataView(digest.buffer).setUint32(4 * i, word));
    return digest;
  }

  const hashOf = (text) => hexOf(sha256(bytesOf(text)));

  // The two halves of HMAC with this key, the key's own block done once.
  function hmacWith(key) {
    const short = key.length > BLOCK ? sha256(key) : key;
    const [inner, outer] = [0x36, 0x5c].map((pad) => {
      const block = new Uint8Array(BLOCK).fill(pad);
      short.forEach((byte, i) => { block[i] ^= byte; });
      const state = Uint32Array.from(START);
      compress(state, new DataView(block.buffer), 0, new Uint32Array(64));
      return state;
    });
    return (message) => sha256(sha256(message, inner, BLOCK), outer, BLOCK);
  }

  // -- the stream of a round, and the draws cut from it ----------------------------------------------------------------

  let lastKey = { seed: null, hmac: null };

  function hmacOf(seed) {
    if (lastKey.seed !== seed) lastKey = { seed, hmac: hmacWith(bytesOf(seed)) };
    return lastKey.hmac;
  }

  // `draw(n)` is {n, result, tries: [{bytes, product, isKept}]}; n and the result are BigInts.
  function streamOf(serverSeed, clientSeed, nonce) {
    const hmac = hmacOf(serverSeed);
    const blocks = [];
    let at = 0;
    const next = () => {
      if (at === blocks.length * 32) blocks.push(hmac(bytesOf(`${clientSeed}:${nonce}:${blocks.length}`)));
      at += 1;
      return blocks[blocks.length - 1][(at - 1) % 32];
    };
    const draw = (count) => {
      const n = BigInt(count);
      const most = n - 1n;
      const size = 4 * Math.max(1, Math.ceil((most === 0n ? 0 : most.toString(2).length) / 32));
      const space = 1n << BigInt(8 * size);
      const tries = [];
      for (;;) {
        const bytes = Uint8Array.from({ length: size }, next);
        const product = bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n) * n;
        // The rest would favour some of the numbers.
        const isKept = product % space >= space % n;
        tries.push({ bytes, isKept });
        if (isKept) return { n, tries, result: product / space };
      }
    };
    return { draw, blocks };
  }

  // -- what a window pays ----------------------------------------------------------------------------------------------

  const own = (object, key) => (Object.prototype.hasOwnProperty.call(object, key) ? object[key] : undefined);

  // Raises nothing: the game and the stops were looked at before. `bets` is the whole prize in line bets.
  function spin(game, strips, stops, times = 1) {
    const window = Array.from({ length: game.rows }, (_, row) =>
      strips.map((strip, reel) => strip[(stops[reel] + row) % game.stops]).join(""));
    const wins = [];
    game.lines.forEach((rows, line) => {
      const cells = Array.from(rows, (row, reel) => window[Number(row)][reel]);
      const symbol = cells.find((cell) => cell !== game.wild) ?? game.wild;
      const end = cells.findIndex((cell) => cell !== symbol && cell !== game.wild);
      const count = end < 0 ? cells.length : end;
      const pays = own(own(game.pays, symbol) ?? {}, String(count)) ?? 0;
      if (pays) wins.push({ line, symbol, count, bets: pays * times });
    });
    const scatters = window.join("").split("").filter((cell) => cell === game.scatter).length;
    const scatterBets = (own(game.scatter_pays, String(scatters)) ?? 0) * game.lines.length * times;
    const bets = wins.reduce((sum, win) => sum + win.bets, scatterBets);
    return { stops, window, wins, scatters, scatterBets, bets, gives: own(game.free_spins, String(scatters)) ?? 0 };
  }

  // -- exactly p: which two sets, and how many of how many selectors choose the higher one -----------------------------

  function divisor(a, b) {
    return b === 0n ? a : divisor(b, a % b);
  }

  function fractionOf(text) {
    const [above, below] = text.split("/");
    return { above: BigInt(above), below: BigInt(below) };
  }

  const minus = (a, b) => ({ above: a.above * b.below - b.above * a.below, below: a.below * b.below });

  // `payout` is a text like "96.00"; null when no two sets have it between them.
  function mix(game, payout) {
    const p = { above: BigInt(payout.replace(".", "")), below: 10000n };
    for (let i = 0; i < game.sets.length; i += 1) {
      const low = game.sets[i];
      const above = minus(p, fractionOf(low.rtp));
      if (above.above === 0n) return { low, high: low, chosen: 0n, outOf: 1n };
      const high = game.sets[i + 1];
      if (high && above.above > 0n && minus(fractionOf(high.rtp), p).above > 0n) {
        const step = minus(fractionOf(high.rtp), fractionOf(low.rtp));
        const chosen = above.above * step.below;
        const outOf = above.below * step.above;
        const common = divisor(chosen, outOf);
        return { low, high, chosen: chosen / common, outOf: outOf / common };
      }
    }
    return null;
  }

  // -- whether what the file holds has the form it should have ---------------------------------------------------------

  const HASH = /^[0-9a-f]{64}$/;
  const PAYOUT = /^\d{1,3}\.\d\d$/;
  const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
  const DIGITS = /^(0|[1-9]\d{0,399})$/;

  const isText = (value) => typeof value === "string";
  const isHash = (value) => isText(value) && HASH.test(value);
  const isCount = (value, low = 0, high = Number.MAX_SAFE_INTEGER) =>
    Number.isSafeInteger(value) && value >= low && value <= high;
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isCounts = (value) => isObject(value) && Object.values(value).every((count) => isCount(count, 1, 10 ** 6));

  function isGame(game) {
    return isObject(game) && game.v === 1 && isText(game.game) && isText(game.wild)
      && isCount(game.reels, 1, 9) && isCount(game.rows, 1, 9) && isCount(game.stops, game.rows, 1000)
      && Array.isArray(game.lines) && game.lines.every((line) => isLine(line, game))
      && isObject(game.pays) && Object.values(game.pays).every(isCounts)
      && (game.scatter === null || isText(game.scatter)) && isCounts(game.scatter_pays) && isCounts(game.free_spins)
      && isCount(game.free_spin_multiplier, 1, 100)
      && Array.isArray(game.sets) && game.sets.length > 0 && game.sets.every((set) => isSet(set, game));
  }

  const isLine = (line, game) =>
    isText(line) && line.length === game.reels && Array.from(line).every((row) => /\d/.test(row) && Number(row) < game.rows);

  const isSet = (set, game) =>
    isObject(set) && isText(set.name) && isText(set.rtp) && /^\d{1,99}\/[1-9]\d{0,99}$/.test(set.rtp)
    && Array.isArray(set.strips) && set.strips.length === game.reels
    && set.strips.every((strip) => isText(strip) && strip.length === game.stops);

  function isConfiguration(one) {
    return isObject(one) && one.v === 1 && isText(one.game) && isText(one.tenant) && isHash(one.version)
      && isCount(one.seq, 1) && (one.prev === "" || isHash(one.prev))
      && ("commitment" in one
        ? isHash(one.commitment) && isPayout(one.payout_from) && isPayout(one.payout_to) && !("payout" in one)
        : isPayout(one.payout));
  }

  const isPayout = (value) => isText(value) && PAYOUT.test(value);

  const isSchedule = (list) =>
    Array.isArray(list) && list.length > 0
    && list.every((entry) => Array.isArray(entry) && entry.length === 2
      && isText(entry[0]) && TIME.test(entry[0]) && isPayout(entry[1]))
    && list.every((entry, i) => i === 0 || list[i - 1][0] < entry[0]);

  const isStops = (list) => Array.isArray(list) && list.every((stop) => isCount(stop));
  const orNull = (test) => (value) => value === null || test(value);

  const FIELDS = {
    id: isText,
    game: isText,
    played_at: (value) => isText(value) && TIME.test(value),
    configuration: isHash,
    server_seed_hash: isHash,
    server_seed: orNull((value) => isText(value) && /^[!-~]{1,256}$/.test(value)),
    client_seed: (value) => isText(value) && !value.includes(":") && isCount(Array.from(value).length, 1, 64),
    nonce: (value) => isCount(value, 1),
    stops: isStops,
    selector: orNull((value) => isText(value) && DIGITS.test(value)),
    out_of: orNull((value) => isText(value) && DIGITS.test(value)),
    set: orNull(isText),
    free_stops: (value) => Array.isArray(value) && value.every(isStops),
    stake: (value) => isCount(value),
    line_bet: (value) => isCount(value, 1),
    line_bets: (value) => isCount(value),
    win: (value) => isCount(value),
  };

  // The document under its hash: {value, faults}; without a value when it cannot be trusted or read.
  function document(texts, digest, kind, hasForm) {
    const text = own(texts, digest);
    if (!isText(text)) return { faults: [{ code: `${kind}_missing`, hash: digest }] };
    const found = hashOf(text);
    if (found !== digest) return { faults: [{ code: `${kind}_hash`, hash: digest, found }] };
    const value = parsed(text);
    return hasForm(value) ? { value, faults: [] } : { faults: [{ code: `${kind}_form`, hash: digest }] };
  }

  function parsed(text) {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  // -- a file ----------------------------------------------------------------------------------------------------------

  // The file, or {refusal}: a code that says why it cannot be read.
  function read(text) {
    const file = parsed(text);
    if (file === undefined) return { refusal: "not_json" };
    if (!isObject(file) || !isText(file.format) || !file.format.startsWith("neobank-rounds-")) return { refusal: "not_rounds" };
    if (file.format !== "neobank-rounds-1") return { refusal: "other_form" };
    const isWhole = ["versions", "configurations", "reveals"].every((name) => isObject(file[name])) && Array.isArray(file.rounds);
    return isWhole ? file : { refusal: "not_whole" };
  }

  // What can be said of the file as a whole is found out here; `examine(round)` says the rest.
  class Checker {
    constructor(file) {
      this.file = file;
      this.versions = new Map();
      this.configurations = new Map();
      for (const digest of Object.keys(file.configurations)) {
        this.configurations.set(digest, document(file.configurations, digest, "configuration", isConfiguration));
      }
      this.checkChain();
      this.faults = [...this.configurations.values()].flatMap((row) => row.faults);
      this.seeds = new Map();
      this.uses = new Map();
      for (const round of file.rounds.filter(isObject)) {
        if (isText(round.server_seed)) this.seedOf(round);
        const use = `${round.server_seed_hash} ${round.nonce}`;
        this.uses.set(use, (this.uses.get(use) ?? 0) + 1);
      }
    }

    // Each configuration holds the hash of the one before it, where both are here.
    checkChain() {
      const place = (row, seq) => JSON.stringify([row.tenant, row.game, seq]);
      const rows = [...this.configurations].filter(([, row]) => row.value);
      const at = new Map();
      for (const [digest, { value }] of rows) {
        const key = place(value, value.seq);
        at.set(key, [...(at.get(key) ?? []), digest]);
      }
      for (const [digest, row] of rows) {
        const { value } = row;
        const told = { hash: digest, seq: value.seq };
        if (at.get(place(value, value.seq)).length > 1) row.faults.push({ code: "chain_twice", ...told });
        const before = at.get(place(value, value.seq - 1)) ?? [value.prev];
        if (!before.includes(value.prev) || (value.seq === 1) !== (value.prev === "")) {
          row.faults.push({ code: "chain_broken", ...told });
        }
      }
    }

    // The seed whose hash was shown for this round, if any round of the file reveals it.
    seedOf(round) {
      const hash = round.server_seed_hash;
      if (!this.seeds.has(hash) && isText(round.server_seed) && hashOf(round.server_seed) === hash) {
        this.seeds.set(hash, round.server_seed);
      }
      return this.seeds.get(hash) ?? null;
    }

    version(digest) {
      if (!this.versions.has(digest)) {
        this.versions.set(digest, document(this.file.versions, digest, "version", isGame));
      }
      return this.versions.get(digest);
    }

    // Everything about a round: `verdict` ("verified", "waiting", "sealed" or "wrong"), `faults`, and how it was derived.
    examine(round) {
      const out = { round, faults: [], seed: null, draws: [], free: [], isSealed: false };
      const field = isObject(round) ? Object.keys(FIELDS).find((name) => !FIELDS[name](own(round, name))) : "rounds";
      if (field) {
        out.faults.push({ code: "round_form", field });
      } else {
        this.examineSeed(round, out);
        this.examineRules(round, out);
        if (out.game && !out.faults.some((fault) => fault.code.startsWith("reveal_"))) replay(round, out);
      }
      out.verdict = verdictOf(out);
      return out;
    }

    examineSeed(round, out) {
      out.seed = this.seedOf(round);
      if (round.server_seed !== null && round.server_seed !== out.seed) {
        out.faults.push({ code: "seed_hash", found: hashOf(round.server_seed), hash: round.server_seed_hash });
        out.seed = null;
      }
      const uses = this.uses.get(`${round.server_seed_hash} ${round.nonce}`);
      if (uses > 1) out.faults.push({ code: "nonce_twice", nonce: round.nonce, uses });
    }

    // The configuration, the game it names, and the payout it was set to.
    examineRules(round, out) {
      const row = this.configurations.get(round.configuration)
        ?? { faults: [{ code: "configuration_missing", hash: round.configuration }] };
      out.faults.push(...row.faults);
      if (!row.value) return;
      out.configuration = row.value;
      const version = this.version(row.value.version);
      out.faults.push(...version.faults);
      if (!version.value) return;
      if (round.game !== row.value.game || round.game !== version.value.game) {
        out.faults.push({ code: "other_game", game: round.game });
        return;
      }
      out.game = version.value;
      this.examinePayout(round, out);
    }

    examinePayout(round, out) {
      const { configuration } = out;
      out.payout = configuration.payout ?? null;
      if (!("commitment" in configuration)) return;
      const reveal = own(this.file.reveals, configuration.commitment);
      out.isSealed = reveal === undefined;
      if (out.isSealed) return;
      if (!isObject(reveal) || !isHash(reveal.salt) || !isText(reveal.schedule)) {
        out.faults.push({ code: "reveal_form" });
        return;
      }
      const found = hexOf(sha256(Uint8Array.from([...bytesOfHex(reveal.salt), ...bytesOf(reveal.schedule)])));
      const schedule = parsed(reveal.schedule);
      if (found !== configuration.commitment) {
        out.faults.push({ code: "reveal_hash", hash: configuration.commitment, found });
      } else if (!isSchedule(schedule)) {
        out.faults.push({ code: "reveal_form" });
      } else {
        const [from, to] = [configuration.payout_from, configuration.payout_to].map(Number);
        const outside = schedule.find(([, payout]) => Number(payout) < from || Number(payout) > to);
        if (outside) {
          const told = { payout: outside[1], from: configuration.payout_from, to: configuration.payout_to };
          out.faults.push({ code: "reveal_range", ...told });
        }
        out.payout = (schedule.filter(([time]) => time <= round.played_at).pop() ?? schedule[0])[1];
      }
    }
  }

  function verdictOf(out) {
    if (out.faults.length) return "wrong";
    if (out.isSealed) return "sealed";
    return out.seed === null ? "waiting" : "verified";
  }

  // -- one round, played once more -------------------------------------------------------------------------------------

  function replay(round, out) {
    const { game } = out;
    const stream = out.seed === null ? null : streamOf(out.seed, round.client_seed, round.nonce);
    if (stream) out.blocks = stream.blocks;
    const reels = Array.from({ length: game.reels });
    const spun = (what) => reels.map((_, reel) => {
      const drawn = stream.draw(game.stops);
      out.draws.push({ ...what, reel, ...drawn });
      return Number(drawn.result);
    });
    const isOnReels = (stops) => stops.length === game.reels && stops.every((stop) => stop < game.stops);
    if (!stream && ![round.stops, ...round.free_stops].every(isOnReels)) {
      out.faults.push({ code: "off_reels", stops: game.stops });
      return;
    }
    const stops = stream ? spun({ what: "stop" }) : round.stops;
    if (!isSame(stops, round.stops)) out.faults.push({ code: "stops", ours: stops.join(", "), theirs: round.stops.join(", ") });
    if (out.isSealed) {
      if (stream && !round.free_stops.every(isOnReels)) out.faults.push({ code: "off_reels", stops: game.stops });
      else replaySealed(round, out, stops);
    } else if (choose(round, out, stream)) {
      out.base = spin(game, out.chosen.strips, stops);
      const free = stream
        ? Array.from({ length: out.base.gives }, (_, number) => spun({ what: "free", spin: number }))
        : round.free_stops;
      comparePrizes(round, out, free);
    }
    compareMoney(round, out);
  }

  const isSame = (one, other) => one.length === other.length && one.every((item, i) => item === other[i]);

  // Which set the round is played on. False where that cannot be said.
  function choose(round, out, stream) {
    out.mix = mix(out.game, out.payout);
    if (!out.mix) {
      out.faults.push({ code: "no_sets", payout: out.payout });
      return false;
    }
    if ([round.selector, round.out_of, round.set].includes(null)) out.faults.push({ code: "hidden" });
    const { outOf, chosen, low, high } = out.mix;
    let selector = BigInt(round.selector ?? 0);
    if (stream) {
      const drawn = stream.draw(outOf);
      out.draws.push({ what: "selector", ...drawn });
      selector = drawn.result;
      compare(out, "selector", String(selector), round.selector);
    } else if (selector >= outOf) {
      out.faults.push({ code: "off_selector", theirs: round.selector, most: String(outOf - 1n) });
      return false;
    }
    out.selector = selector;
    out.chosen = selector < chosen ? high : low;
    compare(out, "out_of", String(outOf), round.out_of);
    compare(out, "set", out.chosen.name, round.set);
    return true;
  }

  // A field that is left out was complained of already.
  function compare(out, code, ours, theirs) {
    if (theirs !== null && ours !== theirs) out.faults.push({ code, ours, theirs });
  }

  function comparePrizes(round, out, free) {
    const { game, base, chosen } = out;
    if (round.free_stops.length !== base.gives) {
      out.faults.push({ code: "free_count", ours: base.gives, theirs: round.free_stops.length });
      if (free === round.free_stops) return;
    } else {
      free.forEach((stops, number) => {
        const theirs = round.free_stops[number];
        if (isSame(stops, theirs)) return;
        out.faults.push({ code: "free_stops", number: number + 1, ours: stops.join(", "), theirs: theirs.join(", ") });
      });
    }
    out.free = free.map((stops) => spin(game, chosen.strips, stops, game.free_spin_multiplier));
    out.bets = out.free.reduce((sum, one) => sum + one.bets, base.bets);
    compare(out, "prize", out.bets, round.line_bets);
  }

  // While it is sealed which set it was, one of them must win what was won.
  function replaySealed(round, out, stops) {
    const { game } = out;
    const isPossible = game.sets.some(({ strips }) => {
      const base = spin(game, strips, stops);
      const free = round.free_stops.map((each) => spin(game, strips, each, game.free_spin_multiplier).bets);
      return base.gives === free.length && free.reduce((sum, bets) => sum + bets, base.bets) === round.line_bets;
    });
    if (!isPossible) out.faults.push({ code: "prize_of_no_set", theirs: round.line_bets });
  }

  function compareMoney(round, out) {
    const bet = BigInt(round.line_bet);
    compare(out, "stake", String(bet * BigInt(out.game.lines.length)), String(round.stake));
    compare(out, "win", String(bet * BigInt(round.line_bets)), String(round.win));
  }

  return { Checker, read, hashOf, hexOf, streamOf, mix, spin };
})();
