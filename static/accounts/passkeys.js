// Forms that the device fills in: `data-passkey` says whether it makes a passkey (`create`) or uses one
// (`get`).
import { gettext } from "../webox/i18n.js";

// A device signs for a name, over https or on this machine; addresses of numbers have none.
const isNumbers = /^[\d.]+$|^\[/.test(location.hostname);
const works = Boolean(globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) && !isNumbers;

/** What the server asks the device for: on the page, or where the form goes to. */
async function optionsOf(form) {
  const onPage = document.getElementById("passkey-options");
  if (onPage) return JSON.parse(onPage.textContent).publicKey;
  const asked = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!asked.ok) throw new Error(`status ${asked.status}`);
  return (await asked.json()).request_options.publicKey;
}

function create(options) {
  // It signs in by itself: so the device keeps it, and knows who holds it.
  options.authenticatorSelection = {
    ...options.authenticatorSelection,
    residentKey: "required",
    requireResidentKey: true,
    userVerification: "required",
  };
  return navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
  });
}

const use = (options) =>
  navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });

function sentence(error) {
  if (error.name === "InvalidStateError")
    return gettext("This device already has a passkey for this account.");
  if (error.name === "NotAllowedError")
    return gettext("The device was not asked, or it said no. Nothing has changed; you can try again.");
  return gettext("The passkey could not be used here. Try again, or take another way.");
}

async function send(form) {
  const button = form.querySelector("button:not([type=button])");
  const said = form.querySelector("[data-passkey-said]");
  said.textContent = "";
  button.disabled = true;
  try {
    const options = await optionsOf(form);
    const credential = await (form.dataset.passkey === "create" ? create(options) : use(options));
    form.elements.namedItem("credential").value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    said.textContent = sentence(error);
    button.disabled = false;
    button.focus();
  }
}

for (const missing of document.querySelectorAll("[data-passkey-missing]")) missing.hidden = works;

for (const form of document.querySelectorAll("[data-passkey]")) {
  form.hidden = !works;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}
