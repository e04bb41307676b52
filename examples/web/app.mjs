// The page: forms, sentences, and what to do when no answer comes. How the bank is asked stands in bank.mjs.

import { Bank, NoAnswer, Refused, decimalsOf, minorUnits } from "./bank.mjs";

const TRIES = 3;
const PAUSE_MS = 1500;
// Closing the tab signs out. localStorage would keep people signed in, and every script of this origin could read it.
const store = window.sessionStorage;
const at = (id) => document.getElementById(id);

let bank = null;
let me = null;
let older = null;

// -- what is said ----------------------------------------------------------------------------------------------------------

function say(text, tone = "") {
  at("news").textContent = text;
  at("news").className = tone;
  at("news").hidden = !text;
}

/** The bank's sentences at the fields they are about; what is about none of them stands above the form. */
function show(error, form) {
  const fields = error instanceof Refused ? error.fields : {};
  let first = null;
  for (const input of form.querySelectorAll("input")) {
    const line = at(`${input.id}-error`);
    if (!line) continue;
    const sentence = fields[input.id] || "";
    line.textContent = sentence;
    line.hidden = !sentence;
    if (sentence) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (sentence && !first) first = input;
  }
  if (first) first.focus();
  say(error && !first ? error.message : "", "bad");
}

/** What one button starts, once: it cannot be pressed again until that has ended. */
function busy(button, work) {
  return async (event) => {
    event?.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      await explain(error);
    } finally {
      button.disabled = false;
    }
  };
}

async function explain(error) {
  if (error instanceof Refused && error.status === 401 && me) {
    leave();
    return say(error.message, "bad");
  }
  if (!(error instanceof NoAnswer)) return say(error.message, "bad");
  const isThere = await bank.isThere();
  say(
    isThere
      ? `${bank.address} is there, but lets no page of ${location.origin} use its API. On the bank's machine: make manage ARGS="allow_origin ${location.origin}"`
      : `${error.message} Is that the bank's address, and is this device online?`,
    "bad",
  );
}

// -- signing in and out ------------------------------------------------------------------------------------------------------

async function signIn() {
  const form = at("sign-in");
  show(null, form);
  try {
    bank = new Bank(at("address").value, store);
  } catch {
    return say("That is no address. Write it like https://bank.example or http://localhost:8000.", "bad");
  }
  try {
    await bank.signIn(at("character_name").value, at("password").value);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return show(error, form);
  }
  store.setItem("address", bank.address);
  at("password").value = "";
  await enter();
}

async function enter() {
  me = await bank.account();
  at("sign-in").hidden = true;
  at("bank").hidden = false;
  await look();
  tellOfUnanswered();
}

function leave() {
  me = null;
  at("bank").hidden = true;
  at("sign-in").hidden = false;
  at("history").replaceChildren();
}

async function signOut() {
  try {
    await bank.signOut();
  } finally {
    leave();
  }
  say("You are signed out.");
}

// -- balance and history -------------------------------------------------------------------------------------------------------

async function look() {
  const page = await Promise.all([bank.account(), bank.history()]);
  me = page[0];
  at("name").textContent = me.character_name;
  at("number").textContent = me.account_number;
  at("balance").textContent = me.balance_display;
  at("history").replaceChildren();
  append(page[1]);
  at("empty").hidden = page[1].results.length > 0;
}

function append({ results, next }) {
  at("history").append(...results.map(lineOf));
  older = next;
  at("older").hidden = !next;
}

function lineOf(line) {
  const item = document.createElement("li");
  const moment = new Date(line.created_at).toLocaleString();
  const sum = `sum${line.amount > 0 ? " in" : ""}`;
  for (const [text, kind] of [
    [line.counterparty_name, "who"],
    [line.amount_display, sum],
    [line.memo ? `${moment} · ${line.memo}` : moment, "quiet"],
  ]) {
    const part = document.createElement("span");
    part.className = kind;
    part.textContent = text;
    item.append(part);
  }
  return item;
}

// -- paying --------------------------------------------------------------------------------------------------------------------

let intended = null;

/** From the form to the question: whom exactly, and how much. Nothing is paid yet. */
async function next() {
  const form = at("pay");
  show(null, form);
  const query = at("to_account").value.trim();
  const decimals = decimalsOf(me.balance_display);
  const amount = minorUnits(at("amount").value, decimals);
  const fields = [];
  if (!query) fields.push({ field: "to_account", message: "Whom do you want to pay?" });
  if (amount === null) {
    const like = decimals ? `12.${"50".padEnd(decimals, "0").slice(0, decimals)}` : "12";
    fields.push({ field: "amount", message: `Type an amount like ${like}.` });
  }
  if (fields.length) return show(new Refused({ errors: fields }, 400, 0), form);
  const payee = await whoIs(query);
  if (!payee) {
    const message = "Nobody is found by that. Type the exact name, or the account number.";
    return show(new Refused({ errors: [{ field: "to_account", message }] }, 404, 0), form);
  }
  // One key for one intention. It is kept until there is an answer, and every try carries it.
  intended = {
    key: newKey(),
    payment: { to_account: payee.account_number, amount, memo: at("memo").value.trim() },
    to: payee.name,
    shown: `${at("amount").value.trim()} ${me.currency}`,
    who: me.account_number,
    address: bank.address,
  };
  at("confirm-amount").textContent = intended.shown;
  at("confirm-to").textContent = payee.name;
  at("confirm-number").textContent = payee.account_number;
  ask(true);
}

async function whoIs(query) {
  const found = await bank.payees(query);
  const wanted = query.toLowerCase();
  const exact = found.filter((one) => [one.name, one.account_number].some((text) => text.toLowerCase() === wanted));
  return exact[0] || (found.length === 1 ? found[0] : null);
}

function ask(is) {
  at("confirm").hidden = !is;
  at("pay").hidden = is;
  if (is) at("do-pay").focus();
}

async function pay() {
  // Written down before anything is sent: a reload, a crash or an empty battery of this tab does not lose the key.
  store.setItem("unanswered", JSON.stringify(intended));
  ask(false);
  await deliver();
}

/** Send the payment that is written down until an answer comes, always with its own key. */
async function deliver() {
  const { payment, key, to, shown } = JSON.parse(store.getItem("unanswered"));
  at("unanswered").hidden = true;
  for (let tried = 1; ; tried += 1) {
    try {
      const { answer, replayed } = await bank.pay(payment, key);
      store.removeItem("unanswered");
      at("pay").reset();
      const also = replayed ? " An earlier try had arrived already; it was paid once." : "";
      say(`${answer.transfer.amount_display} paid to ${to}.${also} You have ${answer.new_balance_display} left.`, "good");
      return look();
    } catch (error) {
      if (isFinal(error)) {
        store.removeItem("unanswered");
        return show(error, at("pay"));
      }
      tellOfUnanswered();
      if (error.status === 401 || !(error instanceof Refused || error instanceof NoAnswer)) throw error;
      if (tried === TRIES || error.status === 429) {
        const sentence = "Still no answer from the bank. Nothing is lost: ask again when the signal is back.";
        return say(error instanceof Refused ? error.message : sentence, "bad");
      }
      say(`No answer yet about ${shown} to ${to}. Asking again with the same key …`);
      await pause(Math.max(PAUSE_MS, (error.retryAfter || 0) * 1000));
    }
  }
}

/** A refusal that is the answer for good: nothing was paid, and the next intention gets a key of its own. */
function isFinal(error) {
  return error instanceof Refused && error.status < 500 && ![401, 429].includes(error.status) && error.code !== "in_flight";
}

function tellOfUnanswered() {
  const kept = JSON.parse(store.getItem("unanswered") || "null");
  // Somebody else who signs in here would pay with it from another account.
  const isMine = kept !== null && kept.who === me.account_number && kept.address === bank.address;
  at("unanswered").hidden = !isMine;
  if (isMine) at("unanswered-what").textContent = `${kept.shown} to ${kept.to} (${kept.payment.to_account})`;
}

function drop() {
  store.removeItem("unanswered");
  at("unanswered").hidden = true;
  say("Look into the history before you pay it anew.");
}

function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
    addEventListener("online", resolve, { once: true });
  });
}

/** crypto.randomUUID is for https and localhost alone; this works on every page. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// -- the start -------------------------------------------------------------------------------------------------------------------

at("sign-in").addEventListener("submit", busy(at("sign-in").querySelector("button"), signIn));
at("pay").addEventListener("submit", busy(at("pay").querySelector("button"), next));
at("do-pay").addEventListener("click", busy(at("do-pay"), pay));
at("again").addEventListener("click", busy(at("again"), deliver));
at("drop").addEventListener("click", drop);
at("back").addEventListener("click", () => ask(false));
at("sign-out").addEventListener("click", busy(at("sign-out"), signOut));
at("older").addEventListener("click", busy(at("older"), async () => append(await bank.history(older))));

at("address").value = store.getItem("address") || at("address").value;
bank = new Bank(at("address").value, store);
if (bank.isSignedIn) {
  enter().catch(async (error) => {
    leave();
    await explain(error);
  });
} else {
  leave();
}
