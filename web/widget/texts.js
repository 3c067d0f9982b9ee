/** What a widget says, in the language of the page around it. */

export class Texts {
  #element;
  #added = {};
  #url;

  constructor(element) {
    this.#element = element;
  }

  get lang() {
    return (this.#element.closest("[lang]")?.lang || "fr").replace("_", "-");
  }

  /** A text by its key: an attribute's, or else the page's own file's, or else ours. */
  say = (key, values = {}) => {
    const own = this.#element.getAttribute(/^(label|placeholder)$/.test(key) ? key : "text-" + key);
    const ours = TEXTS[this.lang.slice(0, 2)] || TEXTS.fr;
    let text = own ?? this.#added[key] ?? ours[key];
    if (text.other) text = text[new Intl.PluralRules(this.lang).select(values.n)] || text.other;
    return text.replace(/{(\w+)}/g, (_, name) => values[name].toLocaleString(this.lang));
  };

  /** Reads the page's own file of texts, if it names another one than before, and then calls. */
  async read(url, then) {
    if (url === this.#url) return;
    this.#url = url;
    this.#added = {};
    try {
      const added = url ? await (await fetch(url)).json() : {};
      if (url !== this.#url) return;
      this.#added = added;
      then();
    } catch {}
  }
}
