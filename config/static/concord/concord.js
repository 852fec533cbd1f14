// What the console does in the browser, and no more: tell the zone, copy, send once,
// place menus, notice unsaved edits, unfold errors, lead to fields.
"use strict";

document.cookie =
  "concord_zone=" + Intl.DateTimeFormat().resolvedOptions().timeZone + "; path=/; max-age=31536000; samesite=lax";

// A folded section that holds an error is opened: it is what "the errors below" means.
document.addEventListener("DOMContentLoaded", () => {
  for (const list of document.querySelectorAll("details:not([open]) .errorlist:not(:empty)")) {
    list.closest("details").open = true;
  }
});

// Copy: the whole id, or the text for another system's administrator.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed here";
  }
  setTimeout(() => { button.textContent = label; }, 1500);
});

// Send once: a second click while the first is on its way does nothing. A button that would
// throw away what was typed asks first.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || !button.matches("[data-once]")) return;
  const saves_not = button.matches(".cc-strip [formaction], .cc-head [formaction]");
  const question = "What you typed on this page is not saved and would be lost. Go on without it?";
  if (saves_not && document.querySelector("form.cc-dirty") && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
  button.classList.add("cc-busy");
  if (button.dataset.busy) button.textContent = button.dataset.busy;
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
});

// What is missing: the link turns to the field's tab, which is shown a moment later. Then go to the field.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-field]");
  if (!link) return;
  setTimeout(() => {
    const field = document.getElementById(link.dataset.field);
    if (field) field.scrollIntoView({ block: "center" });
    if (field) field.focus({ preventScroll: true });
  }, 60);
});

// Menus lie in the top layer; put each below its button and inside the window.
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (event.newState !== "open" || !menu.classList.contains("cc-menu")) return;
  const button = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
  const below = button.bottom + 4;
  const fits = below + menu.offsetHeight < window.innerHeight;
  menu.style.top = `${fits ? below : Math.max(4, button.top - menu.offsetHeight - 4)}px`;
  menu.style.left = `${Math.max(4, Math.min(button.right, window.innerWidth - 4) - menu.offsetWidth)}px`;
}, true);
window.addEventListener("scroll", () => {
  document.querySelectorAll(".cc-menu:popover-open").forEach((menu) => menu.hidePopover());
}, { passive: true });

// Unsaved edits: the button then says that it saves first.
for (const name of ["input", "change"]) {
  document.addEventListener(name, (event) => {
    const form = event.target.form;
    if (form && (form.querySelector(".cc-strip") || form.id === "connection_form")) form.classList.add("cc-dirty");
  });
}

// Users: take a proposal into the box without leaving the page; repeat on the button how many are ticked.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-take]");
  const box = link && document.getElementById(link.dataset.into);
  if (!box) return;
  event.preventDefault();
  box.value = link.dataset.take;
  box.dispatchEvent(new Event("change", { bubbles: true }));
});
document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  const button = form && form.querySelector("[data-counts]");
  if (!button) return;
  const number = form.querySelectorAll(`[name="${button.dataset.counts}"]:checked`).length;
  button.textContent = `${button.dataset.verb} ${number} ${number === 1 ? button.dataset.one : button.dataset.many}`;
  button.disabled = !number;
});
