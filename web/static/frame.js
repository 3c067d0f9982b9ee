// The page in a frame tells its height to the page that shows it, and counts what is opened.
//
// Who shows it says {quisait: "hello"}; it hears {quisait: "height", height: <CSS pixels>}, now and
// whenever the height changes. Only those are answered who may show the frame at all
// (`frame-ancestors`), and nobody else can read an answer.
(() => {
  "use strict";

  const { ancestors, site, counts } = document.currentScript.dataset;
  const origins = ancestors.split(" ").filter(Boolean);

  const mayHear = (origin) =>
    origins.some((allowed) => {
      if (allowed === "'self'") return origin === location.origin;
      if (!allowed.endsWith(":*")) return origin === allowed;
      const [start, port] = [allowed.slice(0, -2), origin.slice(allowed.length - 1)];
      return origin === start || (origin.startsWith(`${start}:`) && /^\d+$/.test(port));
    });

  let hearer = "";
  let told = 0;

  const tell = () => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    if (!hearer || height === told) return;
    told = height;
    parent.postMessage({ quisait: "height", height }, hearer);
  };

  if (parent !== window) {
    addEventListener("message", (event) => {
      if (event.source !== parent || event.data?.quisait !== "hello") return;
      if (!mayHear(event.origin)) return;
      hearer = event.origin;
      told = 0;
      tell();
    });
    new ResizeObserver(tell).observe(document.documentElement);
  }

  const count = (event) => {
    if (event.button > 1 || !event.target.closest?.("[data-selection]")) return;
    const query = new URLSearchParams({ site, event: "selection" });
    const asking = { method: "POST", keepalive: true, credentials: "omit" };
    fetch(`${counts}?${query}`, asking).catch(() => {});
  };

  if (site) {
    addEventListener("click", count);
    addEventListener("auxclick", count);
  }
})();
