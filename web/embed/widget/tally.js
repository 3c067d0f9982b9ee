/** Counts for the site that a widget is on: how much, and nothing of who, or of what for. */

const STANDS_AFTER_MS = 1500;

export class Tally {
  #address;
  #answer;
  #counted;
  #standing;

  /** `address()` is where to count, with the key of the site, if it has one. */
  constructor(address) {
    this.#address = address;
  }

  /** An answer is shown, or none (undefined): it counts if it stays for a while. */
  shown(answer) {
    clearTimeout(this.#standing);
    this.#answer = answer;
    if (answer) this.#standing = setTimeout(() => this.stands(), STANDS_AFTER_MS);
  }

  /** What is shown is what was looked for: it counts, once. */
  stands() {
    clearTimeout(this.#standing);
    const answer = this.#answer;
    if (!answer || answer.query === this.#counted) return;
    this.#counted = answer.query;
    this.count(answer.fits ? "search" : "empty");
  }

  count(event) {
    const url = this.#address();
    if (!url.searchParams.has("site")) return;
    url.searchParams.set("event", event);
    fetch(url, { method: "POST", keepalive: true, credentials: "omit" }).catch(() => {});
  }
}
