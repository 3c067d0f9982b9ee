// My list. Without an account it lives in this browser, and nothing of it is sent before a button is
// pressed; with one, each tick is sent to the site. Pages work without this script, too.

const MOST = 200;

const link = document.querySelector("[data-my-list]");
const KEY = `quisait-list${link.dataset.site}`; // two sites of one host keep two lists
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

function changeKept(id, changes) {
  const entries = kept();
  const known = entries.find((entry) => entry.id === id);
  if (known) {
    Object.assign(known, changes);
  } else if (entries.length < MOST) {
    entries.push({ id, ...changes });
  }
  keep(entries);
}

// Ticks

let picked = token ? JSON.parse(link.dataset.picked) : kept().map((entry) => entry.id);

function addressOf(ids) {
  const query = new URLSearchParams(ids.map((id) => ["id", id]));
  return ids.length ? `${here}?${query}` : here;
}

function show() {
  if (!token) {
    picked = kept().map((entry) => entry.id);
    link.href = addressOf(picked);
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
  if (later.length > MOST) {
    tellRefused(element);
  } else if (token) {
    if (await send(wanted ? "pick" : "drop", changed)) {
      picked = later;
    } else {
      tellRefused(element);
    }
  } else if (wanted) {
    const need = document.getElementById("picks")?.dataset.need ?? "";
    keep([...kept(), ...changed.map((id) => ({ id, need }))]);
  } else {
    keep(kept().filter((entry) => !changed.includes(entry.id)));
  }
  show();
}

// The page of the list

const sheet = document.querySelector("form[data-list]");
const isBrowsers = sheet?.dataset.list === "browser";

const rows = () => [...document.querySelectorAll(".call[data-id]")];

const rowOf = (id) => rows().find((row) => row.dataset.id === id);

function fieldsOf(row) {
  const field = (name) => row.querySelector(`[name="${name}"]`);
  return { status: field("status"), note: field("note"), need: field("need") };
}

function fill(row) {
  const entry = kept().find((known) => known.id === row.dataset.id);
  if (!entry) {
    return;
  }
  const fields = fieldsOf(row);
  fields.status.value = entry.status || "to_call";
  fields.note.value = entry.note ?? "";
  if (entry.need) {
    const line = row.querySelector(".picked-for");
    const search = line.querySelector("a");
    fields.need.value = search.textContent = entry.need;
    search.href = `${search.dataset.search}?${new URLSearchParams({ q: entry.need })}`;
    line.hidden = false;
  }
}

// The order of the rows is that of the list, here and in the address.
function follow() {
  const ids = rows().map((row) => row.dataset.id);
  const entries = kept();
  const place = (entry) => (ids.includes(entry.id) ? ids.indexOf(entry.id) : MOST);
  keep(entries.sort((one, other) => place(one) - place(other)));
  history.replaceState(null, "", addressOf(ids));
  document.querySelector("[data-share]").value = new URL(addressOf(ids), location.href).href;
  document.querySelector("[data-empty]").hidden = ids.length > 0;
  sheet.hidden = document.querySelector(".list-share").hidden = ids.length === 0;
  show();
}

function tellForeign() {
  const known = kept().map((entry) => entry.id);
  const foreign = document.querySelector("[data-foreign]");
  foreign.hidden = rows().every((row) => known.includes(row.dataset.id));
}

function keepRow(row) {
  const { status, note, need } = fieldsOf(row);
  changeKept(row.dataset.id, { status: status.value, note: note.value, need: need.value });
}

function change(row, action, button) {
  if (action === "remove") {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    keep(kept().filter((entry) => entry.id !== row.dataset.id));
    row.remove();
    (next?.querySelector("button[value^=remove]") ?? document.getElementById("content")).focus();
  } else if (action === "up") {
    row.previousElementSibling?.before(row);
    button.focus();
  } else {
    row.nextElementSibling?.after(row);
    button.focus();
  }
  follow();
}

function openList() {
  if (!rows().length && !location.search && kept().length && !token) {
    location.replace(addressOf(kept().map((entry) => entry.id)));
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
  if (sheet?.dataset.keptNow !== undefined) {
    const ids = rows().map((row) => row.dataset.id);
    keep(kept().filter((entry) => !ids.includes(entry.id)));
  }
}

// What this browser keeps, offered to the account that signed in

function offer() {
  const form = document.querySelector("[data-list-offer]");
  const entries = kept();
  if (!form || !entries.length) {
    return;
  }
  if (sheet?.dataset.list === "account" && entries.every(({ id }) => rowOf(id))) {
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
    const button = event.target.closest("form[data-list=browser] .tools button");
    if (button) {
      event.preventDefault();
      change(button.closest(".call"), button.value.split(" ")[0], button);
    }
  });
  window.addEventListener("storage", show);
  window.addEventListener("pageshow", show);
  if (location.pathname === here) {
    openList();
  }
  offer();
  show();
}

// Where nothing can be kept, the pages do as without scripts.
if (token || canKeep()) {
  takeOver();
}
