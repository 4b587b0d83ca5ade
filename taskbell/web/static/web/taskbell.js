// Small conveniences. Every page works without them. Their words are attributes of the page, in its language.

const words = document.body.dataset;

function addCopyButtons() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll(".copy")) {
    const code = button.closest(".code").querySelector("code"), copy = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = words.copied;
      setTimeout(() => { button.textContent = copy; }, 2000);
    });
  }
}

function addShowButtons() {
  for (const input of document.querySelectorAll("input[type=password]")) {
    const frame = document.createElement("div");
    const button = document.createElement("button");
    frame.className = "secret";
    button.type = "button";
    button.textContent = words.show;
    button.setAttribute("aria-label", words.showPassword);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.textContent = shown ? words.show : words.hide;
      button.setAttribute("aria-pressed", String(!shown));
    });
    const hadFocus = document.activeElement === input;
    input.replaceWith(frame);
    frame.append(input, button);
    if (hadFocus) input.focus(); // moving an element takes the focus from it
    input.form.addEventListener("submit", () => { input.type = "password"; });
  }
}

function sendZoneOfDevice() {
  const input = document.querySelector("input[type=hidden][name=timezone]");
  if (input) input.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

addCopyButtons();
addShowButtons();
sendZoneOfDevice();
