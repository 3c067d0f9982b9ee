// Asks before a page is left whose forms have changes that were not sent. The forms that ask have
// `data-ask-before-leaving`; its value is "unsaved" where the page itself shows what is not saved.

const forms = [...document.querySelectorAll("form[data-ask-before-leaving]")];
let sent = null;

function isChangedField(field) {
  if (field.type === "checkbox" || field.type === "radio") {
    return field.checked !== field.defaultChecked;
  }
  if (field.type === "file") {
    return field.files.length > 0;
  }
  if (field.type === "select-one") {
    const given = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(given, 0);
  }
  // Buttons have no default value.
  return "defaultValue" in field && field.value !== field.defaultValue;
}

function wouldLose(form) {
  return form.dataset.askBeforeLeaving === "unsaved" || [...form.elements].some(isChangedField);
}

document.addEventListener("submit", (event) => {
  sent = event.target;
});

window.addEventListener("pageshow", () => {
  sent = null;
});

window.addEventListener("beforeunload", (event) => {
  // A form that does not ask, such as that which deletes a draft, means to leave the others.
  const left = !sent || forms.includes(sent) ? forms.filter((form) => form !== sent) : [];
  if (left.some(wouldLose)) {
    event.preventDefault();
    event.returnValue = ""; // for browsers of before 2023
    sent = null;
  }
});
