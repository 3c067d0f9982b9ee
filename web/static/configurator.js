// The page that shows how to embed the search: keeps preview and code in step with the form.
//
// What is shown is always what the server says: this asks for the same page with what is chosen,
// and takes over its texts and attributes.
(() => {
  "use strict";

  const PAUSE_MS = 300;

  const form = document.getElementById("settings");
  const preview = document.getElementById("preview");
  const refusal = document.getElementById("refusal");
  const told = document.getElementById("told");
  let look = [];
  let asking;
  let pause;

  /** Gives the preview the look that its attribute tells. */
  const dress = () => {
    for (const name of look) preview.style.removeProperty(name);
    const pairs = (preview.dataset.look || "").split(";").filter(Boolean);
    look = pairs.map((pair) => {
      const [name, value] = pair.split(":");
      preview.style.setProperty(name, value);
      return name;
    });
  };

  /** Offers what the other one does. What is chosen stays so, if it is still there. */
  const offer = (here, there) => {
    if (here.textContent === there.textContent) return;
    const [chosen, instead] = [here.value, there.value];
    here.replaceChildren(...there.options);
    here.value = chosen;
    if (here.selectedIndex < 0) here.value = instead;
  };

  /** Brings this page to what another answer for it says. */
  const follow = (page) => {
    told.textContent = "";
    refusal.hidden = true;
    refusal.textContent = "";
    for (const here of document.querySelectorAll("[data-live], [data-live-hidden]")) {
      const there = page.getElementById(here.id);
      here.hidden = there.hidden;
      if ("live" in here.dataset && here.textContent !== there.textContent) {
        here.textContent = there.textContent;
      }
    }
    const wanted = page.getElementById("preview");
    for (const { name } of [...preview.attributes]) {
      if (name !== "style" && !wanted.hasAttribute(name)) preview.removeAttribute(name);
    }
    for (const { name, value } of wanted.attributes) {
      if (preview.getAttribute(name) !== value) preview.setAttribute(name, value);
    }
    dress();
    for (const here of form.elements) {
      const there = here.id && page.getElementById(here.id);
      if (there && here.options) offer(here, there);
      for (const name of there ? ["aria-invalid", "aria-describedby"] : []) {
        if (there.hasAttribute(name)) here.setAttribute(name, there.getAttribute(name));
        else here.removeAttribute(name);
      }
    }
    for (const here of document.querySelectorAll("a.language")) {
      const there = page.querySelector(`a.language[hreflang="${here.hreflang}"]`);
      if (there) here.href = there.getAttribute("href");
    }
  };

  /** Gives "followed", "refused", "failed", or "late" where another one is on its way. */
  const update = async ({ isSent = false } = {}) => {
    clearTimeout(pause);
    asking?.abort();
    const mine = (asking = new AbortController());
    const address = `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
    try {
      const response = await fetch(address, { signal: mine.signal });
      // What cannot be used is told on the page, too.
      if (!response.ok && response.status !== 400) return "failed";
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      follow(page);
      if (isSent && !response.ok) alarm(page.getElementById("refusal").textContent);
      history.replaceState(null, "", address);
      return response.ok ? "followed" : "refused";
    } catch {
      return mine.signal.aborted ? "late" : "failed";
    }
  };

  /** Says all that is wrong at once; while one types, it stands beside its field. */
  const alarm = (words) => {
    refusal.hidden = false;
    setTimeout(() => (refusal.textContent = words), 50);
  };

  const tell = (what) => {
    told.textContent = "";
    // After a moment, so that the same is heard a second time.
    setTimeout(() => (told.textContent = told.dataset[what]), 50);
  };

  const copy = async (code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      tell("copied");
    } catch {
      getSelection().selectAllChildren(code);
      tell("selected");
    }
  };

  /** Whether a key is on its way in: what is made of the last one stays until it is there. */
  const isUnfinished = ({ value, dataset }) =>
    value.trim() && value.trim().length < Number(dataset.full);

  const updateSoon = () => {
    clearTimeout(pause);
    pause = setTimeout(update, PAUSE_MS);
  };

  form.addEventListener("input", (event) => {
    if (event.target.type === "color") form.elements.colours.checked = true;
    if (isUnfinished(event.target)) clearTimeout(pause);
    else updateSoon();
  });

  // A key that was left as it is, however long.
  form.addEventListener("change", (event) => {
    if (isUnfinished(event.target)) updateSoon();
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const outcome = await update({ isSent: true });
    if (outcome === "followed") tell("updated");
    // Then the browser says what is amiss.
    if (outcome === "failed") form.submit();
  });

  for (const button of document.querySelectorAll("[data-copies]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(document.getElementById(button.dataset.copies)));
  }

  // What is amiss is said in the page's own words.
  form.noValidate = true;
  dress();
})();
