// Plays people on a phone against the emulator's own routes. Everything shown is set as text, never as HTML.
const words = JSON.parse(document.getElementById("words").textContent);
const at = (id) => document.getElementById(id);
let current = null;
let drawn = "";
let codes = {};

async function ask(path, told) {
  const request = told === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(told) };
  const answer = await fetch(path, request);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.description || words.refused);
  return body;
}

async function act(action, told = {}) {
  if (current === null) return;
  try {
    await ask(`people/${current}/${action}`, told);
    at("notice").textContent = "";
  } catch (problem) {
    at("notice").textContent = problem.message;
  }
  await look();
}

function button(text, onclick) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.onclick = onclick;
  return made;
}

function rowOf(buttons, pressed) {
  const row = document.createElement("div");
  row.className = "row";
  row.append(...buttons.map((one) => button(one.text || one, () => pressed(one))));
  return row;
}

function line(message) {
  const shown = document.createElement("div");
  shown.className = message.mine ? "line mine" : "line";
  const bubble = document.createElement("div");
  bubble.className = "bubble";
  if (message.photo) {
    const image = document.createElement("img");
    image.src = `photos/${encodeURIComponent(message.photo)}`;
    image.alt = words.photo_alt;
    bubble.append(image);
  }
  const kind = message.kind !== "text" && !message.photo ? words[`kind_${message.kind}`] : "";
  bubble.append([kind, message.text].filter(Boolean).join(" "));
  const time = document.createElement("small");
  const clock = new Date(message.at * 1000).toLocaleTimeString("id-ID", { hour: "2-digit", minute: "2-digit" });
  time.textContent = ` ${message.edited ? words.edited + " " : ""}${clock}`;
  bubble.append(time);
  shown.append(bubble, ...message.buttons.map((row) => rowOf(row, (one) => act("tap", { message_id: message.id, data: one.callback_data }))));
  return shown;
}

function pressKey(key) {
  if (key.request_contact) return act("contact");
  if (key.request_location) return act("location", { latitude: -6.595, longitude: 106.816 });
  return act("text", { text: key.text || key });
}

function draw(chat) {
  const { person, messages } = chat;
  at("log").replaceChildren(...messages.map(line));
  if (!messages.length) at("log").append(chat.description || words.empty);
  at("log").scrollTop = at("log").scrollHeight;
  const last = messages.at(-1);
  at("keys").replaceChildren(...(last && !last.mine ? last.keyboard : []).map((row) => rowOf(row, pressKey)));
  at("commands").replaceChildren(...chat.commands.map((one) => {
    const made = button(`/${one.command}`, () => act("text", { text: `/${one.command}` }));
    made.title = one.description;
    return made;
  }));
  const resting = !person.started || person.blocked;
  at("start").hidden = !resting || person.gone;
  at("start").textContent = person.blocked ? words.restart : words.start;
  at("composer").hidden = resting || person.gone;
  at("commands").hidden = resting || person.gone;
  at("notice").textContent = person.gone ? words.gone : person.blocked ? words.blocked : "";
}

async function look() {
  if (current === null) return;
  try {
    const chat = await ask(`people/${current}/chat`);
    at("state").textContent = chat.typing ? words.typing : words.online;
    const seen = JSON.stringify({ ...chat, typing: false });
    if (seen !== drawn) draw(chat);
    drawn = seen;
  } catch {
    at("notice").textContent = words.lost;
    drawn = "";
  }
}

async function list() {
  const people = await ask("people");
  at("people").replaceChildren(...people.map((person) => {
    const made = button(person.first_name, () => choose(person.id));
    if (person.id === current) made.setAttribute("aria-current", "true");
    return made;
  }));
  if (!people.length) at("log").textContent = words.empty;
  if (current === null && people.length) await choose(people[0].id);
}

async function choose(id) {
  current = id;
  drawn = "";
  await list();
  await look();
}

at("join").onsubmit = async (event) => {
  event.preventDefault();
  const told = Object.fromEntries(new FormData(event.target));
  const person = await ask("people", told);
  codes[person.id] = told.code;
  await choose(person.id);
};
at("start").onclick = () => act("start", { payload: codes[current] || "" });
at("composer").onsubmit = (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  at("text").value = "";
  if (text) act("text", { text });
};
at("text").onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    at("composer").requestSubmit();
  }
};
for (const one of document.querySelectorAll("#more [data-act]")) {
  one.onclick = () => {
    at("more").open = false;
    act(one.dataset.act, JSON.parse(one.dataset.told || "{}"));
  };
}
list();
setInterval(look, 700);
