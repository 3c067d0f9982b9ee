/** What a widget says, in the language of the page around it. */

export class Texts {
  #element;
  #added = {};
  #url;

  constructor(element) {
    this.#element = element;
  }

  get lang() {
    const around = this.#element.closest("[lang]") || document.documentElement;
    return (around.lang || "fr").toLowerCase().replaceAll("_", "-");
  }

  /** The language that the texts are in: the page's, if there are texts in it. */
  get spoken() {
    return this.#added.label || TEXTS[this.lang.slice(0, 2)] ? this.lang : "fr";
  }

  /** A text by its key: an attribute's, or else the page's own file's, or else ours. */
  say = (key, values = {}) => {
    const own = this.#element.getAttribute("text-" + key) ?? this.#element.getAttribute(key);
    const ours = TEXTS[this.lang.slice(0, 2)] || TEXTS.fr;
    let text = own ?? this.#added[key] ?? ours[key];
    if (text.other) text = text[new Intl.PluralRules(this.lang).select(values.n)] || text.other;
    return text.replace(/{(\w+)}/g, (all, name) => values[name]?.toLocaleString(this.lang) ?? all);
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
