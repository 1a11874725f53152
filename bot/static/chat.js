"use strict";
// The web chat's page: shows lines, sends messages, survives bad networks. Words come from the server, text is only ever textContent.
(function () {
  const words = JSON.parse(document.getElementById("words").textContent);
  const limit = Number(document.body.dataset.limit);
  const locale = document.documentElement.lang;
  const at = (id) => document.getElementById(id);
  const [log, pendingBox, scroller, field, banner] = [at("log"), at("pending"), at("scroll"), at("text"), at("banner")];

  const POST_TIMEOUT = 20000, STALE = 40000, ECHO_PATIENCE = 10000, STREAM_RETRY = 30000;
  const rows = []; // every line shown: {sender, taps: [{button, label}], box, text}
  const pending = []; // own messages the server has not shown back yet: {id, body, shown, at, state, why, node}
  let lastId = 0, lastDay = "", lastSender = "", loaded = false, serverWaiting = false;

  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  }

  // ---- what is kept on the phone: one key per unsent message, so that two tabs never overwrite each other
  const OUT = "rangkul.out.";
  const kept = {
    put(key, value) { try { localStorage.setItem(key, value); } catch (e) { /* storage is full or forbidden: memory must do */ } },
    get(key) { try { return localStorage.getItem(key); } catch (e) { return null; } },
    drop(key) { try { localStorage.removeItem(key); } catch (e) { /* nothing was kept */ } },
    unsent() {
      const found = [];
      try {
        for (let i = 0; i < localStorage.length; i += 1) {
          const key = localStorage.key(i);
          if (key.indexOf(OUT) === 0) found.push(JSON.parse(localStorage.getItem(key)));
        }
      } catch (e) { /* unreadable leftovers are left alone */ }
      return found.sort((a, b) => a.at - b.at);
    },
  };

  function uuid() {
    if (window.crypto.randomUUID) return window.crypto.randomUUID(); // only on https and localhost
    const b = window.crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 15) | 64;
    b[8] = (b[8] & 63) | 128;
    const hex = Array.from(b, (n) => (n + 256).toString(16).slice(1)).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  // ---- time
  const clockFormat = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hour12: false });
  const dayFormat = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const dayKey = (when) => [when.getFullYear(), when.getMonth() + 1, when.getDate()].join("-");

  function dayName(when) {
    const today = new Date();
    const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
    if (dayKey(when) === dayKey(today)) return words.today;
    return dayKey(when) === dayKey(yesterday) ? words.yesterday : dayFormat.format(when);
  }

  function separator(when) {
    const node = make("div", "day");
    node.dataset.at = when.toISOString();
    node.appendChild(make("span", "", dayName(when)));
    return node;
  }

  function renameDays() { // "today" becomes "yesterday" on a page left open
    document.querySelectorAll(".day").forEach((node) => { node.firstChild.textContent = dayName(new Date(node.dataset.at)); });
  }

  // ---- one line
  function say(box, text, linked) {
    const pattern = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]]/g;
    let from = 0, hit;
    while (linked && (hit = pattern.exec(text))) {
      box.appendChild(document.createTextNode(text.slice(from, hit.index)));
      const link = make("a", "", hit[0]);
      link.href = hit[0];
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      box.appendChild(link);
      from = pattern.lastIndex;
    }
    box.appendChild(document.createTextNode(text.slice(from)));
  }

  function picture(path) {
    const image = make("img");
    image.alt = words.image_alt;
    image.decoding = "async";
    const follow = nearEnd();
    image.addEventListener("load", () => { if (follow) toEnd(); });
    image.src = path;
    return image;
  }

  function bubble(sender, text, when, image) {
    const node = make("div", "line " + sender);
    const box = make("div", "bubble");
    const who = { bot: words.says_bot, me: words.says_me, staff: words.says_staff }[sender];
    box.appendChild(make("span", sender === "staff" ? "who" : "unseen", who));
    if (image && /^\/(?!\/)/.test(image)) box.appendChild(picture(image));
    const said = make("div", "said");
    said.dir = "auto";
    say(said, text, sender !== "me");
    if (text) box.appendChild(said);
    const meta = make("div", "meta");
    const time = make("time", "", clockFormat.format(when));
    time.dateTime = when.toISOString();
    meta.appendChild(time);
    if (sender === "me") {
      meta.appendChild(make("i", "tick")).setAttribute("aria-hidden", "true");
      meta.appendChild(make("span", "unseen", words.state_sent));
    }
    box.appendChild(meta);
    node.appendChild(box);
    return node;
  }

  function tapGroup(options, className, row) {
    const group = make("div", className);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", words.options_label);
    options.forEach((option) => {
      const button = make("button");
      button.type = "button";
      const inner = make("span", "", option.label);
      if (option.hint) inner.appendChild(make("span", "hint", option.hint));
      button.appendChild(inner);
      button.addEventListener("click", (event) => {
        button.classList.add("chosen");
        if (event.detail === 0) field.focus(); // came from the keyboard: do not lose its place
        send({ button: option.id, label: option.label }, option.label);
      });
      row.taps.push({ button, label: option.label });
      group.appendChild(button);
    });
    return group;
  }

  function show(line) {
    if (line.id <= lastId) return;
    lastId = line.id;
    if (line.message_id) settle(line.message_id);
    if (!line.text && !line.image) return;
    const when = new Date(line.at);
    if (dayKey(when) !== lastDay) {
      log.appendChild(separator(when));
      lastSender = "";
    }
    const node = bubble(line.sender, line.text, when, line.image);
    if (line.sender !== lastSender) node.classList.add("turn");
    [lastDay, lastSender] = [dayKey(when), line.sender];
    const row = { sender: line.sender, text: line.text, taps: [], node };
    if (line.buttons.length) node.appendChild(tapGroup(line.buttons, "taps", row));
    if (line.choices.length) node.appendChild(tapGroup(line.choices, "taps list", row));
    if (line.sender === "me") markChosen(line.text);
    rows.push(row);
    log.appendChild(node);
  }

  function markChosen(label) { // after a reload the tapped button is still marked
    for (let i = rows.length - 1; i >= 0 && rows[i].sender !== "me"; i -= 1) {
      if (rows[i].sender !== "bot") continue;
      rows[i].taps.forEach((tap) => tap.button.classList.toggle("chosen", tap.label === label));
      return;
    }
  }

  function refreshTaps() { // only the newest bot message may be tapped, and only until it is answered
    let open = !pending.some((item) => item.state !== "refused");
    for (let i = rows.length - 1; i >= 0; i -= 1) {
      const live = open && rows[i].sender === "bot";
      rows[i].taps.forEach((tap) => {
        tap.button.disabled = !live;
        if (live) tap.button.classList.remove("chosen");
        tap.button.parentNode.classList.toggle("old", !live);
      });
      if (rows[i].sender !== "staff") open = false;
    }
  }

  // ---- scrolling
  let atEnd = true;
  const nearEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 120;
  function toEnd() { scroller.scrollTop = scroller.scrollHeight; at("newest").hidden = true; }

  function follow(first, wasNearEnd, own) {
    if (own || !loaded) return toEnd();
    if (!wasNearEnd) { at("newest").hidden = false; return undefined; }
    toEnd();
    if (first && first.offsetTop < scroller.scrollTop + scroller.offsetTop) scroller.scrollTop = first.offsetTop - scroller.offsetTop - 8;
    return undefined;
  }

  // ---- own messages on their way
  function settle(id) {
    const index = pending.findIndex((item) => item.id === id);
    kept.drop(OUT + id);
    if (index >= 0) pending.splice(index, 1);
  }

  function drawPending() {
    pendingBox.textContent = "";
    const shown = pending.filter((item) => item.shown);
    if (shown.length && lastDay !== dayKey(new Date())) pendingBox.appendChild(separator(new Date()));
    shown.forEach((item, index) => {
      const node = bubble("me", item.shown, new Date(item.at), null);
      node.classList.add(item.state === "sent" ? "sent" : item.state === "refused" ? "refused" : "queued");
      if (index === 0 && lastSender !== "me") node.classList.add("turn");
      if (item.state !== "sent") node.querySelector(".meta .unseen").textContent = item.state === "refused" ? words.refused : words.state_queued;
      if (item.why) node.appendChild(make("p", "why", item.why)).setAttribute("role", "alert");
      pendingBox.appendChild(node);
    });
  }

  function refresh() {
    const now = Date.now();
    const expecting = pending.some((item) => item.state === "sending" || (item.state === "sent" && now - item.sentAt < ECHO_PATIENCE));
    const typing = at("typing"), on = banner.hidden && (serverWaiting || expecting); // cut off, we cannot know
    if (on !== typing.classList.contains("on")) {
      const stay = nearEnd();
      typing.classList.toggle("on", on);
      typing.textContent = "";
      if (on) {
        const dots = typing.appendChild(make("span", "dots"));
        dots.setAttribute("aria-hidden", "true");
        for (let i = 0; i < 3; i += 1) dots.appendChild(make("i"));
        typing.appendChild(make("span", "", words.typing));
      }
      if (stay) toEnd();
    }
    at("empty").hidden = !loaded || rows.length > 0 || pending.length > 0;
    refreshTaps();
  }

  function send(body, shown) {
    const item = { id: uuid(), body, shown, at: Date.now(), state: "queued" };
    kept.put(OUT + item.id, JSON.stringify({ id: item.id, body, shown, at: item.at }));
    pending.push(item);
    drawPending();
    refresh();
    follow(null, true, true);
    deliver();
  }

  let delivering = false, again = null, failures = 0;
  async function deliver() { // one at a time and in order
    if (delivering) return;
    delivering = true;
    clearTimeout(again);
    let item, pause = 0;
    while (!pause && (item = pending.find((one) => one.state === "queued"))) {
      item.state = "sending";
      refresh();
      pause = await post(item);
      drawPending();
      refresh();
    }
    delivering = false;
    if (pause) again = setTimeout(deliver, pause);
  }

  async function post(item) { // -> milliseconds to wait before the next attempt, 0 to go on
    try {
      const answer = await ask("chat/messages", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(Object.assign({ id: item.id }, item.body)),
      });
      failures = 0;
      const told = await answer.json().catch(() => ({}));
      if (answer.status === 202) return accepted(item);
      if (answer.status < 500 && answer.status !== 429 && answer.status !== 408) return refused(item, told.sentence);
      item.state = "queued";
      warn(told.sentence || words.offline);
      return (Number(answer.headers.get("Retry-After")) || 5) * 1000;
    } catch (e) {
      item.state = "queued";
      failures += 1;
      warn(words.offline);
      return Math.min(30000, 1000 * Math.pow(2, failures));
    }
  }

  function accepted(item) {
    kept.drop(OUT + item.id);
    if (pending.indexOf(item) >= 0) {
      item.state = "sent";
      item.sentAt = Date.now();
      setTimeout(refresh, ECHO_PATIENCE + 100);
    }
    calm();
    if (!streaming()) setTimeout(poll, 600);
    return 0;
  }

  function refused(item, sentence) {
    kept.drop(OUT + item.id);
    item.state = "refused";
    item.why = sentence || words.refused;
    if (item.body.text && !field.value) {
      field.value = item.body.text; // nothing typed is lost
      fit();
    }
    return 0;
  }

  function ask(url, options) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), POST_TIMEOUT);
    return fetch(url, Object.assign({ signal: stop.signal, credentials: "same-origin", cache: "no-store" }, options))
      .finally(() => clearTimeout(timer));
  }

  // ---- trouble
  function warn(sentence) {
    if (at("banner-text").textContent !== sentence) at("banner-text").textContent = sentence;
    banner.hidden = false;
    refresh();
  }
  function calm() {
    if (banner.hidden) return;
    banner.hidden = true;
    at("banner-text").textContent = "";
    refresh();
  }

  // ---- what the server says
  function take(told) {
    const wasNearEnd = nearEnd(), before = log.lastElementChild;
    serverWaiting = told.waiting;
    told.messages.forEach(show);
    if (told.messages.length) drawPending();
    const opening = !loaded;
    if (opening) {
      loaded = true;
      at("loading").hidden = true;
      log.removeAttribute("aria-busy");
      log.setAttribute("aria-live", "polite");
    }
    refresh();
    if (opening) toEnd();
    else if (log.lastElementChild !== before) follow(before ? before.nextElementSibling : null, wasNearEnd, false);
    if (!pending.some((item) => item.state === "queued")) calm();
  }

  let polling = false;
  async function poll() {
    if (polling) return;
    polling = true;
    try {
      const answer = await ask("chat/messages?after=" + lastId);
      if (!answer.ok) throw new Error(String(answer.status));
      take(await answer.json());
    } catch (e) {
      warn(loaded ? words.offline : words.load_failed);
    }
    polling = false;
  }

  let source = null, alive = 0, tryStreamAt = 0;
  const streaming = () => Boolean(source) && source.readyState === 1 && Date.now() - alive < STALE;

  function openStream() {
    closeStream();
    if (!window.EventSource) return;
    const mine = new EventSource("chat/stream?after=" + lastId);
    source = mine;
    alive = Date.now();
    mine.onopen = () => { alive = Date.now(); };
    mine.addEventListener("beat", () => { alive = Date.now(); });
    mine.addEventListener("lines", (event) => { alive = Date.now(); take(JSON.parse(event.data)); });
    mine.onerror = () => { if (mine === source && mine.readyState === 2) closeStream(); };
  }

  function closeStream() {
    if (source) source.close();
    source = null;
    tryStreamAt = Date.now() + STREAM_RETRY;
  }

  let ticker = null;
  function watch() { // the stream is a luxury: whenever it is not there, asking again does the same
    clearTimeout(ticker);
    if (document.hidden) return;
    if (!streaming()) {
      poll();
      if (Date.now() > tryStreamAt && (!source || Date.now() - alive > STALE)) openStream();
    }
    ticker = setTimeout(watch, at("typing").classList.contains("on") ? 2000 : 5000);
  }

  async function wakeUp() {
    clearTimeout(ticker);
    renameDays();
    deliver();
    await poll();
    if (!streaming()) openStream();
    ticker = setTimeout(watch, 5000);
  }

  // ---- the composer
  const length = (text) => Array.from(text).length;

  function fit() {
    field.style.height = "auto";
    field.style.height = Math.min(field.scrollHeight + 3, 144) + "px";
    field.style.overflowY = field.scrollHeight > 144 ? "auto" : "hidden";
    const left = field.value.length < limit - 500 ? limit : limit - length(field.value.trim());
    const counter = at("counter");
    counter.textContent = left < 0 ? words.error_too_long : left <= 500 ? words.chars_left.replace("{left}", left.toLocaleString(locale)) : "";
    counter.classList.toggle("bad", left < 0);
    if (left < 0) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    return left >= 0;
  }

  function submit(event) {
    if (event) event.preventDefault();
    const text = field.value.trim();
    if (!fit()) return;
    field.focus();
    if (!text) return;
    field.value = "";
    fit();
    send({ text }, text);
  }

  at("composer").addEventListener("submit", submit);
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  at("send").addEventListener("mousedown", (event) => event.preventDefault()); // the phone's keyboard stays up
  at("retry").addEventListener("click", wakeUp);
  at("newest").addEventListener("click", toEnd);
  at("start").addEventListener("click", () => send({ start: "" }, null));
  scroller.addEventListener("scroll", () => {
    atEnd = nearEnd();
    if (atEnd) at("newest").hidden = true;
  }, { passive: true });
  if (window.ResizeObserver) new ResizeObserver(() => { if (atEnd) toEnd(); }).observe(scroller); // a banner or the keyboard took room
  [words.example_1, words.example_2, words.example_3].forEach((example) => {
    const button = make("button", "", example);
    button.type = "button";
    button.addEventListener("click", () => send({ text: example }, example));
    at("examples").appendChild(button);
  });

  window.addEventListener("online", wakeUp);
  window.addEventListener("offline", () => warn(words.offline));
  window.addEventListener("pagehide", closeStream);
  window.addEventListener("pageshow", (event) => { if (event.persisted) wakeUp(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) closeStream(); else wakeUp(); });
  if (window.visualViewport) { // where the keyboard lies over the page instead of shrinking it
    window.visualViewport.addEventListener("resize", () => {
      if (window.visualViewport.scale > 1.01) return;
      document.documentElement.style.setProperty("--tall", window.visualViewport.height + "px");
    });
  }

  // ---- a link from a poster (?desa=CODE) or from somebody's code (?start=CODE) is told to the bot once
  function deepLink() {
    const query = new URLSearchParams(location.search);
    const code = (query.get("desa") || query.get("start") || "").trim().slice(0, 64);
    if (!query.has("desa") && !query.has("start")) return;
    history.replaceState(null, "", location.pathname);
    if (!code || kept.get("rangkul.desa") === code) return;
    kept.put("rangkul.desa", code);
    send({ start: code }, null);
  }

  log.setAttribute("aria-busy", "true");
  log.setAttribute("aria-live", "off"); // old messages are not read aloud on opening
  at("loading").hidden = false;
  kept.unsent().forEach((item) => pending.push(Object.assign({ state: "queued" }, item)));
  drawPending();
  deepLink();
  wakeUp();
})();
