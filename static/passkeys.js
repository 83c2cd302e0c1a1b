// Signing in with a passkey, and adding one. A form marked data-passkey stays hidden until this runs in a browser
// that knows passkeys. Pressing its button asks the server for a challenge, hands it to the browser, and sends the
// answer with the form. Where the browser can, it also offers passkeys among what it fills the email field with.
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
    ask: (options, how) =>
      navigator.credentials.get({
        ...how,
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

/** A challenge; nothing when the login behind the page is too old, or over. */
async function challenge(form, signal) {
  const csrf = form.elements.csrf.value;
  const body = new URLSearchParams({ csrf });
  const response = await fetch(`${form.action}/options`, { method: "POST", body, signal });
  const type = response.headers.get("content-type") ?? "";
  if (response.redirected || !type.startsWith("application/json")) return null;
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error_description);
  return answer;
}

async function run(form) {
  const kind = KINDS[form.dataset.passkey];
  const asked = await challenge(form);
  if (!asked) return window.location.reload(); // The page leads to a new login.
  const credential = await kind.ask(asked.options);
  answer(form, asked, credential);
}

function answer(form, asked, credential) {
  const kind = KINDS[form.dataset.passkey];
  form.elements.ceremony.value = asked.ceremony;
  form.elements.credential.value = JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: kind.answer(credential),
  });
  form.submit();
}

// A challenge lives for ten minutes. The one behind the email field is renewed well before that, so that a passkey
// chosen there never comes too late, however long the page was open.
const RENEW = 8 * 60 * 1000; // milliseconds
const LOOK = 30 * 1000; // milliseconds

/** Offers passkeys in the email field, until stopped. Whatever goes wrong, the page stays as it is without it. */
function autofill(form) {
  let stop = null;
  let since = 0;

  const end = () => {
    stop?.abort();
    stop = null;
  };

  const begin = async () => {
    end();
    const own = new AbortController();
    stop = own;
    since = Date.now();
    try {
      const asked = await challenge(form, own.signal);
      if (!asked || own.signal.aborted) return;
      const credential = await KINDS.login.ask(asked.options, { mediation: "conditional", signal: own.signal });
      if (credential && !own.signal.aborted) answer(form, asked, credential);
    } catch {
      // Aborted, not wanted, or not possible: the field takes an email address, and the button is there.
    }
  };

  // Looking often instead of waiting long: a computer that slept does not count the time.
  const renew = () => {
    if (stop && !document.hidden && Date.now() - since > RENEW) begin();
  };
  setInterval(renew, LOOK);
  document.addEventListener("visibilitychange", renew);
  // A page that the browser kept for "back" comes back without its request.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) begin();
  });
  begin();
  return { begin, end };
}

/** Where the browser has passkeys in its autofill, on the login page: starts it. */
async function offer(form) {
  const field = document.querySelector("[autocomplete~=webauthn]");
  if (form.dataset.passkey !== "login" || !field) return null;
  const can = await window.PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false);
  return can ? autofill(form) : null;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) {
    const missing = document.querySelector("[data-passkey-missing]");
    if (missing) missing.hidden = false;
    continue;
  }
  const problem = form.querySelector("[data-passkey-problem]");
  const button = form.querySelector("button");
  const offered = offer(form);
  // One request at a time: whoever signs in another way has no use for this one.
  for (const other of document.forms) {
    other.addEventListener("submit", () => offered.then((filling) => filling?.end()));
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // Not disabled: that would take the focus away from whoever pressed it with a key.
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    problem.hidden = true;
    document.querySelector(".notice-ok[role=status]")?.remove(); // Of what was done before.
    (await offered)?.end();
    try {
      await run(form);
    } catch (error) {
      problem.textContent = WORDS[error.name] ?? error.message;
      problem.hidden = false;
      (await offered)?.begin();
    } finally {
      button.ariaBusy = "false";
    }
  });
  form.hidden = false;
}
