// The camera looks for a QR of this bank and goes where it leads. Read by the browser's own detector where it has one, else by
// jsQR. Without a camera (or this module) the number is typed.

const OF_THE_BANK = /^\/(pay|requests|vouchers)\/[0-9A-Za-z-]{4,40}\/?$/;
const A_NUMBER = /^NC-[0-9A-Z]{4}-[0-9A-Z]{4}$/;
const WIDTH_MAX = 640;

const place = document.querySelector("[data-decoder]");
const video = place.querySelector("video");
const button = place.querySelector("button");
const said = place.querySelector("[role=status]");

function say(what) {
  if (said.textContent !== place.dataset[what]) said.textContent = place.dataset[what];
}

// The path alone counts: the same event is reached under several names, and no code leads to somebody else's page.
function pathOf(text) {
  if (A_NUMBER.test(text.trim().toUpperCase())) return `/pay/${text.trim().toUpperCase()}`;
  try {
    const { protocol, pathname, search } = new URL(text);
    return /^https?:$/.test(protocol) && OF_THE_BANK.test(pathname) ? pathname + search : null;
  } catch {
    return null;
  }
}

async function reader() {
  if ("BarcodeDetector" in window && (await window.BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    return async () => (await detector.detect(video)).map((found) => found.rawValue);
  }
  await load(place.dataset.decoder);
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  return async () => {
    const scale = Math.min(1, WIDTH_MAX / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    drawing.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = drawing.getImageData(0, 0, canvas.width, canvas.height);
    const found = window.jsQR(picture.data, picture.width, picture.height, { inversionAttempts: "dontInvert" });
    return found ? [found.data] : [];
  };
}

function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

async function open() {
  button.disabled = true;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (error) {
    say(error.name === "NotFoundError" ? "none" : "denied");
    button.disabled = false;
    return;
  }
  video.srcObject = stream;
  video.hidden = false;
  button.parentElement.hidden = true;
  await video.play();
  say("looking");
  let read;
  try {
    read = await reader();
  } catch {
    stop(stream);
    say("none");
    return;
  }
  look(read, stream);
}

async function look(read, stream) {
  const found = video.videoWidth ? await read().catch(() => []) : [];
  const path = found.map(pathOf).find(Boolean);
  if (path) {
    stop(stream);
    window.location.assign(path);
    return;
  }
  if (found.length) say("foreign");
  window.setTimeout(() => look(read, stream), 150);
}

function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
  video.hidden = true;
  button.parentElement.hidden = false;
  button.disabled = false;
}

place.hidden = false;
// Browsers give a camera to pages that came over HTTPS (or from this very machine) alone.
if (navigator.mediaDevices?.getUserMedia) {
  button.addEventListener("click", open);
} else {
  button.parentElement.hidden = true;
  say("none");
}
