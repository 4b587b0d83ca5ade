// Small conveniences. Every page works without them.

function addCopyButtons() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll(".copy")) {
    const code = button.closest(".code").querySelector("code");
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
}

function addShowButtons() {
  for (const input of document.querySelectorAll("input[type=password]")) {
    const frame = document.createElement("div");
    const button = document.createElement("button");
    frame.className = "secret";
    button.type = "button";
    button.textContent = "Show";
    button.setAttribute("aria-label", "Show the password");
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.textContent = shown ? "Show" : "Hide";
      button.setAttribute("aria-pressed", String(!shown));
    });
    const hadFocus = document.activeElement === input;
    input.replaceWith(frame);
    frame.append(input, button);
    if (hadFocus) input.focus(); // moving an element takes the focus from it
    input.form.addEventListener("submit", () => { input.type = "password"; });
  }
}

function offerZoneOfDevice() {
  const select = document.querySelector("select[name=timezone]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!select || select.value === zone || !select.querySelector(`option[value="${CSS.escape(zone)}"]`)) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "offer";
  button.textContent = `Use this device's time zone: ${zone.replaceAll("_", " ")}`;
  button.addEventListener("click", () => { select.value = zone; button.remove(); select.focus(); });
  select.after(button);
}

function sendZoneOfDevice() {
  const input = document.querySelector("input[type=hidden][name=timezone]");
  if (input) input.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

addCopyButtons();
addShowButtons();
offerZoneOfDevice();
sendZoneOfDevice();
