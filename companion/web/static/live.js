// Shows what has changed without loading the page anew: focus, typed text and the place on the page stay.
// Without it (no script, an old browser) the link at the top loads the page again.
"use strict";
(() => {
  const EVERY_MS = 5000;
  const LIMIT_MS = 10000;
  const reload = document.getElementById("reload");
  const stale = document.getElementById("stale");
  if (!reload || !window.fetch || !AbortSignal.timeout) return;
  reload.hidden = true;

  const nameOf = (control) => control.href || (control.form ? control.formAction + control.form.action : "");

  function show(part, fresh) {
    if (part.innerHTML === fresh.innerHTML) return;
    // A row that comes in must not put another alarm's button under the pointer.
    if (part.querySelector("button:hover, button:active")) return;
    const focused = part.contains(document.activeElement) ? nameOf(document.activeElement) : "";
    part.replaceChildren(...document.importNode(fresh, true).childNodes);
    if (!focused) return;
    const again = [...part.querySelectorAll("a[href], button")].find((control) => nameOf(control) === focused);
    if (again) again.focus({ preventScroll: true });
  }

  async function look() {
    const answer = await fetch(location.href, {
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (answer.type === "opaqueredirect") return location.reload(); // the session is over
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.querySelector(`[data-live="${part.dataset.live}"]`);
      if (fresh) show(part, fresh);
    }
    document.title = page.title;
  }

  async function again() {
    if (!document.hidden) {
      try {
        await look();
        stale.hidden = true;
      } catch {
        stale.hidden = false; // what stands here may be old: nobody must take it for the state of things
      }
    }
    setTimeout(again, EVERY_MS);
  }

  setTimeout(again, EVERY_MS);
})();
