// Every two seconds, while somebody looks: the parts that carry figures are taken from a fresh page.
// Without JavaScript the page renews itself as a whole.
const EVERY_MS = 2000;

function keep(fresh) {
  const open = [...document.querySelectorAll("details[open]")].map((one) => one.id);
  const focused = document.activeElement?.id;
  for (const old of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(old.id);
    if (next && next.innerHTML !== old.innerHTML) old.replaceWith(document.adoptNode(next));
  }
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
}

async function renew() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/", { cache: "no-store" });
      keep(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      const headline = document.getElementById("headline");
      headline.className = "headline person";
      headline.textContent = "The local cloud was stopped: start it again with make local";
    }
  }
  setTimeout(renew, EVERY_MS);
}

setTimeout(renew, EVERY_MS);
