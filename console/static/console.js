// Small comforts; every page works without them.
(() => {
  "use strict";

  // Show or hide a password.
  document.querySelectorAll("[data-reveal]").forEach((button) => {
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.reveal);
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
      button.firstElementChild.className = shown ? "fa-solid fa-eye" : "fa-solid fa-eye-slash";
    });
  });

  // Ask before what cannot be undone.
  document.querySelectorAll("form[data-confirm]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset.confirm)) event.preventDefault();
    });
  });

  // A filter applies as soon as it is chosen.
  document.querySelectorAll("[data-submits]").forEach((field) => {
    field.addEventListener("change", () => field.form.requestSubmit());
  });

  // A conversation opens at its newest message.
  document.querySelectorAll("[data-newest]").forEach((box) => { box.scrollTop = box.scrollHeight; });
})();
