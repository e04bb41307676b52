// Catches a typing mistake in an account number or a voucher's code before it is sent: the check character of docs/terminals.md.
// The server checks again, always; what does not look like a number (a name, a payment code) is none of this module's business.

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LOOK_ALIKES = { I: "1", L: "1", O: "0" };

function hasMistake(typed) {
  const text = typed.trim().toUpperCase();
  if (!/^NC[\s-]?[0-9A-Z]{4}[\s-]?[0-9A-Z]{4}$/.test(text)) return false;
  return !checks(text.replace(/[\s-]/g, "").slice(2));
}

const VOUCHER_LENGTH = 11;

function hasMistakeInVoucher(typed) {
  const code = typed.toUpperCase().replace(/[\s-]/g, "");
  return code !== "" && !(code.length === VOUCHER_LENGTH && checks(code));
}

// The last character balances the others.
function checks(text) {
  const code = [...text].map((sign) => LOOK_ALIKES[sign] ?? sign);
  const values = [code.at(-1), ...code.slice(0, -1)].map((sign) => ALPHABET.indexOf(sign));
  if (values.includes(-1)) return false;
  return values.reduceRight((total, value) => timesTwo(total) ^ value, 0) === 0;
}

// In GF(32) with x^5 + x^2 + 1.
function timesTwo(value) {
  const doubled = value << 1;
  return doubled & 32 ? doubled ^ 0b100101 : doubled;
}

function watch(field, isWrong, sentence) {
  const check = () => field.setCustomValidity(isWrong(field.value) ? sentence : "");
  field.addEventListener("input", check);
  field.addEventListener("change", () => {
    check();
    if (field.value && !field.validity.valid) field.reportValidity();
  });
  check();
}

function watchAll() {
  for (const field of document.querySelectorAll("input[data-account-number]")) watch(field, hasMistake, field.dataset.accountNumber);
  for (const field of document.querySelectorAll("input[data-voucher-code]")) watch(field, hasMistakeInVoucher, field.dataset.voucherCode);
}

watchAll();
document.addEventListener("page-shown", watchAll);
