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

  // An announcement's bar moves with its rows; when its state changes, so does the page.
  document.querySelectorAll("[data-live]").forEach((box) => {
    const look = async () => {
      const answer = await fetch(box.dataset.live, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const now = await answer.json();
      if (now.state !== box.dataset.state) { window.location.reload(); return; }
      const bar = box.querySelector("progress");
      bar.max = now.total || 1;
      bar.value = now.settled;
      bar.nextElementSibling.textContent = now.text;
      box.querySelectorAll("[data-count]").forEach((place) => { place.textContent = now[place.dataset.count]; });
    };
    window.setInterval(() => { look().catch(() => {}); }, 1000);
  });
})();
