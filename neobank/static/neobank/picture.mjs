// A photograph has megabytes, and a field has one bar of signal: what is sent is made small here. The server does it all again;
// where this cannot, the file is sent as it is.
const SIDE = 512;
const SMALL_ENOUGH = 200_000;

async function small(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const side = Math.min(picture.width, picture.height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.min(SIDE, side);
  canvas
    .getContext("2d")
    .drawImage(
      picture,
      (picture.width - side) / 2,
      (picture.height - side) / 2,
      side,
      side,
      0,
      0,
      canvas.width,
      canvas.height,
    );
  const type = file.type === "image/jpeg" ? "image/jpeg" : "image/png";
  const made = await new Promise((done) => canvas.toBlob(done, type, 0.9));
  return new File([made], "picture", { type });
}

// On the document: a page that was shown in this one's place has a field of its own.
document.addEventListener("change", async (event) => {
  const field = event.target;
  if (!field.matches('input[type="file"][name="picture"]')) return;
  const [file] = field.files;
  if (!file || file.size <= SMALL_ENOUGH) return;
  const button = field.form.querySelector("button");
  button.disabled = true;
  try {
    const chosen = new DataTransfer();
    chosen.items.add(await small(file));
    if (field.files[0] === file) field.files = chosen.files;
  } catch {
    // Not a picture that this browser knows: the server says what is wrong with it.
  } finally {
    button.disabled = false;
  }
});
