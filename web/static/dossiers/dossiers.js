// Dossiers. Without an account they live in this browser, one for each need, and nothing of them is
// sent before a page or a file of them is asked for; with one, each tick is sent to the site. Pages
// work without this script, too.

const MOST = 200;

const link = document.querySelector("[data-my-dossier]");
const KEY = `quisait-list${link.dataset.site}`; // two sites of one host keep two of them
const token = link.dataset.token; // of an account; strangers have none
const here = new URL(link.href).pathname;

// What this browser keeps: [{id, need, status, note}]

function kept() {
  try {
    const entries = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(entries) ? entries.filter((entry) => typeof entry?.id === "string") : [];
  } catch {
    return [];
  }
}

function keep(entries) {
  if (entries.length) {
    localStorage.setItem(KEY, JSON.stringify(entries));
  } else {
    localStorage.removeItem(KEY);
  }
}

function canKeep() {
  try {
    keep(kept());
    return true;
  } catch {
    return false;
  }
}

const needOf = (entry) => entry.need ?? "";

const keptFor = (need) => kept().filter((entry) => needOf(entry) === need);

const isOf = (need, ids) => (entry) => needOf(entry) === need && ids.includes(entry.id);

const needs = () => [...new Set(kept().map(needOf))];

// The need of this page; elsewhere, that of the last pick.
const needHere = () => document.getElementById("picks")?.dataset.need || needs().at(-1) || "";

// Ticks

let picked = token ? JSON.parse(link.dataset.picked) : [];

function addressOf(need, ids = keptFor(need).map((entry) => entry.id)) {
  const query = new URLSearchParams([...(need ? [["need", need]] : []), ...ids.map((id) => ["id", id])]);
  return ids.length ? `${here}?${query}` : here;
}

function show() {
  if (!token) {
    const need = needHere();
    picked = keptFor(need).map((entry) => entry.id);
    link.href = addressOf(need);
  }
  const count = link.querySelector("[data-picked-count]");
  count.textContent = picked.length;
  count.hidden = picked.length === 0;
  for (const tick of document.querySelectorAll("[data-pick]")) {
    tick.checked = picked.includes(tick.value);
  }
}

async function send(action, ids) {
  const fields = [["csrf", token], ["do", action]];
  const need = document.getElementById("picks")?.dataset.need ?? "";
  for (const id of ids) {
    fields.push(["id", id], ["need", need]);
  }
  try {
    const body = new URLSearchParams(fields);
    const answer = await fetch(here, { method: "POST", body, redirect: "manual" });
    // A change is answered with a redirect, a refusal with a page that says why.
    return answer.type === "opaqueredirect";
  } catch {
    return false;
  }
}

function tellRefused(element) {
  const told = document.createElement("p");
  told.className = "refusal";
  told.setAttribute("role", "alert");
  told.textContent = link.dataset.refused;
  element.after(told);
}

async function pick(ids, wanted, element) {
  const changed = ids.filter((id) => picked.includes(id) !== wanted);
  const later = wanted ? [...picked, ...changed] : picked.filter((id) => !changed.includes(id));
  const need = needHere();
  if ((token ? later.length : kept().length + changed.length * wanted) > MOST) {
    tellRefused(element);
  } else if (token) {
    if (await send(wanted ? "pick" : "drop", changed)) {
      picked = later;
    } else {
      tellRefused(element);
    }
  } else if (wanted) {
    keep([...kept(), ...changed.map((id) => ({ id, need }))]);
  } else {
    const goes = isOf(need, changed);
    keep(kept().filter((entry) => !goes(entry)));
  }
  show();
}

// The page of a dossier

const sheet = document.querySelector("form[data-dossier]");
const isBrowsers = sheet?.dataset.dossier === "browser";
const need = sheet?.dataset.need ?? "";

const rows = () => [...document.querySelectorAll(".call[data-id]")];

const rowOf = (id) => rows().find((row) => row.dataset.id === id);

function fieldsOf(row) {
  const field = (name) => row.querySelector(`[name="${name}"]`);
  return { status: field("status"), note: field("note") };
}

function fill(row) {
  const entry = keptFor(need).find((known) => known.id === row.dataset.id);
  if (entry) {
    const fields = fieldsOf(row);
    fields.status.value = entry.status || "to_call";
    fields.note.value = entry.note ?? "";
  }
}

function follow() {
  const ids = rows().map((row) => row.dataset.id);
  const address = addressOf(need, ids);
  history.replaceState(null, "", address);
  document.querySelector("[data-share]").value = new URL(address, location.href).href;
  document.querySelector("[data-empty]").hidden = ids.length > 0;
  sheet.hidden = document.querySelector(".dossier-share").hidden = ids.length === 0;
  show();
}

function tellForeign() {
  const known = keptFor(need).map((entry) => entry.id);
  const foreign = document.querySelector("[data-foreign]");
  foreign.hidden = rows().every((row) => known.includes(row.dataset.id));
}

function keepRow(row) {
  const { status, note } = fieldsOf(row);
  const changes = { status: status.value, note: note.value };
  const entries = kept();
  const known = entries.find(isOf(need, [row.dataset.id]));
  if (known) {
    Object.assign(known, changes);
  } else if (entries.length < MOST) {
    entries.push({ id: row.dataset.id, need, ...changes });
  }
  keep(entries);
}

function remove(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const goes = isOf(need, [row.dataset.id]);
  keep(kept().filter((entry) => !goes(entry)));
  row.remove();
  (next?.querySelector("button[value^=remove]") ?? document.getElementById("content")).focus();
  follow();
}

function listOthers() {
  const section = document.querySelector("[data-others]");
  const others = needs().filter((other) => other && other !== need);
  if (section && others.length) {
    for (const other of others) {
      const item = section.querySelector("ul").appendChild(document.createElement("li"));
      const way = item.appendChild(document.createElement("a"));
      way.href = addressOf(other);
      way.textContent = other;
    }
    section.hidden = false;
  }
}

function openDossier() {
  if (!rows().length && !location.search && kept().length && !token) {
    location.replace(addressOf(needs().at(-1)));
  }
  if (isBrowsers) {
    rows().forEach(fill);
    tellForeign();
    sheet.addEventListener("input", (event) => {
      keepRow(event.target.closest(".call"));
      tellForeign();
      show();
    });
    document.querySelector("[data-keep-all]").addEventListener("click", () => {
      rows().forEach(keepRow);
      tellForeign();
      follow();
    });
  }
  listOthers();
  if (sheet?.dataset.keptNow !== undefined) {
    keep([]);
  }
}

// What this browser keeps, offered to the account that signed in

function offer() {
  const form = document.querySelector("[data-dossier-offer]");
  const entries = kept();
  if (!form || !entries.length) {
    return;
  }
  if (sheet?.dataset.dossier === "account" && entries.every((one) => needOf(one) === need && rowOf(one.id))) {
    // The page shows them already, with a button that keeps them: one offer is enough.
    rows().forEach(fill);
    sheet.querySelector("button[value=pick]").value = "keep";
    return;
  }
  form.querySelector("[data-offer-count]").textContent = entries.length;
  for (const entry of entries) {
    for (const name of ["id", "need", "status", "note"]) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value: entry[name] ?? "" });
      form.append(field);
    }
  }
  form.querySelector("[data-forget]").addEventListener("click", () => {
    keep([]);
    form.remove();
  });
  form.hidden = false;
}

// Who writes by a link types a name once.
function sign() {
  const field = document.querySelector("[data-signed]");
  if (field) {
    field.value ||= localStorage.getItem(`${KEY}-name`) ?? "";
    field.form.addEventListener("submit", () => localStorage.setItem(`${KEY}-name`, field.value));
  }
}

function takeOver() {
  document.documentElement.classList.add("picks-by-script");
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick]")) {
      pick([event.target.value], event.target.checked, event.target.closest("label"));
    }
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-pick-all]")) {
      event.preventDefault();
      pick(new FormData(event.target).getAll("id"), true, event.target);
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("form[data-dossier=browser] .tools button");
    if (button) {
      event.preventDefault();
      remove(button.closest(".call"));
    }
  });
  window.addEventListener("storage", show);
  window.addEventListener("pageshow", show);
  if (location.pathname === here) {
    openDossier();
  }
  offer();
  sign();
  show();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    document.getElementById(button.dataset.copy).select();
    // The way that also works on a site without TLS.
    if (document.execCommand("copy")) {
      button.textContent = button.dataset.copied;
    }
  });
}

// Where nothing can be kept, the pages do as without scripts.
if (token || canKeep()) {
  takeOver();
}
