// While a file travels: its name and size, one sending only, and no sending of what would be refused.  All of the
// pages work without it.
"use strict";
const form = document.getElementById("send");
const field = document.getElementById("file");
const told = document.getElementById("sending");
const megabytes = (bytes) => (bytes / 1048576).toFixed(1);
let sent = false;

function check() {
  const large = field.files.length > 0 && field.files[0].size > Number(form.dataset.most);
  field.setCustomValidity(large ? form.dataset.tooLarge : "");
  told.textContent = large ? form.dataset.tooLarge : "";
}

field.addEventListener("change", check);
form.addEventListener("submit", (event) => {
  if (sent) {
    event.preventDefault();
    return;
  }
  sent = true;
  const file = field.files[0];
  const facts = { NAME: file.name, SIZE: megabytes(file.size) };
  told.textContent = form.dataset.sending.replace(/NAME|SIZE/g, (name) => facts[name]);
});
window.addEventListener("pageshow", () => { sent = false; check(); });
