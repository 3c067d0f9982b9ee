// Suggests names, needs, themes and places while a need is typed: the one chosen is followed, or
// kept in the hidden field beside (`…_id`), where there is one. What is known and what is asked
// are the widget's own modules; the field stays an ordinary field of its form without this.

import { Asker } from "./asker.js";
import { after, isShown, START } from "./state.js";

const ANNOUNCED_AFTER_MS = 600;

function make(tag, attributes, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value) made.setAttribute(name, value);
  made.append(...content);
  return made;
}

class Suggestions {
  #field;
  #texts;
  #list;
  #chosen;
  #live = make("p", { class: "visually-hidden", role: "status" });
  #state = START;
  #announcing;
  #asker = new Asker((event, value) => {
    // A field that cannot be helped is an ordinary field: a failure says nothing.
    if (event === "answered") this.#to(event, { ...value, hits: value.suggestions });
    else if (event === "failed") this.#to(event, null);
  });

  constructor(field) {
    this.#field = field;
    this.#texts = field.dataset;
    this.#chosen = document.getElementById(`${field.id}_id`);
    const id = `${field.id}-suggestions`;
    this.#list = make("ul", { id, role: "listbox", tabindex: "-1", class: "typed", "aria-label": this.#texts.label });
    this.#list.hidden = true;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", id);
    field.setAttribute("aria-expanded", "false");
    field.parentElement.append(this.#list, this.#live);
    field.addEventListener("input", () => this.#typed());
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("blur", () => this.#to("opened", false));
    // The field keeps the focus until a suggestion is followed.
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => this.#follow(event.target.closest("li")));
  }

  #typed() {
    if (this.#chosen) this.#chosen.value = "";
    const query = this.#field.value.trim().replace(/\s+/g, " ");
    this.#state = after(this.#state, "typed", query);
    if (query[1]) {
      const url = new URL(this.#texts.suggestions, location.href);
      url.searchParams.set("q", query.slice(0, this.#texts.most));
      url.searchParams.set("lang", document.documentElement.lang);
      this.#asker.ask(url);
    } else this.#asker.stop();
    this.#show();
  }

  #to(event, value) {
    const before = this.#state;
    this.#state = after(before, event, value);
    if (this.#state.answer !== before.answer) {
      this.#list.replaceChildren(...(this.#state.answer?.hits ?? []).map((hit, index) => this.#option(hit, index)));
    }
    this.#show();
  }

  #show() {
    const count = this.#list.childElementCount;
    const shown = isShown(this.#state) && !!this.#state.answer && count > 0;
    this.#list.hidden = !shown;
    this.#field.setAttribute("aria-expanded", String(shown));
    [...this.#list.children].forEach((one, index) => one.setAttribute("aria-selected", String(index === this.#state.active)));
    const current = shown && this.#list.children[this.#state.active];
    if (current) {
      this.#field.setAttribute("aria-activedescendant", current.id);
      current.scrollIntoView({ block: "nearest" });
    } else this.#field.removeAttribute("aria-activedescendant");
    clearTimeout(this.#announcing);
    this.#announcing = setTimeout(() => {
      this.#live.textContent = shown ? this.#texts.found.replace("{n}", count) : "";
    }, ANNOUNCED_AFTER_MS);
  }

  #key(event) {
    const { active, answer, open } = this.#state;
    const count = this.#list.childElementCount;
    switch (event.isComposing || event.key) {
      case "ArrowDown":
      case "ArrowUp":
        if (!answer || !count) return;
        if (!open || event.altKey) this.#to("opened", event.key === "ArrowDown" || !event.altKey);
        if (!event.altKey) this.#to("stepped", event.key === "ArrowDown" ? 1 : -1);
        break;
      case "Home":
      case "End":
        if (active < 0) return;
        this.#to("moved", event.key === "Home" ? 0 : count - 1);
        break;
      case "Enter":
        if (active < 0) return;
        this.#follow(this.#list.children[active]);
        break;
      case "Escape":
        // Also while none is shown yet: what is typed stays, to be searched with Enter.
        if (!open) return;
        this.#to("opened", false);
        break;
      case "ArrowLeft":
      case "ArrowRight":
        if (active >= 0) this.#to("moved", -1);
        return;
      default:
        return;
    }
    event.preventDefault();
  }

  #option(hit, index) {
    const text = make("span", { class: "text", lang: hit.lang }, hit.text);
    const kind = make("span", { class: "kind" }, [this.#texts[hit.kind], hit.place].filter(Boolean).join(" · "));
    const made = make("li", { id: `${this.#list.id}-${index}`, role: "option" }, text, " ", kind);
    Object.assign(made.dataset, { url: hit.url, id: hit.id, text: hit.text });
    return made;
  }

  #follow(option) {
    if (!option) return;
    if (this.#chosen) {
      this.#field.value = option.dataset.text;
      this.#chosen.value = option.dataset.id;
      this.#to("opened", false);
      return;
    }
    const { pathname, search } = new URL(option.dataset.url);
    location.assign(pathname + search);
  }
}

for (const field of document.querySelectorAll("input[data-suggestions]")) new Suggestions(field);
