// Three small comforts. Every page works without them.

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
