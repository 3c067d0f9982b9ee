// Gives each <iframe data-quisait> the height of what it shows. For pages that embed the search in
// a frame; it needs nothing else, and works wherever in the page it stands.
(() => {
  "use strict";

  const SELECTOR = "iframe[data-quisait]";
  const [LEAST, MOST] = [120, 5000];

  const originOf = (frame) => {
    try {
      return new URL(frame.src, document.baseURI).origin;
    } catch {
      return "";
    }
  };

  const greet = (frame) => {
    // Without an origin of its own, a frame in a sandbox can be told nothing by its address.
    if (frame.hasAttribute("sandbox") && !frame.sandbox.contains("allow-same-origin")) return;
    const origin = originOf(frame);
    if (origin && origin !== "null") frame.contentWindow?.postMessage({ quisait: "hello" }, origin);
  };

  addEventListener("message", (event) => {
    const { quisait, height } = event.data ?? {};
    if (quisait !== "height" || !Number.isFinite(height)) return;
    for (const frame of document.querySelectorAll(SELECTOR)) {
      if (event.source !== frame.contentWindow || event.origin !== originOf(frame)) continue;
      const style = getComputedStyle(frame);
      const padding = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
      const around = frame.offsetHeight - frame.clientHeight + padding;
      const more = style.boxSizing === "border-box" ? around : 0;
      frame.style.height = `${Math.min(Math.max(height, LEAST), MOST) + more}px`;
    }
  });

  // What a frame loads greets nobody itself: it is greeted anew whenever it has loaded something.
  document.addEventListener(
    "load",
    (event) => {
      if (event.target.matches?.(SELECTOR)) greet(event.target);
    },
    true,
  );

  // Those that have loaded before this script did. One that is still empty belongs to this page.
  for (const frame of document.querySelectorAll(SELECTOR)) {
    if (frame.contentDocument?.URL !== "about:blank") greet(frame);
  }
})();
