/** `<quisait-search>`: joins what a widget knows, how it is shown, and what a person does. */

import { Asker } from "./asker.js";
import { after, START } from "./state.js";
import { Tally } from "./tally.js";
import { Texts } from "./texts.js";
import { link, View } from "./view.js";

const HERE = document.currentScript?.src;

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLES);

class QuisaitSearch extends HTMLElement {
  static observedAttributes =
    "lang site department theme limit base label placeholder target open shortcut texts".split(" ");

  #view = new View();
  #state = START;
  #asker = new Asker((event, value) => this.#hear(event, value));
  #tally = new Tally(() => this.#address("counts"));
  #texts = new Texts(this);
  #focused = false;
  #onKey = (event) => this.#shortcut(event);
  #onOnline = () => this.#state.problem?.text === "offline" && this.#ask(true);

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open", delegatesFocus: true });
    shadow.adoptedStyleSheets = [sheet];
    const { root, input, trigger, close, retry, list, more, popup } = this.#view;
    shadow.append(root);
    const on = (target, type, hear) => target.addEventListener(type, hear);
    on(input, "input", () => this.#typed());
    on(input, "keydown", (event) => this.#key(event));
    on(input, "click", () => this.#to("opened", true));
    on(input, "focus", () => {
      this.#focused = true;
      this.#to("opened", true);
    });
    // Later: an element that is moved loses the focus, and has it again when it is there.
    on(root, "focusout", () =>
      setTimeout(() => {
        // Not by :focus-within, which is late where a dialog has just opened.
        if (shadow.activeElement) return;
        this.#focused = false;
        this.#to("opened", false);
      }),
    );
    // The field keeps the focus, so that the answers stay open and the keys go on working.
    on(popup, "mousedown", (event) => {
      if (!event.target.closest("a, button")) event.preventDefault();
    });
    for (const type of ["click", "auxclick"]) {
      on(list, type, (event) => {
        const chosen = event.target.closest("li");
        const elsewhere = event.button === 1 || event.ctrlKey || event.metaKey;
        if (chosen && event.button < 2) this.#select([...list.children].indexOf(chosen), elsewhere);
      });
    }
    on(more, "click", () => this.#tally.stands());
    on(retry, "click", () => {
      input.focus();
      this.#ask(true);
    });
    on(trigger, "click", () => this.#openDialog());
    on(close, "click", () => this.#view.dialog.close());
  }

  connectedCallback() {
    addEventListener("keydown", this.#onKey);
    addEventListener("online", this.#onOnline);
    this.#rename();
    if (this.#focused) this.#view.input.focus();
  }

  disconnectedCallback() {
    removeEventListener("keydown", this.#onKey);
    removeEventListener("online", this.#onOnline);
    // It would be open elsewhere, but not above the page.
    this.#view.dialog?.close();
    // Frameworks take an element out and put it elsewhere at once: then it goes on.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#focused = false;
      this.#asker.stop();
      this.#tally.shown();
      this.#to("waiting", "");
    });
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.isConnected) return;
    this.#rename();
    // What is shown was asked otherwise.
    if (this.#state.query[1] && /^(lang|site|dep|the|lim|base)/.test(name)) this.#ask(false);
  }

  /** Reads the attributes that say how the widget looks and what it calls things. */
  #rename() {
    this.#view.arrange(this.getAttribute("open") === "dialog");
    this.#view.name(this.#texts.say, this.getAttribute("shortcut"));
    this.#view.root.lang = this.#texts.spoken;
    this.#show();
    this.#texts.read(this.getAttribute("texts"), () => this.#rename());
  }

  #show() {
    this.#view.show(this.#state, this.#texts.say, this.getAttribute("target"));
  }

  #to(event, value) {
    this.#state = after(this.#state, event, value);
    this.#show();
  }

  #hear(event, value) {
    this.#to(event, value);
    const { answer } = this.#state;
    if (event === "answered") {
      const { query, total, fits } = answer;
      this.#emit("search", { query, total, fits });
    }
    if (event !== "waiting") this.#tally.shown(answer);
  }

  #emit(name, detail, cancelable) {
    return this.dispatchEvent(
      new CustomEvent("quisait:" + name, { detail, cancelable, bubbles: true, composed: true }),
    );
  }

  #typed() {
    const query = this.#view.input.value.trim().replace(/\s+/g, " ");
    this.#tally.shown();
    this.#state = after(this.#state, "typed", query);
    // First asked, then shown: the server works while the page does.
    if (query[1]) this.#ask();
    else this.#asker.stop();
    this.#show();
  }

  #ask(now) {
    const url = this.#address("search");
    const asked = url.searchParams;
    asked.set("q", this.#state.query);
    asked.set("lang", this.#texts.lang.startsWith("en") ? "en" : "fr");
    // A filter that is empty is said, too: it stands in the place of the site's own.
    for (const name of ["department", "theme", "limit"]) {
      if (this.hasAttribute(name)) asked.set(name, this.getAttribute(name));
    }
    this.#asker.ask(url, now);
  }

  #address(name) {
    const base = this.getAttribute("base");
    const url = new URL(name, base ? base.replace(/\/*$/, "/embed/v1/") : HERE || location);
    const site = this.getAttribute("site");
    if (site) url.searchParams.set("site", site);
    return url;
  }

  #key(event) {
    const { active, answer, open, query } = this.#state;
    const { dialog, input } = this.#view;
    switch (event.isComposing || event.key) {
      case "ArrowDown":
      case "ArrowUp": {
        const down = event.key === "ArrowDown";
        if (event.altKey) this.#to("opened", down);
        else {
          if (!open) this.#to("opened", true);
          this.#to("stepped", down ? 1 : -1);
        }
        break;
      }
      case "Home":
      case "End":
        if (active < 0) return;
        this.#to("moved", event.key === "Home" ? 0 : answer.hits.length - 1);
        break;
      case "Enter":
        if (active >= 0) this.#select(active, event.ctrlKey || event.metaKey);
        else if (query) {
          this.#to("opened", true);
          if (answer?.query === query) this.#tally.stands();
          else this.#ask(true);
        }
        break;
      case "Escape":
        if (dialog) dialog.close();
        // Also while nothing is shown yet: the answers may be on their way.
        else if (open) this.#to("opened", false);
        else if (query) {
          input.value = "";
          this.#typed();
        } else return;
        break;
      case "ArrowLeft":
      case "ArrowRight":
        this.#to("moved", -1);
      // The caret moves in the field.
      default:
        return;
    }
    event.preventDefault();
  }

  #select(index, elsewhere) {
    const { query, hits } = this.#state.answer;
    const hit = hits[index];
    this.#tally.shown(this.#state.answer);
    this.#tally.stands();
    this.#tally.count("selection");
    if (!this.#emit("select", { ...hit, rank: index + 1, query }, true) || !link(hit.url)) return;
    if (elsewhere || this.getAttribute("target") === "_blank") open(hit.url, "_blank", "noopener");
    else location.assign(hit.url);
  }

  #shortcut(event) {
    const key = this.getAttribute("shortcut");
    if (!key || event.defaultPrevented || event.shiftKey || event.altKey) return;
    if (!event.ctrlKey && !event.metaKey) return;
    if (event.key.toLowerCase() !== key.toLowerCase()) return;
    event.preventDefault();
    if (this.#view.dialog) this.#openDialog();
    else this.#view.input.focus();
  }

  #openDialog() {
    const { dialog, input } = this.#view;
    if (!dialog.open) dialog.showModal();
    input.focus();
  }
}

if (!customElements.get("quisait-search")) customElements.define("quisait-search", QuisaitSearch);
