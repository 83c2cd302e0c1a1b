// Signing in with a passkey, and adding one. A form marked data-passkey stays hidden until this runs in a browser
// that knows passkeys. Pressing its button asks the server for a challenge, hands it to the browser, and sends the
// answer with the form.
"use strict";

const fromText = (text) => {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
};

const toText = (buffer) => {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const withBytes = (list) => (list ?? []).map((each) => ({ ...each, id: fromText(each.id) }));

// The server writes bytes as base64url; the browser wants them as bytes, and gives them so.
const KINDS = {
  login: {
    ask: (options) =>
      navigator.credentials.get({
        publicKey: {
          ...options,
          challenge: fromText(options.challenge),
          allowCredentials: withBytes(options.allowCredentials),
        },
      }),
    answer: ({ response }) => ({
      authenticatorData: toText(response.authenticatorData),
      clientDataJSON: toText(response.clientDataJSON),
      signature: toText(response.signature),
      userHandle: response.userHandle ? toText(response.userHandle) : null,
    }),
  },
  add: {
    ask: (options) =>
      navigator.credentials.create({
        publicKey: {
          ...options,
          challenge: fromText(options.challenge),
          user: { ...options.user, id: fromText(options.user.id) },
          excludeCredentials: withBytes(options.excludeCredentials),
        },
      }),
    answer: ({ response }) => ({
      attestationObject: toText(response.attestationObject),
      clientDataJSON: toText(response.clientDataJSON),
    }),
  },
};

const WORDS = {
  InvalidStateError: "This device has a passkey for your account already.",
  NotAllowedError: "No passkey was used. Try again, or go on another way.",
  SecurityError: "Passkeys are not possible at this address.",
};

async function challenge(form) {
  const csrf = form.elements.csrf.value;
  const body = new URLSearchParams({ csrf });
  const response = await fetch(`${form.action}/options`, { method: "POST", body });
  const type = response.headers.get("content-type") ?? "";
  if (response.redirected || !type.startsWith("application/json")) {
    window.location.reload(); // The login is too old, or over: the page leads to a new one.
    return null;
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error_description);
  return answer;
}

async function run(form) {
  const kind = KINDS[form.dataset.passkey];
  const asked = await challenge(form);
  if (!asked) return;
  const credential = await kind.ask(asked.options);
  form.elements.ceremony.value = asked.ceremony;
  form.elements.credential.value = JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: kind.answer(credential),
  });
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) {
    const missing = document.querySelector("[data-passkey-missing]");
    if (missing) missing.hidden = false;
    continue;
  }
  const problem = form.querySelector("[data-passkey-problem]");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    button.disabled = true;
    try {
      await run(form);
    } catch (error) {
      problem.textContent = WORDS[error.name] ?? error.message;
      problem.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
  form.hidden = false;
}
