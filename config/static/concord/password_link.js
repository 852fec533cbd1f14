// The link's code stands behind the #, which is not sent: take it into the form, and out of the address.
"use strict";

const box = document.getElementById("id_code");
if (location.hash.length > 1) {
  box.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}
document.getElementById("code-field").hidden = box.value !== "";
