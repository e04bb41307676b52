// The window of a machine: what stands in it, how it turns to what was drawn, and which places are lit.

const SVG = "http://www.w3.org/2000/svg";
const FILLERS = 12;
const SPARKS = 28;

export const isCalm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Reels {
  constructor(place, { sprite, letters }) {
    this.place = place;
    this.sprite = sprite;
    this.letters = letters;
    this.moving = [];
  }

  // At once, without a movement.
  stand(columns) {
    this.dark();
    this.#reels.forEach((reel, number) => this.#settle(reel, columns[number]));
  }

  // Turns until every reel stands at its column, the left one first. What passes by is decoration; nothing is decided here.
  async turn(columns, { firstMs, nextMs }) {
    this.dark();
    this.moving = this.#reels.map((reel, number) => {
      const strip = reel.firstElementChild;
      const rows = columns[number].length;
      const before = [...strip.children].slice(0, rows);
      const passing = Array.from({ length: FILLERS + 4 * number }, () => this.#cell(this.#anyLetter()));
      const total = rows + passing.length + before.length;
      strip.replaceChildren(...columns[number].map((letter) => this.#cell(letter)), ...passing, ...before);
      reel.classList.add("turning");
      return strip.animate(
        [{ transform: `translateY(${(-100 * (total - rows)) / total}%)` }, { transform: "translateY(0)" }],
        { duration: firstMs + nextMs * number, easing: "cubic-bezier(0.2, 0.6, 0.25, 1)", fill: "both" },
      );
    });
    await Promise.all(
      this.moving.map(async (one, number) => {
        // A page in the background does not move; the result must not wait for that.
        await Promise.race([one.finished, sleep(firstMs + nextMs * number + 800)]);
        one.cancel();
        this.#settle(this.#reels[number], columns[number]);
      }),
    );
    this.moving = [];
  }

  // Do not wait for the end of the movement.
  hurry() {
    for (const one of this.moving) one.finish();
  }

  // Light the places of these lines ({rows, count}) and of a letter that counts anywhere.
  light(lines, scatter) {
    this.dark();
    for (const { rows, count } of lines) rows.slice(0, count).forEach((row, reel) => this.#cellAt(reel, row)?.classList.add("wins"));
    if (scatter) for (const cell of this.place.querySelectorAll(`[data-letter="${CSS.escape(scatter)}"]`)) cell.classList.add("wins");
    this.place.querySelector(".paths").replaceChildren(...lines.map(({ rows, count }) => path(rows.slice(0, count))));
  }

  // The rest steps back while one line is told.
  tell(isTelling) {
    this.place.classList.toggle("telling", isTelling);
  }

  dark() {
    this.tell(false);
    this.place.querySelector(".paths").replaceChildren();
    for (const cell of this.place.querySelectorAll(".wins")) cell.classList.remove("wins");
  }

  get #reels() {
    return [...this.place.querySelectorAll(".reel")];
  }

  #cellAt(reel, row) {
    return this.#reels[reel]?.firstElementChild.children[row];
  }

  #settle(reel, column) {
    reel.classList.remove("turning");
    reel.firstElementChild.replaceChildren(...column.map((letter) => this.#cell(letter)));
  }

  #anyLetter() {
    return this.letters[Math.floor(Math.random() * this.letters.length)];
  }

  #cell(letter) {
    const mark = letter === "." ? "blank" : letter;
    const cell = document.createElement("span");
    cell.className = "cell";
    cell.dataset.letter = letter;
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("class", `symbol symbol-${mark}`);
    picture.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `${this.sprite}#s-${mark}`);
    picture.append(use);
    cell.append(picture);
    return cell;
  }
}

// Sparks from the middle of the screen. The banner goes when they are out.
export async function celebrate(screen, title, amount, lastsMs) {
  const banner = document.createElement("p");
  banner.className = "banner";
  banner.setAttribute("aria-hidden", "true");
  const words = document.createElement("span");
  const big = document.createElement("b");
  big.textContent = title;
  words.textContent = amount;
  const sparks = Array.from({ length: SPARKS }, () => document.createElement("i"));
  for (const spark of sparks) spark.className = "spark";
  banner.append(...sparks, big, words);
  screen.append(banner);
  const reach = screen.clientWidth * 0.55;
  sparks.forEach((spark, number) => {
    const angle = (2 * Math.PI * number) / SPARKS;
    const far = reach * (0.6 + 0.4 * Math.random());
    const to = `translate(${Math.cos(angle) * far}px, ${Math.sin(angle) * far}px) rotate(${360 * Math.random()}deg)`;
    spark.animate([{ transform: "none", opacity: 1 }, { transform: to, opacity: 0 }], { duration: 1200, easing: "ease-out", iterations: Math.ceil(lastsMs / 1200), fill: "both" });
  });
  big.animate([{ transform: "scale(0.4)", opacity: 0 }, { transform: "scale(1.1)", opacity: 1, offset: 0.7 }, { transform: "none" }], { duration: 450, easing: "ease-out" });
  await sleep(lastsMs);
  banner.remove();
}

export function sleep(lengthMs) {
  return new Promise((resolve) => window.setTimeout(resolve, lengthMs));
}

function path(rows) {
  const line = document.createElementNS(SVG, "polyline");
  line.setAttribute("points", rows.map((row, reel) => `${reel * 10 + 5},${row * 10 + 5}`).join(" "));
  return line;
}
