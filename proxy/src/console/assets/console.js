// Pages read well without this. It refreshes what is live, and puts a button to copy beside commands.
"use strict";

function refresh(region) {
  const every = Number(region.dataset.refresh) * 1000;
  async function again() {
    const busy = document.hidden || String(document.getSelection()) !== "" || region.contains(document.activeElement);
    if (!busy) {
      try {
        const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
        if (answer.ok) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const fresh = page.querySelector("[data-refresh]");
          if (fresh) region.replaceChildren(...fresh.childNodes);
          const badge = document.querySelector("header nav");
          const other = page.querySelector("header nav");
          if (badge && other && badge.textContent !== other.textContent) badge.replaceChildren(...other.childNodes);
        }
      } catch {
        // The gateway may be away for a moment; what is shown stays.
      }
    }
    setTimeout(again, every);
  }
  setTimeout(again, every);
}

function copies(command) {
  if (!navigator.clipboard) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  command.after(button);
}

document.querySelectorAll("[data-refresh]").forEach(refresh);
document.querySelectorAll("pre.command").forEach(copies);
