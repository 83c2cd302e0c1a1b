// New audit events, put on top of the table as they come. The page shows the newest events without this file.
"use strict";

const MOST = 300; // rows kept on the page

const table = document.querySelector("[data-audit-stream]");
const told = document.getElementById("live-state");
const pause = document.getElementById("pause");

function cell(label, text, element = "bdi") {
  const td = document.createElement("td");
  td.dataset.label = label;
  if (text) {
    const inner = document.createElement(element);
    inner.textContent = text;
    td.append(inner);
  }
  return td;
}

function row(event) {
  const tr = document.createElement("tr");
  tr.dataset.event = event.id;
  const th = document.createElement("th");
  th.scope = "row";
  th.dataset.label = "What";
  const link = document.createElement("a");
  link.href = `/admin/audit/${encodeURIComponent(event.id)}`;
  link.textContent = event.what;
  th.append(link);
  if (event.refused) {
    const badge = document.createElement("span");
    badge.className = "badge badge-warn";
    badge.textContent = "refused";
    th.append(" ", badge);
  }
  tr.append(th, cell("Why", event.reason, "code"), cell("Who", event.who), cell("App", event.app));
  tr.append(cell("From", event.address), cell("When", event.when, "span"));
  return tr;
}

function known(id) {
  return [...table.children].some((tr) => tr.dataset.event === id);
}

let source;

function start() {
  const newest = table.querySelector("tr")?.dataset.event;
  const query = newest ? `?after=${encodeURIComponent(newest)}` : "";
  source = new EventSource(table.dataset.auditStream + query);
  source.addEventListener("open", () => { told.textContent = "Live: new events appear on top."; });
  source.addEventListener("error", () => { 
    const isOver = source.readyState === EventSource.CLOSED;
    told.textContent = isOver
      ? "Not connected: too many pages are watching, or you are signed out. Close some, or reload."
      : "Not connected. Trying again.";
  });
  source.addEventListener("audit", (message) => {
    const event = JSON.parse(message.data);
    if (known(event.id)) return;
    table.prepend(row(event));
    while (table.children.length > MOST) table.lastElementChild.remove();
  });
}

if (table && told && pause) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    const isLive = source.readyState !== EventSource.CLOSED;
    if (isLive) {
      source.close();
      told.textContent = "Paused.";
    } else {
      start();
    }
    pause.textContent = isLive ? "Go on" : "Pause";
  });
  start();
}
