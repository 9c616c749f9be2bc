// Four small comforts. Every page works without them.

// Copy buttons appear only where copying works.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = label; }, 1600);
    });
  }
}

// A list that waits for the single window looks again until its answer is there, a minute at most.
async function lookAgain(id, left) {
  const list = document.getElementById(id);
  const pause = Number(list?.dataset.refresh);
  if (!pause || !left) return;
  await new Promise((resume) => setTimeout(resume, pause));
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (answer.ok && !answer.redirected) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(id);
    if (fresh && fresh.innerHTML !== list.innerHTML) list.replaceWith(fresh);
  }
  lookAgain(id, left - 1);
}
for (const list of document.querySelectorAll("[data-refresh][id]")) lookAgain(list.id, 40);

// The demonstration's sign-ins fill the form.
for (const hint of document.querySelectorAll("button.hint")) {
  hint.addEventListener("click", () => {
    const form = document.querySelector("form");
    form.elements.email.value = hint.dataset.email;
    form.elements.password.value = hint.dataset.password;
    form.requestSubmit();
  });
}

// Files fill in the lines of a field, by their text or by the name and SHA-256 of each; none is sent.
async function line(file) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const written = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${file.name.replace(/[,;\s]+/g, " ")}, ${written}`;
}
for (const input of document.querySelectorAll("input[type=file][data-into]")) {
  if (!crypto.subtle) continue;
  input.closest("label").hidden = false;
  input.addEventListener("change", async () => {
    const lines = input.form.elements[input.dataset.into];
    for (const file of input.files) {
      const told = input.dataset.as === "text" ? await file.text() : await line(file);
      lines.value = [lines.value, told].map((each) => each.replace(/^\n+|\s+$/g, "")).filter(Boolean).join("\n");
    }
    input.value = "";
  });
}
