// Suggests towns while one is typed.

const WAIT_MS = 150;

for (const field of document.querySelectorAll("input[data-towns]")) {
  let waiting;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => suggest(field), WAIT_MS);
  });
}

async function suggest(field) {
  const typed = field.value.trim();
  if (typed.length < 2) return;
  const answer = await fetch(`${field.dataset.towns}?q=${encodeURIComponent(typed)}`);
  if (!answer.ok || typed !== field.value.trim()) return;
  const options = (await answer.json()).map((label) => Object.assign(document.createElement("option"), { value: label }));
  field.list.replaceChildren(...options);
}
