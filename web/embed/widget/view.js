/** How a widget is shown: makes the elements, and brings them to a state. */

import { isShown } from "./state.js";

/** What is said of an answer is heard when typing pauses, not at every letter. */
const ANNOUNCED_AFTER_MS = 600;

function make(tag, part, ...content) {
  const made = document.createElement(tag);
  made.setAttribute("part", part);
  made.append(...content);
  return made;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
  return element;
}

export class View {
  root = make("div", "root");
  label = make("label", "label");
  input = make("input", "input");
  trigger = make("button", "trigger");
  close = make("button", "close");
  note = make("p", "note");
  retry = make("button", "retry");
  list = make("ul", "list");
  more = make("a", "more");
  popup = make("section", "popup", this.note, this.retry, this.list, this.more);
  live = make("p", "live");
  box = make("div", "box", this.label, this.input, this.popup, this.live);
  dialog = null;
  #answer = null;
  #problem = null;
  #announcing;

  constructor() {
    // The direction of its texts, and not of the page, which may be in another script.
    this.root.dir = "auto";
    set(this.label, { for: "q" });
    set(this.input, {
      id: "q",
      type: "search",
      role: "combobox",
      autocomplete: "off",
      enterkeyhint: "search",
      "aria-autocomplete": "list",
      "aria-controls": "list",
    });
    set(this.list, { id: "list", role: "listbox" });
    set(this.live, { role: "status" });
    // Not a stop of its own where whatever scrolls is one.
    this.popup.tabIndex = -1;
  }

  /** Puts the field on the page, or into a dialog behind a button. */
  arrange(inDialog) {
    if (this.root.firstChild && inDialog === !!this.dialog) return;
    this.dialog = inDialog ? set(make("dialog", "dialog", this.box, this.close), { closedby: "any" }) : null;
    this.root.replaceChildren(...(inDialog ? [this.trigger, this.dialog] : [this.box]));
  }

  /** Writes the texts that no state changes. `t(key, values)` is a text of the language. */
  name(t, shortcut) {
    this.label.textContent = t("label");
    this.input.placeholder = t("placeholder");
    this.retry.textContent = t("retry");
    this.close.textContent = t("close");
    set(this.list, { "aria-label": t("label") });
    if (!this.dialog) return;
    set(this.dialog, { "aria-label": t("button") });
    this.trigger.textContent = t("button");
    if (shortcut) this.trigger.append(make("kbd", "shortcut", "Ctrl " + shortcut.toUpperCase()));
  }

  /** Brings what is shown to a state. */
  show(state, t, target) {
    const { answer, problem, waiting, active } = state;
    const hits = answer ? answer.hits : [];
    // What reads the same is heard again all the same.
    if (answer !== this.#answer || problem !== this.#problem) this.live.textContent = "";
    this.#problem = problem;
    if (answer !== this.#answer) {
      this.#answer = answer;
      // Before anything changes, lest the page be laid out twice.
      this.popup.scrollTop = 0;
      this.list.replaceChildren(...hits.map((hit, index) => option(hit, index, t)));
    }
    const shown = isShown(state);
    this.popup.hidden = !shown;
    this.list.hidden = !hits[0];
    this.retry.hidden = !problem?.retry;
    this.more.hidden = !answer;
    if (answer) {
      set(this.more, { href: link(answer.url), target });
      this.more.textContent = t(hits[0] ? "more" : "elsewhere", answer) + (target === "_blank" ? " " + t("tab") : "");
    }
    const said =
      problem?.text ||
      waiting ||
      (answer && (answer.fits ? "found" : hits[0] ? "nearest" : "nothing"));
    this.note.textContent = said ? t(said, { n: answer?.total, ...problem }) : "";
    this.list.childNodes.forEach((one, index) => set(one, { "aria-selected": index === active }));
    const current = this.list.childNodes[active];
    set(this.input, {
      "aria-expanded": shown && !!hits[0],
      "aria-activedescendant": current ? current.id : null,
    });
    if (current) current.scrollIntoView({ block: "nearest" });
    clearTimeout(this.#announcing);
    const heard = shown ? this.note.textContent : "";
    this.#announcing = setTimeout(() => {
      if (this.live.textContent !== heard) this.live.textContent = heard;
    }, ANNOUNCED_AFTER_MS);
  }
}

/** One answer. What comes from the server is text, and nothing but text. */
function option(hit, index, t) {
  const id = "o" + index;
  const parts = [
    make("span", "name", hit.name),
    make("span", "place", hit.place),
    make("span", "fit " + hit.fit, t(hit.named ? "named" : hit.fit)),
  ];
  const { passage } = hit;
  if (passage) {
    // What a code means is not what somebody said.
    if (passage.code) parts.push(make("span", "code", t("trade", passage)));
    const pieces = passage.pieces.map(([text, marked]) => (marked ? make("mark", "mark", text) : text));
    parts.push(set(make("span", "passage", ...pieces), { lang: passage.lang, dir: "auto" }));
  }
  const { ground = "means", title, witness } = hit.case || {};
  if (hit.case || hit.means) {
    parts.push(make("span", "case", t(ground, { ...hit, case: title, witness })));
  }
  parts.forEach((part, number) => (part.id = id + "-" + number));
  const ids = parts.map((part) => part.id);
  const made = set(make("li", "option", ...parts), {
    role: "option",
    "aria-labelledby": ids.slice(0, 3).join(" "),
    "aria-describedby": ids.slice(3).join(" ") || null,
  });
  made.id = id;
  return made;
}

/** An address that a page may be led to, else nothing. */
export function link(url) {
  return /^https?:/.test(url) ? url : null;
}
