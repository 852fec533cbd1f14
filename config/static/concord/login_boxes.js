// The boxes of one way of logging in at a time. Without this script all are shown, and those of the
// other way are not looked at.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const choices = document.querySelectorAll('input[type="radio"][data-cc-ways]');
  if (!choices.length) return;
  const show = () => {
    const chosen = [...choices].find((choice) => choice.checked);
    document.querySelectorAll("[data-cc-for]").forEach((box) => {
      const row = box.closest(".form-row, .field-row") || box.parentElement;
      row.hidden = Boolean(chosen) && !box.dataset.ccFor.split(" ").includes(chosen.value);
      row.classList.toggle("cc-away", row.hidden);
    });
  };
  choices.forEach((choice) => { choice.addEventListener("change", show); });
  show();
});
