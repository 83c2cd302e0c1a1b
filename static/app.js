// Copy buttons, and nothing else: every page works without this file.
// A button stays hidden until this runs. It copies the text of the element its data-copy names.
"use strict";

const REST = 2000; // milliseconds until a button says "Copy" again

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

// A polite live region, so that a screen reader hears the outcome.
const announcer = document.createElement("p");
announcer.className = "unseen";
announcer.setAttribute("role", "status");
document.body.append(announcer);

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const label = button.querySelector("[data-copy-label]");
  if (!source || !label) continue;
  const word = label.textContent;
  let timer;

  button.addEventListener("click", async () => {
    let outcome = "Copied";
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      select(source); // No clipboard here (plain http, or not permitted): leave it ready to copy by hand.
      outcome = "Selected";
    }
    label.textContent = outcome;
    announcer.textContent = outcome;
    clearTimeout(timer);
    timer = setTimeout(() => {
      label.textContent = word;
      announcer.textContent = "";
    }, REST);
  });
  button.hidden = false;
}
