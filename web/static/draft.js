// The page of a draft. How sure the reader was of a field goes once a person changes it; the link
// below the need searches what is typed there.

const link = document.querySelector("#search-need");

function isChanged(field) {
  return field.type === "select-one"
    ? !field.selectedOptions[0].defaultSelected
    : field.value !== field.defaultValue;
}

document.addEventListener("input", ({ target }) => {
  const read = target.closest(".told") ?? target.closest(".field");
  const isEdited = [...(read?.querySelectorAll("input, select, textarea") ?? [])].some(isChanged);
  for (const said of read?.querySelectorAll(".confidence, .origin") ?? []) {
    said.hidden = isEdited;
  }
  if (link && target.id === "f-need") {
    const url = new URL(link.href);
    url.searchParams.set("q", target.value.trim());
    link.href = url;
    link.hidden = !target.value.trim();
  }
});
